"""What has outgrown its use leaves the ledger, in small pieces; nothing else does."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.cpu_limits import assert_cpu_below
from tests.integration import one_drop
from tests.integration.ledger_rig import (
    FAILED,
    GIVE_UP,
    NO_LIMIT,
    NOW,
    claimed,
    drop,
    later,
    links,
    song,
)
from ytaudio_daemon.ledger import (
    Ledger,
    audit,
    expiry,
    pruning,
    schema,
    sessions,
    transitions,
)
from ytaudio_daemon.maintenance.pruner import IDLE_INTERVAL_S, Pruner
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load

DAY = 86_400.0
YEAR = 365 * DAY


@pytest.fixture
def settings() -> Settings:
    return load(None, {}, {})


@pytest.fixture
def forget(ledger: Ledger, settings: Settings) -> Callable[[Now], None]:
    """Prune until nothing is left to do."""

    def pruned(now: Now) -> None:
        pruner = Pruner(ledger, settings, 0.0)
        mono = pruner.next_due()
        pruner.run_if_due(now, mono)
        while pruner.next_due() < mono + IDLE_INTERVAL_S:
            mono = pruner.next_due()
            pruner.run_if_due(now, mono)

    return pruned


def finish(ledger: Ledger, size: int = 1000) -> None:
    """Complete the next job."""
    fence = claimed(ledger).fence
    with ledger.write() as db:
        transitions.begin_publish(db, fence, output_path="/x", sha256="ab", now=NOW)
        assert transitions.complete(db, fence, song(size), NOW, NO_LIMIT)


def fail(ledger: Ledger) -> None:
    fence = claimed(ledger).fence
    with ledger.write() as db:
        assert transitions.record_failure(db, fence, FAILED, GIVE_UP, NOW, NO_LIMIT)


def end(ledger: Ledger, name: str) -> None:
    with ledger.write() as db:
        session = sessions.active_session(db, name)
        assert session is not None
        assert expiry.expire(db, session, NOW, on_expiry="keep")


def rows(ledger: Ledger) -> dict[str, int]:
    names = ("sessions", "drops", "lines", "jobs", "attempts", "events")
    with ledger.read() as db:
        return {
            name: db.execute(
                sa.select(sa.func.count()).select_from(schema.metadata.tables[name])
            ).scalar_one()
            for name in names
        }


def is_sound(ledger: Ledger) -> bool:
    with ledger.read() as db:
        return not list(audit.find_flaws(db))


def old_session(ledger: Ledger, name: str = "old") -> None:
    """A session with a success, a failure, a duplicate and a refusal, ended."""
    drop(ledger, name, links("A", "B", "A"))
    finish(ledger)
    fail(ledger)
    end(ledger, name)


def test_an_ended_session_goes_with_all_that_belongs_to_it(
    ledger: Ledger, forget: Callable[[Now], None]
) -> None:
    old_session(ledger)
    forget(later(YEAR - 1))
    assert rows(ledger)["jobs"] == 2, "not yet"
    forget(later(YEAR + 1))
    assert set(rows(ledger).values()) == {0}
    assert is_sound(ledger)


def test_a_session_that_lives_forgets_nothing(
    ledger: Ledger, forget: Callable[[Now], None]
) -> None:
    """Else the next drop of the same link would be fetched again."""
    drop(ledger, "alive", links("A", "B"))
    finish(ledger)
    fail(ledger)
    before = rows(ledger)
    forget(later(10 * YEAR))
    assert rows(ledger) == before


@pytest.mark.parametrize(
    "now",
    [
        Now(wall=NOW.wall + 10 * YEAR, uptime_s=NOW.uptime_s + 60),
        Now(wall=NOW.wall - 10 * YEAR, uptime_s=NOW.uptime_s + 2 * YEAR),
    ],
    ids=["the clock jumped ahead", "the clock jumped back"],
)
def test_a_jump_of_the_clock_forgets_nothing(
    ledger: Ledger, forget: Callable[[Now], None], now: Now
) -> None:
    old_session(ledger)
    before = rows(ledger)
    forget(now)
    assert rows(ledger) == before


def test_files_still_to_be_removed_and_drops_kept_in_place_hold_a_session(
    ledger: Ledger, forget: Callable[[Now], None]
) -> None:
    old_session(ledger, "leaving")
    old_session(ledger, "kept")
    with ledger.write() as db:
        table, of_drops = schema.sessions, schema.drops
        db.execute(
            sa.update(table).where(table.c.name == "leaving").values(removal="pending")
        )
        kept = sa.select(table.c.id).where(table.c.name == "kept").scalar_subquery()
        db.execute(
            sa.update(of_drops)
            .where(of_drops.c.session_id == kept)
            .values(state="kept")
        )
    before = rows(ledger)
    forget(later(2 * YEAR))
    assert rows(ledger) == before


def test_audio_of_a_forgotten_session_is_not_taken_for_its_namesakes(
    ledger: Ledger, forget: Callable[[Now], None]
) -> None:
    """The library's folder is shared by name; "delete" must not take it whole."""
    old_session(ledger)
    forget(later(2 * YEAR))
    with ledger.write() as db:
        again = sessions.open_session(db, "old", later(2 * YEAR))
        other = sessions.open_session(db, "other", later(2 * YEAR))
        assert expiry.is_name_shared(db, again)
        assert not expiry.is_name_shared(db, other)
        assert again.state is SessionState.ACTIVE


def test_it_goes_in_small_pieces_and_a_crash_between_two_does_no_harm(
    ledger: Ledger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("LINES", 3), ("JOBS", 2), ("DROPS", 1), ("EVENTS", 2)):
        monkeypatch.setattr(pruning, f"{name}_PER_BATCH", size)
    for number in range(3):
        drop(ledger, "old", links(*(f"{number}{n}" for n in range(4)), "0A"))
    drop(ledger, "alive", links("Z"))
    for _ in range(13):
        finish(ledger)
    finish(ledger)
    end(ledger, "old")
    life = 0
    while rows(ledger)["sessions"] == 2:
        # Each daemon lives for one piece more than the one before, then is killed.
        life += 1
        pruner = Pruner(ledger, settings, 0.0)
        for _ in range(life):
            pruner.run_if_due(later(2 * YEAR), pruner.next_due())
        assert is_sound(ledger)
    assert life > 5
    left = rows(ledger)
    assert (left["jobs"], left["lines"], left["drops"]) == (1, 1, 1)


def test_forgetting_takes_its_share_of_the_time_and_rests_when_done(
    ledger: Ledger, settings: Settings
) -> None:
    old_session(ledger)
    pruner = Pruner(ledger, settings, 1000.0)
    pruner.run_if_due(later(2 * YEAR), 1000.0)
    assert rows(ledger)["lines"] == 3, "not at once after the start"
    pruner.run_if_due(later(2 * YEAR), 1061.0)
    assert 1061.0 < pruner.next_due() < 1061.0 + 60.0
    while rows(ledger)["sessions"]:
        pruner.run_if_due(later(2 * YEAR), pruner.next_due())
    assert pruner.pop_pruned()
    assert not pruner.pop_pruned()
    last = pruner.next_due()
    pruner.run_if_due(later(2 * YEAR), last)
    assert pruner.next_due() == last + IDLE_INTERVAL_S


def test_a_shorter_retention_is_obeyed(ledger: Ledger) -> None:
    old_session(ledger)
    settings = load(None, {}, {})
    shorter = replace(settings, retention=replace(settings.retention, finalized=10.0))
    pruner = Pruner(ledger, settings, 0.0)
    pruner.settings = shorter
    pruner.run_if_due(later(60), 61.0)
    assert rows(ledger)["lines"] == 0


def test_a_piece_of_a_big_session_is_short(sqlite_ledger: Ledger) -> None:
    """Design: no step of the loop takes more than 100 ms; here 20 thousand jobs."""
    many = 20_000
    with sqlite_ledger.write() as db:
        session = sessions.open_session(db, "big", NOW)
        opened = one_drop.open_drop(db, session.id, b"songs.txt", "0", 1, NOW)
        for start in range(0, many, 1000):
            names = [f"{n:011d}" for n in range(start, start + 1000)]
            batch = [
                line._replace(line=start + n) for n, line in enumerate(links(*names), 1)
            ]
            opened = one_drop.record_batch(
                db, opened, batch, quota=NO_LIMIT, now=NOW, file_is_gone=lambda _: True
            )
        one_drop.finish_recording(db, opened, None, NOW)
        one_drop.mark_filed(db, opened, "filed", b"songs.txt", NOW)
        db.exec_driver_sql(
            "UPDATE jobs SET state = 'failed', finalized_at = created_at, attempt = 1"
        )
        db.exec_driver_sql(
            "INSERT INTO attempts (job_id, number, host, started_at)"
            " SELECT id, 1, 'h', 1 FROM jobs"
        )
        for table in ("sessions", "totals"):
            db.exec_driver_sql(f"UPDATE {table} SET failed = queued, queued = 0")
    end(sqlite_ledger, "big")
    pruner = Pruner(sqlite_ledger, load(None, {}, {}), 0.0)

    def third_longest() -> float:
        """Of some pieces, for a commit can hold up one and another."""
        took = []
        for _ in range(60):
            began = time.thread_time()
            pruner.run_if_due(later(2 * YEAR), pruner.next_due())
            took.append(time.thread_time() - began)
        return sorted(took)[-3]

    assert_cpu_below(0.1, third_longest)
    assert rows(sqlite_ledger)["jobs"] < many

"""Each egress has its own gate and its own pace; what one suffers, no other does."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.jobs_rig import bare_layout
from tests.integration.ledger_rig import HOST, NO_PACE, NOW, drop, later, links
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.config_values import egress_keys, network
from ytaudio_daemon.jobs.gate_opening import open_proven_gates
from ytaudio_daemon.jobs.record_failure import record_failure
from ytaudio_daemon.jobs.stale_gates import open_stale_gates
from ytaudio_daemon.ledger import Ledger, claims, gates, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.schema import attempts, jobs
from ytaudio_daemon.ledger.schema import gates as gates_table
from ytaudio_daemon.ledger.schema import pace as pace_table
from ytaudio_daemon.model import Failure, FailureKind, JobState, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import GateName, Pace
from ytaudio_daemon.settings import Settings, load

pytest_plugins = ["tests.integration.ledger_fixtures"]

SOCKS = "socks5://127.0.0.1:1080"
BLOCKED = Outcome(
    failure=Failure(kind=FailureKind.BLOCKED, code="rate_limited", message="Too many.")
)
OFFLINE = Outcome(
    failure=Failure(kind=FailureKind.OFFLINE, code="proxy_failed", message="No way.")
)
FULL = Outcome(
    failure=Failure(kind=FailureKind.HOST, code="disk_full", message="Full.")
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    bare_layout(tmp_path)
    variables = {"YTAUDIO_YOUTUBE_EGRESS": "'' socks5://me:hush@127.0.0.1:1080"}
    return load(None, variables, {"paths.root": str(tmp_path)})


def begin(
    ledger: Ledger, *egresses: str, now: Now = NOW, pace: Pace = NO_PACE
) -> Claim | None:
    with ledger.write() as db:
        return claims.claim_next(db, now, HOST, pace, egresses)


def fail(
    ledger: Ledger, settings: Settings, claim: Claim | None, outcome: Outcome, now: Now
) -> None:
    assert claim is not None
    with ledger.write() as db:
        assert record_failure(db, claim, outcome, now, settings)


def test_an_attempt_goes_by_the_first_open_egress(ledger: Ledger) -> None:
    drop(ledger, "alice", links(*"abc"))
    first = begin(ledger, SOCKS, "")
    assert first is not None
    assert first.egress == SOCKS
    with ledger.read() as db:  # as after a crash
        [again] = claims.running_claims(db, HOST)
        assert again.egress == SOCKS
        assert db.execute(sa.select(attempts.c.egress)).scalars().all() == [SOCKS]


def block(ledger: Ledger, settings: Settings, *egresses: str) -> None:
    """Have YouTube block two different videos by each egress."""
    for key in egresses:
        for claim in (begin(ledger, key), begin(ledger, key)):
            fail(ledger, settings, claim, BLOCKED, later(1))


def requeue(ledger: Ledger, now: Now) -> None:
    with ledger.write() as db:
        transitions.requeue_due(db, now, 86400.0)


def retry_at(ledger: Ledger, claim: Claim | None) -> float:
    assert claim is not None
    with ledger.read() as db:
        job = db.execute(sa.select(jobs).where(jobs.c.id == claim.job_id)).one()
    assert (job.state, job.charged) == (JobState.WAITING, 0)
    return float(job.retry_at)


def test_one_that_is_blocked_does_not_stop_the_others(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"abcd"))
    block(ledger, settings, SOCKS)
    onward = begin(ledger, SOCKS, "", now=later(2))
    assert onward is not None
    assert onward.egress == ""
    assert begin(ledger, SOCKS, now=later(2)) is None


def test_one_without_a_connection_does_not_stop_the_others(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"ab"))
    fail(ledger, settings, begin(ledger, SOCKS), OFFLINE, later(1))
    with ledger.read() as db:
        [gate] = gates.closed_gates(db)
    assert (gate.name, gate.egress) == (GateName.NETWORK, SOCKS)
    assert begin(ledger, SOCKS, now=later(2)) is None
    assert begin(ledger, "", now=later(2)) is not None


def test_what_one_egress_sees_closes_no_gate_of_another(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"ab"))
    for key in (SOCKS, ""):  # two videos, but each by another way
        fail(ledger, settings, begin(ledger, key), BLOCKED, later(1))
    with ledger.read() as db:
        assert gates.closed_gates(db) == []


def test_the_job_goes_on_by_another_egress_at_once(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links("a"))
    first = begin(ledger, SOCKS, "")
    fail(ledger, settings, first, BLOCKED, later(1))
    assert retry_at(ledger, first) == pytest.approx(later(2).wall)
    requeue(ledger, later(3))
    second = begin(ledger, SOCKS, "", now=later(3))
    assert second is not None
    assert second.egress == "", "not again by the one that blocked it"


def test_a_job_that_failed_by_one_goes_by_another_whatever_the_failure(
    ledger: Ledger, settings: Settings
) -> None:
    """YouTube may refuse an address without saying so: 403 on media, server errors."""
    drop(ledger, "alice", links("a"))
    refused = Outcome(failure=failure_for("server_error"))
    ways = []
    for moment in (0, 1000, 2000, 3000):
        requeue(ledger, later(moment))
        claim = begin(ledger, SOCKS, "", now=later(moment))
        assert claim is not None
        ways.append(claim.egress)
        fail(ledger, settings, claim, refused, later(moment + 1))
    assert ways == [SOCKS, "", SOCKS, ""]


def test_somebody_who_waits_is_served_by_an_open_egress_if_there_is_one(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"abc"))
    block(ledger, settings, "")
    keys = egress_keys(settings)
    with ledger.read() as db:
        assert claims.order_egresses(db, 3, later(5), keys) == [keys[1], ""]
        assert claims.order_egresses(db, 3, later(9000), keys) == list(keys)


def test_a_video_that_every_egress_blocks_is_not_asked_for_again_and_again(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links("a"))
    for moment, waits in ((1, 1.0), (3, 900.0), (2000, 900.0), (9000, 900.0)):
        requeue(ledger, later(moment))
        claim = begin(ledger, SOCKS, "", now=later(moment))
        fail(ledger, settings, claim, BLOCKED, later(moment))
        assert retry_at(ledger, claim) >= later(moment).wall + waits
    with ledger.read() as db:
        assert gates.closed_gates(db) == []


def test_with_the_last_egress_shut_it_waits_for_the_gate(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"abcde"))
    block(ledger, settings, SOCKS)
    one, two = begin(ledger, ""), begin(ledger, "")
    fail(ledger, settings, one, BLOCKED, later(1))
    fail(ledger, settings, two, BLOCKED, later(1))
    with ledger.read() as db:
        [until] = {g.until for g in gates.closed_gates(db) if g.egress == ""}
    assert retry_at(ledger, two) == until
    assert begin(ledger, SOCKS, "", now=later(2)) is None


def test_a_full_disk_stops_every_egress(ledger: Ledger, settings: Settings) -> None:
    drop(ledger, "alice", links(*"abc"))
    fail(ledger, settings, begin(ledger, SOCKS, ""), FULL, later(1))
    assert begin(ledger, SOCKS, "", now=later(2)) is None
    with ledger.read() as db:
        [gate] = gates.closed_gates(db)
    assert (gate.name, gate.egress) == (GateName.HOST, "")


def test_a_success_opens_the_gate_of_its_own_egress_only(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"abcdef"))
    block(ledger, settings, "", SOCKS)
    probe = begin(ledger, SOCKS, "", now=later(1000))
    assert probe is not None
    with ledger.write() as db:
        probed = {g.egress: g.probe_job_id for g in gates.closed_gates(db)}
        assert probed == {SOCKS: probe.job_id, "": None}
        open_proven_gates(db, probe, later(1001))
        assert [g.egress for g in gates.closed_gates(db)] == [""]
    other = begin(ledger, SOCKS, "", now=later(1002))
    assert other is not None
    assert other.egress == SOCKS


def test_each_egress_has_its_own_pace(ledger: Ledger) -> None:
    pace = Pace(burst=1, per_hour=60)
    drop(ledger, "alice", links(*"abcd"))
    taken = [begin(ledger, SOCKS, "", pace=pace) for _ in range(3)]
    assert [claim and claim.egress for claim in taken] == [SOCKS, "", None]
    with ledger.read() as db:
        assert gates.seconds_to_next_token(db, pace, NOW, SOCKS) == pytest.approx(60)
        assert gates.available_tokens(db, pace, later(30), "") == pytest.approx(0.5)


def test_rows_of_a_single_egress_are_those_of_an_old_ledger(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links(*"abcd"))
    pace = Pace(burst=9, per_hour=9)
    assert begin(ledger, "", pace=pace)
    assert begin(ledger, SOCKS, pace=pace)
    block(ledger, settings, "")
    with ledger.read() as db:
        assert db.execute(sa.select(gates_table.c.name)).scalars().all() == ["site"]
        sites = db.execute(sa.select(pace_table.c.site)).scalars().all()
    assert set(sites) == {"youtube", f"youtube@{SOCKS}"}


def test_no_password_is_in_a_key_or_in_what_is_shown(settings: Settings) -> None:
    assert egress_keys(settings) == ("", SOCKS)
    assert settings.redacted()["youtube.egress"] == "'' 'socks5://***@127.0.0.1:1080'"
    assert network(settings, egress=SOCKS).proxy == "socks5://me:hush@127.0.0.1:1080"


def test_an_egress_that_was_taken_out_is_never_left_by(settings: Settings) -> None:
    only = ("socks5://127.0.0.1:1", "socks5://127.0.0.1:2")
    closed = replace(settings, youtube=replace(settings.youtube, egress=only))
    for key in ("", SOCKS, None):
        assert network(closed, egress=key).proxy == only[0]


@pytest.mark.parametrize(
    ("proxies", "opened"),
    [
        (("", "socks5://me:hush@127.0.0.1:1080"), []),
        (("", "socks5://me:other@127.0.0.1:1080"), [SOCKS]),
        (("", "socks5://127.0.0.1:1080"), [SOCKS]),
        (("", "socks5://me:hush@127.0.0.1:1080", "http://127.0.0.1:3128"), []),
        (("", "socks5://127.0.0.1:1081"), []),
    ],
)
def test_a_reload_with_another_password_opens_the_gates_of_that_proxy(
    sqlite_ledger: Ledger,
    settings: Settings,
    proxies: tuple[str, ...],
    opened: list[str],
) -> None:
    def network_now() -> str:
        return "192.0.2.7"

    ledger = sqlite_ledger
    drop(ledger, "alice", links(*"abcd"))
    open_stale_gates(ledger, settings, NOW, network_now)
    block(ledger, settings, "", SOCKS)
    with ledger.read() as db:
        before = {gate.egress for gate in gates.closed_gates(db)}
    assert before == {"", SOCKS}
    changed = replace(settings, youtube=replace(settings.youtube, egress=proxies))
    assert open_stale_gates(ledger, changed, later(9), network_now) == bool(opened)
    with ledger.read() as db:
        shut = {gate.egress for gate in gates.closed_gates(db)}
    assert before - shut == set(opened)
    assert not open_stale_gates(ledger, changed, later(9), network_now)

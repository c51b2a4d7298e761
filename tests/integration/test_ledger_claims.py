"""Claims: fair, paced, gated, and never twice."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.integration.ledger_rig import (
    HOST,
    NOW,
    claim,
    claimed,
    counters_match,
    drop,
    later,
    link,
    links,
    song,
)
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Ledger, claims, drops, gates, transitions
from ytaudio_daemon.ledger.schema import attempts
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.gates import Gate, GateName, Pace
from ytaudio_daemon.model.quota import Quota


def _claimed_sessions(ledger: Ledger, count: int) -> str:
    return "".join(claimed(ledger).session_name for _ in range(count))


def test_sessions_take_turns(ledger: Ledger) -> None:
    drop(ledger, "a", links(*"uvwxyz"))
    drop(ledger, "b", links(*"xy"))
    drop(ledger, "c", links(*"x"))
    assert _claimed_sessions(ledger, 9) == "abcabaaaa"
    assert claim(ledger) is None


def test_a_newcomer_waits_behind_those_who_wait_already(ledger: Ledger) -> None:
    drop(ledger, "a", links(*"xyz"))
    drop(ledger, "b", links(*"xyz"))
    assert _claimed_sessions(ledger, 1) == "a"
    drop(ledger, "new", links(*"xyz"))
    assert _claimed_sessions(ledger, 4) == "banewb"


def test_priority_goes_first_inside_a_session_then_age(ledger: Ledger) -> None:
    urgent = drops.JobOptions.from_options(Options(priority=5))
    lazy = drops.JobOptions.from_options(Options(priority=-5))
    lines = [
        link(1, "lazy", lazy),
        link(2, "plain"),
        link(3, "urgent", urgent),
        link(4, "plain2"),
    ]
    drop(ledger, "alice", lines)
    order = [claimed(ledger).video_id for _ in range(4)]
    assert order == ["urgent", "plain", "plain2", "lazy"]


def test_the_pace_is_kept(ledger: Ledger) -> None:
    pace = Pace(burst=2, per_hour=60)
    drop(ledger, "alice", links(*"abcd"))
    got = [claim(ledger, NOW, pace) is not None for _ in range(3)]
    assert got == [True, True, False]
    with ledger.read() as db:
        assert gates.seconds_to_next_token(db, pace, NOW) == pytest.approx(60)
    assert claim(ledger, later(59), pace) is None
    assert claim(ledger, later(60), pace) is not None


def test_a_clock_set_back_adds_no_token_and_takes_none(ledger: Ledger) -> None:
    pace = Pace(burst=1, per_hour=60)
    drop(ledger, "alice", links(*"ab"))
    assert claim(ledger, NOW, pace) is not None
    assert claim(ledger, later(-1e8), pace) is None
    assert claim(ledger, later(-1e8 + 59), pace) is None
    assert claim(ledger, later(-1e8 + 60), pace) is not None


def test_a_token_is_not_spent_when_there_is_no_job(ledger: Ledger) -> None:
    pace = Pace(burst=1, per_hour=1)
    assert claim(ledger, NOW, pace) is None
    drop(ledger, "alice", links("a"))
    assert claim(ledger, NOW, pace) is not None


def _shut(until: float) -> Gate:
    return Gate(
        name=GateName.SITE,
        code="http_429",
        reason="Too many requests.",
        hint="Wait.",
        closed_at=NOW.wall,
        until=until,
        closures=1,
    )


def test_a_gate_lets_one_probe_pass_when_its_time_is_up(ledger: Ledger) -> None:
    drop(ledger, "alice", links(*"abc"))
    with ledger.write() as db:
        gates.close_gate(db, _shut(NOW.wall + 60))
    assert claim(ledger) is None
    probe = claim(ledger, later(60))
    assert probe is not None
    assert claim(ledger, later(61)) is None, "one probe only"
    with ledger.write() as db:
        assert gates.closed_gates(db)[0].probe_job_id == probe.job_id
        transitions.requeue_interrupted(db, probe.fence, NOW, "crash")
        gates.clear_stale_probe(db)
    second = claim(ledger, later(62))
    assert second is not None, "the probe was lost, another may go"
    with ledger.write() as db:
        gates.clear_stale_probe(db)
        assert gates.closed_gates(db)[0].probe_job_id == second.job_id
        assert gates.open_gate(db, GateName.SITE)
        assert not gates.open_gate(db, GateName.SITE)
    assert claim(ledger, later(63)) is not None


def test_a_gate_from_a_clock_that_jumped_does_not_shut_for_ever(
    ledger: Ledger,
) -> None:
    drop(ledger, "alice", links("a"))
    with ledger.write() as db:
        gates.close_gate(db, _shut(NOW.wall + 3e8))
    assert claim(ledger) is not None


# ------------------------------------------------------------------------ concurrency


def test_threads_never_claim_one_job_twice(
    ledger: Ledger, open_again: Callable[[], Ledger]
) -> None:
    """Four connections claim and complete; each job once, no counter astray."""
    for session in "abc":
        drop(ledger, session, links(*(f"v{n}" for n in range(12))))
    taken: list[int] = []
    errors: list[Exception] = []

    def work(mine: Ledger) -> None:
        try:
            while len(taken) < 36:
                taken.extend(_claim_and_complete(mine))
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)
            taken.extend(range(36))  # let the others end

    workers = [threading.Thread(target=work, args=(open_again(),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert sorted(taken) == list(range(1, 37))
    with ledger.read() as db:
        counters_match(db)
        assert (
            db.execute(sa.select(sa.func.count()).select_from(attempts)).scalar() == 36
        )


def _claim_and_complete(mine: Ledger) -> list[int]:
    """Return the number of the job that was done, if there was one."""
    try:
        got = claim(mine)
    except LedgerBusyError:
        return []
    if got is None:
        return []
    with mine.write() as db:
        assert transitions.begin_publish(
            db, got.fence, output_path="/a", sha256="ab", now=NOW
        )
        assert transitions.complete(db, got.fence, song(), NOW, Quota(max_jobs=0))
    return [got.job_id]


CLAIMER = """
import json, sys
from tests.integration.ledger_rig import claim
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.quota import Quota
ledger = Ledger(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
got = []
while (one := claim(ledger)) is not None:
    got.append(one.job_id)
print(json.dumps(got))
"""


def test_processes_never_claim_one_job_twice(ledger: Ledger, ledger_url: str) -> None:
    for session in "abc":
        drop(ledger, session, links(*(f"v{n}" for n in range(20))))
    ledger.close()  # its connection must not be forked
    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, ledger_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "ready\n"
    said = []
    for claimer in claimers:
        assert claimer.stdin is not None
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    for claimer in claimers:
        out, _ = claimer.communicate(timeout=60)
        assert claimer.returncode == 0
        said.extend(json.loads(out))
    # A claimer may end early while another holds the last session's lock, so some
    # jobs may be left; none was given twice.
    assert max(Counter(said).values()) == 1
    with ledger.read() as db:
        counters_match(db)
        running = claims.running_claims(db, HOST)
    assert sorted(said) == [one.job_id for one in running]

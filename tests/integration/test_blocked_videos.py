"""The gate `site`: two videos close it, a success hastens all, a bad one is no probe."""

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.jobs_rig import roomy_settings
from tests.integration.ledger_rig import (
    NO_LIMIT,
    NOW,
    claimed,
    drop,
    later,
    links,
    song,
)
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.gate_opening import ByteProof, open_proven_gates
from ytaudio_daemon.jobs.record_failure import record_failure
from ytaudio_daemon.jobs.stale_gates import open_stale_gates
from ytaudio_daemon.ledger import Ledger, gates, queries, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Outcome, Progress
from ytaudio_daemon.model.gates import GateName, gate_after_failure
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.local_network import local_network

BLOCKED = Outcome(failure=failure_for("rate_limited"))
MINUTE = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return roomy_settings(tmp_path)


def fail(ledger: Ledger, settings: Settings, claim: Claim, at: float) -> None:
    with ledger.write() as db:
        assert record_failure(db, claim, BLOCKED, later(at), settings)
        gates.clear_stale_probe(db)


def succeed(ledger: Ledger, claim: Claim, at: float) -> None:
    now = later(at)
    with ledger.write() as db:
        assert transitions.begin_publish(
            db, claim.fence, output_path="/x", sha256="ab", now=now
        )
        assert transitions.complete(db, claim.fence, song(), now, NO_LIMIT)
        open_proven_gates(db, claim, now)
        gates.clear_stale_probe(db)


def requeue_due(ledger: Ledger, at: float) -> int:
    with ledger.write() as db:
        return transitions.requeue_due(db, later(at), 86_400)


def is_shut(ledger: Ledger) -> bool:
    with ledger.read() as db:
        return gates.find_gate(db, GateName.SITE) is not None


def test_one_blocked_video_holds_up_nobody_else(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad", "good1", "good2"))
    fail(ledger, settings, claimed(ledger), 1)
    assert not is_shut(ledger)
    succeed(ledger, claimed(ledger, later(2)), 3)
    with ledger.read() as db:
        bad = queries.find_jobs(db)[0]
    assert (bad.retry_at, bad.charged) == (NOW.wall + 1 + 15 * MINUTE, 0)


def test_a_second_video_that_says_the_same_closes_the_gate(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "bad2", "good"))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    assert is_shut(ledger)


def test_the_same_video_in_two_sessions_is_one(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "alice", links("bad"))
    drop(ledger, "bob", links("bad"))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    assert not is_shut(ledger)


def test_a_success_in_between_takes_the_first_ones_word_away(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "good", "bad2"))
    first, good, second = claimed(ledger), claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    succeed(ledger, good, 2)
    fail(ledger, settings, second, 3)
    assert not is_shut(ledger)


def test_who_shut_the_gate_is_not_its_probe_and_a_success_hastens_all(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "bad2", "good1", "good2"))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    due = 2 + 15 * MINUTE
    assert requeue_due(ledger, due) == 2
    probe = claimed(ledger, later(due))
    assert probe.video_id == "good1"
    succeed(ledger, probe, due + 1)
    assert not is_shut(ledger)


def test_a_success_makes_due_what_waited_behind_the_gate(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "bad2", "good"))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    with ledger.write() as db:  # its pause is over before the jobs' own
        gate = gates.find_gate(db, GateName.SITE)
        assert gate is not None
        gates.close_gate(db, replace(gate, until=NOW.wall + 20))
    assert requeue_due(ledger, 30) == 0
    succeed(ledger, claimed(ledger, later(30)), 31)
    assert requeue_due(ledger, 31) == 2


def test_two_bad_videos_shut_the_gate_only_once(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "bad2", *(f"good{n}" for n in range(5))))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    due = 2 + 15 * MINUTE
    succeed(ledger, claimed(ledger, later(due)), due + 1)
    requeue_due(ledger, due + 1)
    again = [claimed(ledger, later(due + 2)) for _ in range(2)]
    assert [claim.video_id for claim in again] == ["bad1", "bad2"]
    for claim in again:
        fail(ledger, settings, claim, due + 3)
    assert not is_shut(ledger)


def test_a_video_that_was_blocked_before_is_no_second_word(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "good", "bad2"))
    fail(ledger, settings, claimed(ledger), 1)
    succeed(ledger, claimed(ledger, later(2)), 3)
    requeue_due(ledger, 20 * MINUTE)
    again, first = (claimed(ledger, later(20 * MINUTE)) for _ in range(2))
    fail(ledger, settings, first, 20 * MINUTE + 1)
    fail(ledger, settings, again, 20 * MINUTE + 2)
    assert (again.video_id, is_shut(ledger)) == ("bad1", False)


def test_if_only_blocked_jobs_are_left_one_of_them_is_the_probe(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("bad1", "bad2"))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    due = 2 + 15 * MINUTE
    requeue_due(ledger, due)
    probe = claimed(ledger, later(due))
    fail(ledger, settings, probe, due + 1)
    with ledger.read() as db:
        gate = gates.find_gate(db, GateName.SITE)
    assert gate is not None
    assert gate.until == NOW.wall + due + 1 + 15 * MINUTE, "it says nothing new"


def shut_by_two(ledger: Ledger, settings: Settings, *more: str) -> float:
    """Close the gate by two blocked videos; return when it may be tried."""
    drop(ledger, "party", links("bad1", "bad2", *more))
    first, second = claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    return 2 + 15 * MINUTE + 1


def test_first_bytes_open_the_gate_before_the_audio_is_converted(
    ledger: Ledger, settings: Settings
) -> None:
    due = shut_by_two(ledger, settings, "good1", "good2")
    proof, probe = ByteProof(ledger), claimed(ledger, later(due))
    proof.open_gates([(probe, Progress(phase="resolving"))], later(due + 1))
    assert is_shut(ledger)
    loading = Progress(phase="downloading", downloaded_bytes=1)
    proof.open_gates([(probe, loading)], later(due + 2))
    assert not is_shut(ledger)
    assert requeue_due(ledger, due + 3) == 2
    assert claimed(ledger, later(due + 4)).video_id != probe.video_id


def test_bytes_of_an_attempt_from_before_open_nothing(
    ledger: Ledger, settings: Settings
) -> None:
    drop(ledger, "party", links("old", "bad1", "bad2"))
    old, first, second = claimed(ledger), claimed(ledger), claimed(ledger)
    fail(ledger, settings, first, 1)
    fail(ledger, settings, second, 2)
    loading = Progress(phase="downloading", downloaded_bytes=1)
    ByteProof(ledger).open_gates([(old, loading)], later(3))
    assert is_shut(ledger)


def test_bytes_do_not_speak_of_the_host(ledger: Ledger) -> None:
    drop(ledger, "party", links("one", "two"))
    full = gate_after_failure(
        None, failure_for("disk_full"), began_at=0, wall=NOW.wall - 1
    )
    with ledger.write() as db:
        gates.close_gate(db, replace(full, until=NOW.wall))
    probe = claimed(ledger, later(1))
    loading = Progress(phase="downloading", downloaded_bytes=1)
    ByteProof(ledger).open_gates([(probe, loading)], later(2))
    with ledger.read() as db:
        assert gates.find_gate(db, GateName.HOST) is not None


@pytest.mark.parametrize(
    ("proxy", "network", "hastened"),
    [
        ("", "192.0.2.7", 0),
        ("socks5://localhost:9", "192.0.2.7", 2),
        ("", "198.51.100.7", 2),
        ("socks5://localhost:9", None, 0),
    ],
)
def test_a_changed_proxy_or_network_forgets_the_pause(
    ledger: Ledger, settings: Settings, proxy: str, network: str | None, hastened: int
) -> None:
    assert not open_stale_gates(ledger, settings, NOW, lambda: "192.0.2.7")
    shut_by_two(ledger, settings)
    changed = replace(settings, download=replace(settings.download, proxy=proxy))
    opened = open_stale_gates(ledger, changed, later(9), lambda: network)
    assert opened == (not is_shut(ledger)) == bool(hastened)
    assert requeue_due(ledger, 10) == hastened


def test_a_pause_from_before_the_network_was_remembered_stays(
    ledger: Ledger, settings: Settings
) -> None:
    shut_by_two(ledger, settings)
    assert not open_stale_gates(ledger, settings, later(9), lambda: "192.0.2.7")
    assert is_shut(ledger)


def test_the_kernel_names_the_network_without_a_packet() -> None:
    found = local_network()
    if found is not None:
        ipaddress.ip_network(found)

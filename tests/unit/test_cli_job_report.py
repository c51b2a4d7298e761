"""What `show` says comes next, for every state."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ytaudio_daemon.cli.blocks import Facts
from ytaudio_daemon.cli.commands.job_report import JobDetails, job_report, next_text
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.gates import Gate, GateName, outage_gate
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.system.times import rfc3339

NOW = 1_800_000_000.0
UP = DaemonLiveness(state=Liveness.ALIVE)
PACED = DaemonLiveness(
    state=Liveness.ALIVE,
    document={
        "pace": {"burst": 100, "per_hour": 200, "next_at": rfc3339(NOW + 12)},
    },
)
DOWN = DaemonLiveness(state=Liveness.STOPPED, document_age_s=60.0)
SHUT = Gate(
    name=GateName.SITE,
    code="bot_check",
    reason="YouTube asks for a proof.",
    hint="",
    closed_at=NOW - 60,
    until=NOW + 600,
    closures=1,
)


def session(**more: Any) -> Session:
    known: dict[str, Any] = {
        "id": 1,
        "uuid": "s",
        "name": "party",
        "state": SessionState.ACTIVE,
        "created_at": NOW,
        "last_activity_at": NOW,
        "last_activity_uptime_s": 0.0,
        "max_jobs": None,
        "max_bytes": None,
        "ttl_s": None,
        "on_expiry": None,
        "used_bytes": 0,
        "counts": dict.fromkeys(JobState, 0),
    }
    return Session(**(known | more))


def case(state: str, **more: Any) -> JobDetails:
    job = {
        "id": "1a2b3c4d-0000-4000-8000-000000000000",
        "session": "party",
        "url": "https://www.youtube.com/watch?v=AAAAAAAAAAA",
        "state": state,
        "phase": None,
        "title": None,
        "artist": None,
        "duration_s": None,
        "progress": None,
        "options": {"format": "mp3"},
        "position": 2 if state in {"queued", "held"} else None,
        "cancel_requested": False,
        "output_path": None,
        "file_size_bytes": None,
        "error": None,
        "attempt": {
            "number": 1,
            "charged": 1,
            "max": 8,
            "retry_at": rfc3339(NOW + 90),
        },
        "created_at": rfc3339(NOW),
        "started_at": None,
        "finalized_at": None,
    }
    known: dict[str, Any] = {
        "job": job | more.pop("job", {}),
        "attempts": [],
        "events": [],
        "lines": [],
        "gates": [],
        "session": session(),
        "quota": Quota(max_jobs=10),
        "file_is_gone": False,
        "liveness": UP,
        "queue_place": None,
        "wall": NOW,
    }
    return JobDetails(**(known | more))


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (case("running"), "published when it is proven"),
        (case("running", job={"cancel_requested": True}), "being cancelled"),
        (case("queued"), "its turn in the queue"),
        (case("queued", queue_place=7), "no. 7 in the queue"),
        (case("queued", queue_place=7, liveness=PACED), "; the next starts at "),
        (
            case("queued", queue_place=7, liveness=PACED),
            "by the pace of 100 at once, then 200",
        ),
        (case("queued", gates=[SHUT]), "YouTube asks for a proof."),
        (case("queued", gates=[SHUT]), "(in 10 min)"),
        (case("queued", liveness=DOWN), "the daemon is not running"),
        (case("held"), "10 unfinished jobs"),
        (case("held", quota=Quota(max_jobs=1)), "1 unfinished job;"),
        (
            case("held", quota=Quota(max_bytes=5), session=session(used_bytes=5)),
            "--max-bytes",
        ),
        (case("waiting"), "(in 1 min 30 s); 1 of 8 tries"),
        (case("waiting", gates=[SHUT]), "YouTube asks for a proof."),
        (case("completed"), "it is done"),
        (case("completed", file_is_gone=True), "ytaudio retry 1a2b3c4d"),
        (case("failed"), "ytaudio retry 1a2b3c4d"),
        (case("cancelled"), "ytaudio retry 1a2b3c4d"),
    ],
)
def test_what_comes_next(about: JobDetails, said: str) -> None:
    assert said in next_text(about)


@pytest.mark.parametrize("state", ["queued", "waiting"])
@pytest.mark.parametrize(
    ("passed_s", "opening"),
    [
        (0, "YouTube is asked again at"),
        (90, "it is being tried: a known video is asked for"),
    ],
)
def test_an_outage_is_explained_and_nothing_need_be_done(
    state: str, passed_s: float, opening: str
) -> None:
    """Also while YouTube is being asked again."""
    shut = outage_gate(None, "YouTube has an outage: it fails.", NOW)
    said = next_text(case(state, gates=[shut], wall=NOW + passed_s))
    assert "YouTube has an outage: it fails. Nothing to do:" in said
    assert opening in said


def test_a_gate_that_is_being_tried_says_so_and_names_no_time_that_is_past() -> None:
    probed = replace(SHUT, probe_job_id=7)
    said = next_text(case("queued", gates=[probed], wall=NOW + 628))
    assert "it is being tried: one download runs to see whether it is over" in said
    assert "ago" not in said


def test_a_gate_whose_time_is_up_holds_nobody() -> None:
    later = case("queued", gates=[SHUT], wall=NOW + 601)
    assert "YouTube" not in next_text(later)


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_finished_job_needs_no_daemon(state: str) -> None:
    assert "daemon" not in next_text(case(state, liveness=DOWN))


def test_an_expired_session_offers_no_retry() -> None:
    expired = session(state=SessionState.EXPIRED)
    assert "retry" not in next_text(
        case("completed", file_is_gone=True, session=expired)
    )


def facts_of(about: JobDetails) -> dict[str, str]:
    block = job_report(about)[0]
    assert isinstance(block, Facts)
    return dict(block.pairs)


def test_trouble_comes_with_what_the_person_can_do() -> None:
    error = {
        "kind": "unavailable",
        "code": "private",
        "message": "Private.",
        "hint": "Ask.",
    }
    facts = facts_of(case("failed", job={"error": error}))
    assert facts["trouble"] == "Private. (unavailable, private)"
    assert facts["you can"] == "Ask."


def test_every_line_that_asked_is_named() -> None:
    pairs = job_report(case("queued", lines=[("a.txt", 1), ("b.txt", 7)]))[0]
    assert isinstance(pairs, Facts)
    asked = [value for name, value in pairs.pairs if name == "asked by"]
    assert asked == ["a.txt, line 1", "b.txt, line 7"]


def test_a_file_that_is_gone_is_said_to_be() -> None:
    done = {"output_path": "/d/x.mp3", "file_size_bytes": 5}
    facts = facts_of(case("completed", job=done, file_is_gone=True))
    assert facts["file"] == "/d/x.mp3  (it is gone)"


@pytest.mark.parametrize(
    ("row", "how"),
    [
        ({"kind": None, "ended_at": None}, "it is running"),
        ({"kind": "interrupted", "ended_at": NOW}, "interrupted"),
        ({"kind": "transient", "ended_at": NOW, "message": "It broke."}, "It broke."),
    ],
)
def test_each_attempt_says_how_it_ended(row: dict[str, Any], how: str) -> None:
    known = {
        "number": 1,
        "started_at": NOW - 60,
        "engine": "2026.10.1",
        "downloaded_bytes": 1024,
        "message": None,
    }
    table = job_report(case("running", attempts=[known | row]))[1]
    assert not isinstance(table, Facts)
    assert table.rows[0][2:] == ("1 min", "1.0 KiB", "yt-dlp 2026.10.1", how)


def test_every_state_has_a_story() -> None:
    tell: Callable[[JobDetails], str] = next_text
    assert all(tell(case(state.value)) for state in JobState)

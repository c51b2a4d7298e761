"""What `status` and `jobs` say of a job and a session."""

from typing import Any

import pytest

from ytaudio_daemon.cli.blocks import Facts
from ytaudio_daemon.cli.commands import status_report
from ytaudio_daemon.cli.commands.watch import changed_lines
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.system.times import rfc3339

NOW = 1_800_000_000.0


def job(state: str = "queued", **more: Any) -> dict[str, Any]:
    known = {
        "id": "1a2b3c4d-0000-4000-8000-000000000000",
        "state": state,
        "phase": None,
        "title": None,
        "artist": None,
        "duration_s": None,
        "video_id": "AAAAAAAAAAA",
        "progress": None,
        "position": None,
        "file_size_bytes": None,
        "error": None,
        "attempt": {"number": 1, "charged": 1, "max": 8, "retry_at": None},
    }
    return {**known, **more}


def test_a_job_is_called_by_its_link_until_its_title_is_known() -> None:
    assert status_report.job_name(job()) == "youtu.be/AAAAAAAAAAA"
    assert status_report.job_name(job(title="Good")) == "Good"
    named = job(title="Good", artist="Nina", duration_s=173.2)
    assert status_report.job_name(named) == "Nina - Good (2:53)"
    named = job(title="NINA \u2013 Good", artist="Nina")
    assert status_report.job_name(named) == "NINA \u2013 Good", "the artist once"


PROGRESS = {
    "percent": 62.4,
    "downloaded_bytes": 1,
    "total_bytes": 2,
    "speed_bps": 2 << 20,
    "eta_s": 12,
}
BROKE = {"kind": "transient", "code": "reset", "message": "It broke.", "hint": ""}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (job("running"), "starting"),
        (job("running", phase="resolving"), "looking up"),
        (
            job("running", phase="downloading", progress=PROGRESS),
            "downloading 62 % 12 s left 2.0 MiB/s",
        ),
        (job("queued", position=3), "no. 3 of this session"),
        (job("held", position=11), "no. 11, when an earlier one ends"),
        (job("held"), "when an earlier one ends"),
        (job("completed", file_size_bytes=4404019), "4.2 MiB"),
        (job("failed", error=BROKE), "It broke."),
        (job("cancelled"), ""),
    ],
)
def test_how_far(given: dict[str, Any], said: str) -> None:
    assert status_report.progress_text(given, NOW) == said


def test_a_waiting_job_says_when_and_why() -> None:
    attempt = {"number": 1, "charged": 1, "max": 8, "retry_at": rfc3339(NOW + 90)}
    said = status_report.progress_text(
        job("waiting", error=BROKE, attempt=attempt), NOW
    )
    assert said.endswith("(in 1 min 30 s): It broke.")


def test_bars_are_full_at_the_end_and_never_beyond() -> None:
    assert status_report.progress_bar(0) == "╌" * 8
    assert status_report.progress_bar(50) == "━" * 4 + "╌" * 4
    assert status_report.progress_bar(100) == status_report.progress_bar(250) == "━" * 8


def test_counts_leave_out_what_is_not_there() -> None:
    assert status_report.counts_text({"queued": 2, "failed": 1, "held": 0}) == (
        "2 queued, 1 failed"
    )
    assert status_report.counts_text({}) == "none"


def test_a_quota_without_limits_says_so() -> None:
    quota = {"max_jobs": 0, "used_jobs": 2, "max_bytes": 0, "used_bytes": 0}
    said = status_report.quota_text(quota)
    assert said == "2 jobs in the queue (no limit), 0 B of audio"
    said = status_report.quota_text({**quota, "max_jobs": 10, "max_bytes": 4 << 30})
    assert said == "2 of 10 jobs in the queue, 0 B of 4.0 GiB of audio"


def test_a_full_quota_says_that_the_rest_waits() -> None:
    quota = {"max_jobs": 10, "used_jobs": 10, "max_bytes": 0, "used_bytes": 0}
    said = status_report.quota_text(quota, held=12)
    assert said == "10 of 10 jobs in the queue (12 more wait for room), 0 B of audio"


def test_options_read_as_in_a_drop() -> None:
    options = {"format": "opus", "bitrate": None, "tags": {"artist": "Nina Simone"}}
    said = status_report.options_text(options)
    assert said == 'format=opus tag.artist="Nina Simone"'


def test_only_what_changed_is_news() -> None:
    seen: dict[str, str] = {}
    assert changed_lines({"a": "queued", "b": "queued"}, seen) == ["queued", "queued"]
    assert changed_lines({"a": "queued", "b": "running"}, seen) == ["running"]
    assert changed_lines({"a": "queued"}, seen) == []
    assert changed_lines({"b": "queued"}, seen) == ["queued"]


def session(**counts: int) -> dict[str, Any]:
    return {
        "session": {
            "name": "alice",
            "uuid": "5e55104e-0000-4000-8000-000000000000",
            "state": "active",
            "last_activity_at": rfc3339(NOW),
            "expires_at": None,
            "quota": {"max_jobs": 10, "used_jobs": 1, "max_bytes": 0, "used_bytes": 0},
            "counts": counts,
            "ignored": [],
        },
        "jobs": [],
        "truncated": False,
    }


def gate(state: str | None, until: float, name: str = "site") -> dict[str, Any]:
    known = {"name": name, "reason": "YouTube asks for a proof."}
    known["until"] = rfc3339(until) or ""
    return known if state is None else {**known, "state": state}


def closed_fact(counts: dict[str, int], *gates: dict[str, Any]) -> str:
    every = dict.fromkeys(status_report.STATES, 0) | counts
    document = {"gates": gates, "counts": every}
    alive = DaemonLiveness(Liveness.ALIVE, document)
    facts, *_ = status_report.session_report(
        session(**every), NOW, bars=False, liveness=alive
    )
    assert isinstance(facts, Facts)
    return dict(facts.pairs).get("closed", "")


def test_a_session_says_why_its_jobs_do_not_start() -> None:
    shut = gate("closed", NOW + 300)
    for state in ("queued", "waiting", "held"):
        said = closed_fact({state: 1}, shut)
        assert said.startswith("site until ")
        assert said.endswith("(in 5 min): YouTube asks for a proof.")
    assert closed_fact({"completed": 3}, shut) == ""


@pytest.mark.parametrize(
    ("shut", "said"),
    [
        (gate("probing", NOW - 28), "site is being tried: one download runs"),
        (gate("probing", NOW - 28, "outage"), "a known video is asked for"),
        (gate("due", NOW - 28), "site is to be tried: the next download shows"),
        (gate("closed", NOW - 1), "site is to be tried"),
        (gate(None, NOW - 28), "site is to be tried"),
    ],
)
def test_what_is_closed_never_names_a_time_that_is_past(
    shut: dict[str, Any], said: str
) -> None:
    text = closed_fact({"queued": 1}, shut)
    assert said in text
    assert " ago" not in text


def test_a_session_says_how_many_lists_it_follows_and_when_it_looks_next() -> None:
    document: dict[str, Any] = {
        "session": {
            "name": "podcasts",
            "uuid": "u",
            "state": "active",
            "counts": dict.fromkeys(status_report.STATES, 0),
            "quota": {
                "max_jobs": 0,
                "used_jobs": 0,
                "max_bytes": 0,
                "used_bytes": 0,
            },
            "last_activity_at": rfc3339(NOW),
            "expires_at": None,
            "ignored": [],
        },
        "jobs": [],
        "truncated": False,
        "collections": [
            {"subscription": None},
            {"subscription": {"next_look_at": None}},
            {"subscription": {"next_look_at": rfc3339(NOW + 7200)}},
            {"subscription": {"next_look_at": rfc3339(NOW + 3600)}},
        ],
    }
    (facts,) = status_report.session_report(document, NOW, bars=False)
    assert isinstance(facts, Facts)
    said = dict(facts.pairs)["follows"]
    assert said.startswith("2 lists, next look at ")
    assert said.endswith("(in 1 h)")
    del document["collections"]  # as a daemon of an older version writes it
    (facts,) = status_report.session_report(document, NOW, bars=False)
    assert isinstance(facts, Facts)
    assert "follows" not in dict(facts.pairs)

"""What `status` and the API say of a queue that stands still, or takes long."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ytaudio_daemon.api.job_answers import queue_note
from ytaudio_daemon.cli.commands.queue_report import queue_facts
from ytaudio_daemon.system.times import rfc3339

NOW = 1_800_000_000.0
COUNTS = {"queued": 12, "held": 9}
GATE = {"name": "site", "until": rfc3339(NOW + 60), "reason": "YouTube wants a pause."}


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def document(**more: Any) -> dict[str, Any]:
    pace = {"burst": 100, "per_hour": 200, "next_at": rfc3339(NOW + 12)}
    forecast = {"jobs": 22, "done_at": rfc3339(NOW + 290)}
    known = {"gates": [], "counts": COUNTS, "pace": pace, "forecast": forecast}
    return known | more


def test_the_pace_the_next_start_and_the_forecast() -> None:
    assert list(queue_facts(document(), NOW)) == [
        (
            "pace",
            "100 at once, then 200 an hour; the next starts at 08:00:12 (in 12 s)",
        ),
        ("queue", "22 videos in all, about 5 min, done at 08:04"),
    ]


def test_a_start_that_was_due_is_not_announced() -> None:
    assert dict(queue_facts(document(), NOW + 12))["pace"] == (
        "100 at once, then 200 an hour"
    )


def test_nothing_is_said_where_nothing_waits() -> None:
    idle = document(counts={"queued": 0, "held": 0}, forecast=None)
    assert list(queue_facts(idle, NOW)) == []


def test_no_limit_is_no_pace() -> None:
    off = {"burst": 100, "per_hour": 0, "next_at": None}
    assert list(queue_facts(document(pace=off, forecast=None), NOW)) == []


def test_the_document_of_an_older_daemon_is_fine() -> None:
    old = {"gates": [], "counts": COUNTS}
    assert list(queue_facts(old, NOW)) == []
    assert queue_note(old, NOW) is None


def test_a_client_of_the_api_is_told_the_same() -> None:
    assert queue_note(document(), NOW) == (
        "The pace (100 at once, then 200 an hour) lets the next download start in 12 s, "
        f"at {rfc3339(NOW + 12)}. All 22 jobs are done at about {rfc3339(NOW + 290)}."
    )
    assert queue_note(document(), NOW + 12) is None
    note = queue_note(document(gates=[GATE]), NOW)
    assert note == f"No download starts before {rfc3339(NOW + 60)}: {GATE['reason']}"
    assert "until a trial" in str(queue_note(document(gates=[GATE]), NOW + 60))

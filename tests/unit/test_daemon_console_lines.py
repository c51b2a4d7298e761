"""A person at the terminal gets a short time and a sentence for each event."""

import io
import logging
import re

import pytest

from ytaudio_daemon.daemon.console_lines import ConsoleLines, event_text
from ytaudio_daemon.system import logs

JOB = {"job": "1a2b", "session": "party", "video": "AAAAAAAAAAA", "attempt": 1}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"event": "daemon.started", "inbox": "/srv/inbox", "pid": 7, "config": "c"},
            "ready: drop lists of links into /srv/inbox/NAME/; Ctrl-C stops it",
        ),
        (
            {"event": "drop.taken", "session": "party", "file": "a.txt", "state": "filed",
             "accepted": 3, "duplicate": 0, "rejected": 1},
            "party: a.txt: 3 accepted, 1 rejected",
        ),
        (
            {"event": "job.completed", **JOB, "title": "Song", "bytes": 4 << 20,
             "seconds": 12.3},
            "party: done: Song (4.0 MiB, 12 s)",
        ),
        (
            {"event": "job.completed", **JOB, "title": "Jingle", "bytes": 120 << 10,
             "seconds": 1},
            "party: done: Jingle (120 KiB, 1 s)",
        ),
        (
            {"event": "collection.listed", "session": "party", "collection": "1a2b",
             "entries": 14, "selected": 12},
            "party: listed: 14 videos, 12 selected",
        ),
        (
            {"event": "collection.failed", "session": "party", "collection": "1a2b",
             "url": "https://x/", "code": "gone", "message": "No list.", "retry_at": None},
            "party: could not be listed: https://x/: No list.",
        ),
        (
            {"event": "job.requeued", **JOB, "reason": "shutdown"},
            "party: queued again (shutdown): 1a2b",
        ),
        (
            {"event": "config.reloaded", "changed": ["pace.burst"], "needs_restart": []},
            "config read again: pace.burst",
        ),
        (
            {"event": "place.looked_at", "broken": ["folder_library"]},
            "problems: folder_library; ytaudio status says what to do",
        ),
        (
            {"event": "job.failed", **JOB, "message": "This video is private."},
            "party: failed: youtu.be/AAAAAAAAAAA: This video is private.",
        ),
        (
            {"event": "daemon.draining", "running": 2},
            (
                "stopping: 2 downloads are being finished, for 90 s at most; Ctrl-C "
                "again stops at once; unfinished downloads then start again next time"
            ),
        ),
        ({"event": "daemon.draining", "running": 0}, "stopping"),
        (
            {"event": "daemon.stopped", "interrupted": 1},
            "stopped; 1 download starts again next time, nothing is lost",
        ),
        (
            {"event": "trash.deleted", "name": "x", "level": "info", "timestamp": "t"},
            "trash.deleted name=x",
        ),
        ({"event": "job.failed", "job": "x"}, "job.failed job=x"),
    ],
)  # fmt: skip
def test_what_is_said(event: dict[str, object], text: str) -> None:
    assert event_text(event) == text


def test_a_retry_says_when() -> None:
    event = {"event": "job.waiting", **JOB, "message": "It broke.", "retry_at": 1e9}
    text = event_text(event)
    assert re.fullmatch(
        r"party: tried again at \d\d:\d\d:\d\d: youtu.be/AAAAAAAAAAA: It broke.", text
    )


def test_a_line_is_one_line_with_a_time_and_nothing_that_steers_a_terminal() -> None:
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(logs._console_formatter(ConsoleLines(colours=False)))
    record = logging.LogRecord("x", 20, "", 1, "took a\x1b[31m\nb", None, None)
    handler.emit(record)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  took a\\x1b\[31m\\nb\n", stream.getvalue())


def test_a_traceback_stands_below_its_line() -> None:
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(logs._console_formatter(ConsoleLines(colours=True)))
    cause = (ValueError, ValueError("oh"), None)
    record = logging.LogRecord("x", 40, "", 1, "it broke", None, cause)
    handler.emit(record)
    lines = stream.getvalue().rstrip("\n").split("\n")
    assert lines[0].startswith("\r\x1b[31m")
    assert lines[0].endswith("it broke\x1b[0m")
    assert lines[-1] == "ValueError: oh"


def test_a_terminal_gets_lines_that_are_broken_between_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    event = {"event": "daemon.draining", "running": 2, "level": "info"}
    rows = ConsoleLines(colours=True)(None, "info", event).lstrip("\r").splitlines()
    assert rows[0].endswith("  stopping: 2 downloads are")
    assert all(row.startswith(" " * 10) and len(row) <= 40 for row in rows[1:])

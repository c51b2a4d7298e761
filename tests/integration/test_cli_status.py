"""`status` from real status files: what it says, how it exits, what it costs."""

import json
import os
import pty
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.integration import cli_rig
from tests.integration.cli_rig import HOSTILE, Rig

JOB: dict[str, Any] = {
    "id": "1a2b3c4d-0000-4000-8000-000000000000",
    "session": "party",
    "session_uuid": "7b0c2b2e-5a5f-4a0e-9d53-0d1a5ff3c001",
    "url": "https://www.youtube.com/watch?v=AAAAAAAAAAA",
    "state": "running",
    "phase": "downloading",
    "title": HOSTILE,
    "artist": "Nina",
    "duration_s": 173.0,
    "progress": {
        "percent": 62.0,
        "downloaded_bytes": 5,
        "total_bytes": 10,
        "speed_bps": 2097152.0,
        "eta_s": 12,
    },
    "attempt": {"number": 1, "charged": 0, "max": 8, "retry_at": None},
    "position": None,
    "file_size_bytes": None,
    "error": None,
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def test_a_running_daemon_is_described(rig: Rig) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    ran = rig.run("status")
    assert ran.code == 0
    assert ran.err == ""
    assert "running, started" in ran.out
    assert f"pid {os.getpid()}" in ran.out
    assert "1 running, 12 completed" in ran.out
    assert "downloading 62 % 12 s left 2.0 MiB/s" in ran.out
    assert "\x1b" not in ran.out, "neither colour nor the title's escape codes"
    assert "Nina - Feeling \\x1b[31mGood [bold]" in ran.out


def test_a_session_is_described(rig: Rig) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    ran = rig.run("status", "party")
    assert ran.code == 0
    assert "1 of 10 jobs in the queue, 4.2 MiB of audio" in ran.out
    assert "cover.jpg: not a drop file" in ran.out
    by_uuid = rig.run("status", "7b0c2b2e-5a5f-4a0e-9d53-0d1a5ff3c001", "--json")
    assert by_uuid.json["session"]["name"] == "party"


def dead_pid() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


Set = Callable[[Rig], None]


@pytest.mark.parametrize(
    ("set_up", "code", "said"),
    [
        (lambda _rig: None, 3, "has never run here"),
        (lambda rig: rig.beat("stopped"), 3, "is not running"),
        (lambda rig: rig.beat(pid=dead_pid()), 3, "it died"),
        (lambda rig: rig.beat(age_s=60), 3, "has not reported for 1 min"),
        (lambda rig: rig.beat("degraded"), 6, ""),
    ],
)
def test_the_exit_status_tells_how_the_daemon_is(
    rig: Rig, set_up: Set, code: int, said: str
) -> None:
    set_up(rig)
    for args in (["status"], ["status", "--json"]):
        ran = rig.run(*args)
        assert ran.code == code
        assert said in ran.err
        assert bool(ran.err) == bool(said)


def test_json_is_the_daemons_own_document(rig: Rig) -> None:
    rig.beat()
    assert rig.run("status", "--json").json == json.loads(
        rig.layout.daemon_status.read_bytes()
    )


def test_the_rigs_document_is_one_a_daemon_could_write(rig: Rig) -> None:
    rig.beat()
    schema = cli_rig.REPOSITORY / "ytaudio_daemon/schemas/ytaudio.daemon-1.json"
    document = json.loads(rig.layout.daemon_status.read_bytes())
    jsonschema.validate(document, json.loads(schema.read_text()))


def test_json_of_a_daemon_that_died_does_not_say_it_runs(rig: Rig) -> None:
    rig.beat(pid=dead_pid())
    assert rig.run("status", "--json").json["daemon"]["state"] == "stopped"


def test_json_of_a_daemon_that_never_ran_is_null(rig: Rig) -> None:
    assert rig.run("status", "--json").out == "null\n"


@pytest.mark.parametrize("name", ["nobody", "../daemon", "", ".hidden"])
def test_an_unknown_session_is_four(rig: Rig, name: str) -> None:
    rig.beat()
    ran = rig.run("status", name)
    assert ran.code == 4
    assert "ytaudio session list" in ran.err


def test_a_foreign_status_file_is_named(rig: Rig) -> None:
    rig.layout.status.mkdir()
    rig.layout.daemon_status.write_text("{}")
    ran = rig.run("status")
    assert (ran.code, ran.out) == (1, "")
    assert f"{rig.layout.daemon_status}: is no status document" in ran.err


def cpu_seconds(words: list[str], rig: Rig) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        words, env=rig.environ, cwd=rig.root, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("command", [["status"], ["--help"]])
def test_it_is_light(rig: Rig, command: list[str]) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    bare = [sys.executable, "-c", "import argparse, json"]
    words = rig.words(*command)
    both = [(cpu_seconds(words, rig), cpu_seconds(bare, rig)) for _ in range(5)]
    spent, floor = (min(figures) for figures in zip(*both, strict=True))
    slowness = max(1.0, floor / 0.025)  # of this machine, just now
    assert spent < 0.1 * slowness


@pytest.mark.parametrize("command", [["status"], ["status", "party"], ["--help"]])
def test_nothing_heavy_is_imported(rig: Rig, command: list[str]) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    words = rig.words(*command)
    words[1:1] = ["-X", "importtime"]
    done = subprocess.run(
        words, env=rig.environ, cwd=rig.root, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"sqlalchemy", "yt_dlp", "rich", "structlog", "dataclasses", "inspect"}
    heavy |= {"tomllib"}  # there is no config
    if command == ["--help"]:
        heavy |= {"typing", "json", "pathlib"}
    assert "ytaudio_daemon.cli.entry" in imported
    assert imported & heavy == set()


def lines_until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    """Read lines until one has it; the test's own timeout is the deadline."""
    seen: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(line)
        if wanted in line:
            return seen
    raise AssertionError(seen)


def test_watching_in_a_pipe_prints_a_line_a_change(rig: Rig) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    watching = rig.start("status", "party", "--watch")
    first = lines_until(watching, "running downloading")
    assert len(first) == 1
    done: dict[str, Any] = {**JOB, "state": "completed", "phase": None}
    rig.session_file("party", [{**done, "progress": None, "file_size_bytes": 5}])
    assert len(lines_until(watching, "completed 5 B")) == 1
    rig.beat("stopped")
    assert len(lines_until(watching, "the daemon is not running")) == 1


def test_watching_as_json_prints_a_document_a_change(rig: Rig) -> None:
    rig.beat()
    watching = rig.start("status", "--watch", "--json")
    assert json.loads(lines_until(watching, "ytaudio.daemon/1")[0])["seq"] == 1
    rig.beat("stopped")
    document = json.loads(lines_until(watching, '"stopped"')[-1])
    assert document["daemon"]["state"] == "stopped"


def test_watching_waits_for_a_session_whose_folder_is_there(rig: Rig) -> None:
    rig.beat()
    (rig.root / "inbox" / "party").mkdir(parents=True)
    watching = rig.start("status", "party", "--watch")
    lines_until(watching, "party, not begun: no drop in its folder is taken yet")
    rig.session_file("party", [JOB])
    lines_until(watching, "running downloading")


def test_watching_survives_a_restore_which_takes_the_documents_away(rig: Rig) -> None:
    rig.beat()
    (rig.root / "inbox" / "party").mkdir(parents=True)
    rig.session_file("party", [JOB])
    watching = rig.start("status", "party", "--watch")
    lines_until(watching, "running downloading")
    shutil.rmtree(rig.layout.status / "sessions")
    lines_until(watching, "party, not begun")
    rig.session_file("party", [{**JOB, "phase": "converting"}])
    lines_until(watching, "running converting")


def test_without_a_folder_there_is_nothing_to_watch(rig: Rig) -> None:
    rig.beat()
    ran = rig.call("status", "party", "--watch")
    assert (ran.code, "there is no status of a session 'party'" in ran.err) == (4, True)


def test_watching_on_a_terminal_draws_again_until_q(rig: Rig) -> None:
    rig.beat()
    rig.session_file("party", [JOB])
    keyboard, terminal = pty.openpty()
    watching = subprocess.Popen(
        rig.words("status", "--watch"), stdin=terminal, stdout=terminal,
        stderr=terminal, cwd=rig.root,
        env=rig.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    )  # fmt: skip
    os.close(terminal)
    drawn = read_until(keyboard, b"62 %")
    assert b"\x1b[31mGood" not in drawn, "a title steers no terminal"
    faster = {**JOB, "progress": {**JOB["progress"], "percent": 77.0}}
    rig.session_file("party", [faster])
    read_until(keyboard, b"77 %")
    os.write(keyboard, b"q")
    assert watching.wait(60) == 0
    os.close(keyboard)


def read_until(terminal: int, wanted: bytes) -> bytes:
    """Read until it was drawn; the test's own timeout is the deadline."""
    seen = b""
    while wanted not in seen:
        seen += os.read(terminal, 65536)
    return seen

"""What arrives at a real socket in the journal's place."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ytaudio_daemon.system.journal import JournalStream, reads_stderr
from ytaudio_daemon.system.nonblocking_stream import NonBlockingStream


class Reader:
    """A journal that takes lines apart as systemd does."""

    def __init__(self, address: Path) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.bind(str(address))
        self.channel.settimeout(5)

    def line(self) -> dict[str, str]:
        rest, found = self.channel.recv(1 << 20), {}
        while rest:
            head, rest = rest.split(b"\n", 1)
            name, is_short, value = head.partition(b"=")
            if not is_short:
                (size,) = struct.unpack("<Q", rest[:8])
                value, rest = rest[8 : 8 + size], rest[9 + size :]
            found[name.decode()] = value.decode()
        return found


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    made = Reader(tmp_path / "socket")
    yield made
    made.channel.close()


@pytest.fixture
def stderr() -> Iterator[tuple[int, NonBlockingStream]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, NonBlockingStream(writing, str)
    os.close(reading)
    os.close(writing)


def as_logged(**details: Any) -> str:
    return json.dumps({"level": "info", "timestamp": "now", **details}) + "\n"


def test_a_line_arrives_in_fields_and_in_words(
    reader: Reader, stderr: tuple[int, NonBlockingStream], tmp_path: Path
) -> None:
    journal = JournalStream(stderr[1], tmp_path / "socket")
    journal.write(
        as_logged(event="job.completed", session="alice", title="A “song”", n=3)
    )
    assert reader.line() == {
        "MESSAGE": 'job.completed session=alice title="A “song”" n=3',
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "ytaudio",
        "EVENT": "job.completed",
        "SESSION": "alice",
        "TITLE": "A “song”",
        "N": "3",
    }
    journal.close()


def test_nobody_can_forge_a_field(
    reader: Reader, stderr: tuple[int, NonBlockingStream], tmp_path: Path
) -> None:
    journal = JournalStream(stderr[1], tmp_path / "socket")
    journal.write(
        as_logged(
            event="job.failed", level="error", title="x\nPRIORITY=0\n_PID=1\n",
            message="M", priority=9, _uid=0, exception="Traceback\n  Error",
        )
    )  # fmt: skip
    found = reader.line()
    assert found["PRIORITY"] == "3"
    assert found["TITLE"] == "x\nPRIORITY=0\n_PID=1\n"
    assert found["YTAUDIO_MESSAGE"] == "M"
    assert found["YTAUDIO_PRIORITY"] == "9"
    assert found["YTAUDIO__UID"] == "0"
    first, *others = found["MESSAGE"].splitlines()
    assert first.startswith("job.failed title=")
    assert others == ["Traceback", "  Error"]
    journal.close()


def test_what_the_journal_does_not_take_goes_to_standard_error(
    reader: Reader, stderr: tuple[int, NonBlockingStream], tmp_path: Path
) -> None:
    reading, stderr_stream = stderr
    journal = JournalStream(stderr_stream, tmp_path / "socket")
    line = as_logged(event="small")
    while True:  # a journal that hangs: its queue fills, nobody waits
        journal.write(line)
        try:
            assert os.read(reading, 4096).decode() == line
        except BlockingIOError:
            continue
        break
    reader.channel.close()
    (tmp_path / "socket").unlink()
    journal.write(line)
    assert os.read(reading, 4096).decode() == line
    journal.close()


LOGGER = """
import structlog
from ytaudio_daemon.system import logs
logs.configure(level="info", form="auto", directory=None)
structlog.get_logger().info("said", session="alice")
"""


def test_without_a_journal_every_line_is_json() -> None:
    """`$JOURNAL_STREAM` names our standard error, but nobody listens at its socket."""
    reading, writing = os.pipe()
    found = os.fstat(writing)
    environ = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
    subprocess.run(
        [sys.executable, "-c", LOGGER], env=environ, stderr=writing, check=True
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        assert json.loads(said.read())["session"] == "alice"


def test_another_stream_is_not_the_journals() -> None:
    assert not reads_stderr({})
    assert not reads_stderr({"JOURNAL_STREAM": "1:2"})

"""Standard error that nobody reads stops nobody."""

import os
import re
import time
from collections.abc import Iterator

import pytest

from ytaudio_daemon.system.nonblocking_stream import WRITE_TIMEOUT_S, NonBlockingStream


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_what_nobody_reads_is_dropped_and_told(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stderr_stream = NonBlockingStream(writer, lambda lines: f"{lines} dropped\n")
    before = time.monotonic()
    for number in range(20_000):
        stderr_stream.write(f"line {number}\n")
    assert time.monotonic() - before < 1000 * WRITE_TIMEOUT_S, "it waited for many"
    assert 0 < stderr_stream.dropped < 20_000
    told = stderr_stream.dropped
    taken = os.read(reader, 1 << 20).decode()
    assert taken.count("\n") == 20_000 - told
    stderr_stream.write("again\n")
    assert os.read(reader, 1 << 20).decode() == f"{told} dropped\nagain\n"
    assert stderr_stream.dropped == 0


def test_a_line_that_was_torn_spoils_no_other(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stderr_stream = NonBlockingStream(writer, lambda lines: f"{lines} dropped\n")
    stderr_stream.write("x" * (1 << 20) + "\n")
    assert stderr_stream.dropped == 1
    while b"x" in os.read(reader, 4096) and stderr_stream.dropped:
        stderr_stream.write("whole\n")
    assert re.search(rb"x\n(1 dropped\n)+whole\n$", os.read(reader, 1 << 20))


def test_a_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stderr_stream = NonBlockingStream(writer, str)
    away = os.dup(reader)
    os.close(away)
    os.set_blocking(reader, False)
    null = os.open("/dev/full", os.O_WRONLY)
    full = NonBlockingStream(null, str)
    full.write("to a full disk\n")
    os.close(null)
    assert full.dropped == 1
    stderr_stream.write("\udcff is written escaped\n")
    assert os.read(reader, 100) == b"\\udcff is written escaped\n"

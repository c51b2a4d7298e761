"""Standard error that nobody reads stops nobody."""

import os
import re
import time
from collections.abc import Iterator

import pytest

from ytaudio_daemon.system.nonblocking_stream import PATIENCE_S, Outlet


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_what_nobody_reads_is_dropped_and_told(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    outlet = Outlet(writer, lambda lines: f"{lines} dropped\n")
    before = time.monotonic()
    for number in range(20_000):
        outlet.write(f"line {number}\n")
    assert time.monotonic() - before < 1 + PATIENCE_S
    assert 0 < outlet.dropped < 20_000
    told = outlet.dropped
    taken = os.read(reader, 1 << 20).decode()
    assert taken.count("\n") == 20_000 - told
    outlet.write("again\n")
    assert os.read(reader, 1 << 20).decode() == f"{told} dropped\nagain\n"
    assert outlet.dropped == 0


def test_a_line_that_was_torn_spoils_no_other(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    outlet = Outlet(writer, lambda lines: f"{lines} dropped\n")
    outlet.write("x" * (1 << 20) + "\n")
    assert outlet.dropped == 1
    while b"x" in os.read(reader, 4096) and outlet.dropped:
        outlet.write("whole\n")
    assert re.search(rb"x\n(1 dropped\n)+whole\n$", os.read(reader, 1 << 20))


def test_a_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    outlet = Outlet(writer, str)
    away = os.dup(reader)
    os.close(away)
    os.set_blocking(reader, False)
    null = os.open("/dev/full", os.O_WRONLY)
    full = Outlet(null, str)
    full.write("to a full disk\n")
    os.close(null)
    assert full.dropped == 1
    outlet.write("\udcff is written escaped\n")
    assert os.read(reader, 100) == b"\\udcff is written escaped\n"

"""The worker's reporter at a real socket, with a clock of our own."""

import socket
from collections.abc import Iterator

import pytest

from ytaudio_daemon.model import Progress
from ytaudio_daemon.pool.worker import SocketReporter
from ytaudio_daemon.system import protocol


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = protocol.socket_pair()
    with near, far:
        yield near, far


Ends = tuple[socket.socket, socket.socket]


def said(near: socket.socket) -> list[str]:
    phases: list[str] = []
    while True:
        try:
            message = protocol.receive(near)
        except BlockingIOError:
            return phases
        assert message is not None
        phases.append(message["progress"]["phase"])


def test_a_new_phase_is_always_told_and_the_rest_twice_a_second(ends: Ends) -> None:
    near, far = ends
    clock = Clock()
    reporter = SocketReporter(far, clock)
    for phase, later in [("a", 0), ("a", 0.4), ("b", 0), ("b", 0.4), ("b", 0.1)]:
        clock.now += later
        reporter.progress(Progress(phase=phase))
    assert said(near) == ["a", "b", "b"]


def test_what_nobody_reads_is_dropped_but_a_new_phase_is_tried_again(
    ends: Ends,
) -> None:
    near, far = ends
    clock = Clock()
    reporter = SocketReporter(far, clock)
    for _ in range(2000):
        clock.now += 1
        reporter.progress(Progress(phase="a"))
    reporter.progress(Progress(phase="b"))
    assert 100 < len(said(near)) < 1000
    reporter.progress(Progress(phase="b"))
    assert said(near) == ["b"]


def test_fractions_of_bytes_are_rounded(ends: Ends) -> None:
    near, far = ends
    estimate: float = 10.6  # as yt-dlp gives it
    SocketReporter(far).progress(Progress(phase="a", total_bytes=estimate))  # type: ignore[arg-type] # the point
    message = protocol.receive(near)
    assert message is not None
    assert message["progress"]["total_bytes"] == 11


def test_the_last_words_survive_a_reset(ends: Ends) -> None:
    near, far = ends
    near.send(protocol.encode("go"))  # which the other end dies without reading
    far.send(protocol.encode("outcome"))
    far.close()
    assert protocol.receive(near) == {"kind": "outcome"}
    assert protocol.receive(near) is None


def test_a_reset_without_words_is_the_end(ends: Ends) -> None:
    near, far = ends
    near.send(protocol.encode("go"))
    far.close()
    assert protocol.receive(near) is None

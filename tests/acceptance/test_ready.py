"""When systemd is told that the daemon is up."""

import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from tests.acceptance.rig import House
from tests.youtube import YouTube


def template_of(house: House) -> psutil.Process | None:
    """Return the template, which calls itself so as soon as it runs."""
    for child in psutil.Process(house.running.pid).children():
        with suppress(psutil.NoSuchProcess):  # an ffmpeg that told its version
            if child.name() == "ytaudio-template"[:15]:
                return child
    return None


def stopped_template(house: House) -> psutil.Process:
    """Stop the template while it warms up."""
    found: list[psutil.Process] = []

    def seen() -> bool:
        found.extend(filter(None, [template_of(house)]))
        return bool(found)

    house.wait(seen)
    found[0].send_signal(signal.SIGSTOP)
    return found[0]


def words(channel: socket.socket) -> Callable[[], str]:
    """Return what collects all that was heard so far."""
    heard: list[str] = []

    def so_far() -> str:
        while True:
            try:
                heard.append(channel.recv(4096).decode())
            except BlockingIOError:
                return "\n".join(heard)

    return so_far


def test_ready_is_said_when_the_template_is_warm(site: YouTube, tmp_path: Path) -> None:
    house = House(tmp_path / "house", site)
    with ExitStack() as stack:
        channel = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(0)
        heard = words(channel)
        house.launch(NOTIFY_SOCKET=str(tmp_path / "notify"))
        stack.callback(house.kill)
        template = stopped_template(house)
        stack.callback(template.send_signal, signal.SIGCONT)
        house.wait(lambda: house.daemon.get("daemon", {}).get("state") == "running")
        house.wait(lambda: "EXTEND_TIMEOUT_USEC=" in heard())
        assert "READY=1" not in heard()
        template.send_signal(signal.SIGCONT)
        house.wait(lambda: "READY=1" in heard())
        stack.pop_all()
    channel.close()
    assert house.stop() == 0

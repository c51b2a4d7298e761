"""What arrives at a real socket in systemd's place."""

import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ytaudio_daemon.system.systemd_notify import SystemdNotifier

Manager = tuple[socket.socket, SystemdNotifier]


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    if request.param == "path":
        name = address = str(tmp_path / "notify")
    else:
        name = f"@ytaudio-test-{uuid.uuid4()}"
        address = "\0" + name[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(5)
        yield channel, SystemdNotifier({"NOTIFY_SOCKET": name})


def heard(channel: socket.socket) -> list[str]:
    return channel.recv(4096).decode().split("\n")


def test_every_word_arrives(manager: Manager) -> None:
    channel, notifier = manager
    notifier.ready("3 workers")
    assert heard(channel) == ["READY=1", "STATUS=3 workers"]
    notifier.ready()
    assert heard(channel) == ["READY=1"]
    notifier.ping_watchdog()
    assert heard(channel) == ["WATCHDOG=1"]
    notifier.stopping("draining")
    assert heard(channel) == ["STOPPING=1", "STATUS=draining"]
    notifier.extend_timeout(2.5)
    assert heard(channel) == ["EXTEND_TIMEOUT_USEC=2500000"]


def test_a_reload_is_stamped_with_the_monotonic_clock(manager: Manager) -> None:
    channel, notifier = manager
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    first, stamp = heard(channel)
    assert first == "RELOADING=1"
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= before + 5_000_000


def test_a_status_cannot_smuggle_in_another_word(manager: Manager) -> None:
    channel, notifier = manager
    notifier.status("one\nWATCHDOG=1\rtwo \udcff")
    assert heard(channel) == ["STATUS=one WATCHDOG=1 two ?"]


@pytest.mark.parametrize(
    "name", ["", "/nonexistent/notify", "relative", "x" * 200, "@" + "x" * 200, "a\0b"]
)
def test_a_manager_that_is_not_there_stops_nothing(name: str) -> None:
    notifier = SystemdNotifier({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.ping_watchdog()


def test_a_full_socket_is_not_waited_for(manager: Manager) -> None:
    _, notifier = manager
    began = time.monotonic()
    for _ in range(1000):  # far more than max_dgram_qlen, and nobody reads
        notifier.ping_watchdog()
    assert time.monotonic() - began < 5


def test_the_process_environment_is_the_default(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, _ = manager
    name = channel.getsockname()
    name = "@" + name[1:].decode() if isinstance(name, bytes) else name
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    SystemdNotifier().ping_watchdog()
    assert heard(channel) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_asked_for_by_the_environment(
    variables: dict[str, str], seconds: float | None
) -> None:
    assert SystemdNotifier(variables).watchdog_s == seconds

"""When the service manager is told how things stand: a socket in its place."""

import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.ledger_rig import drop, links
from ytaudio_daemon.daemon.systemd_status import MIN_INTERVAL_S, SystemdStatusLine
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import DaemonSnapshot
from ytaudio_daemon.views.snapshot import DaemonProblem

LIVE = DaemonSnapshot(state="running", started_at=0.0, pid=1, host="h", version="1")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(0)
        yield channel


@pytest.fixture
def bulletin(manager: socket.socket, sqlite_ledger: Ledger) -> SystemdStatusLine:
    return SystemdStatusLine(
        SystemdNotifier({"NOTIFY_SOCKET": manager.getsockname()}), sqlite_ledger
    )


def heard(manager: socket.socket) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(manager.recv(4096).decode())
        except BlockingIOError:
            return lines


def test_it_speaks_when_something_changed(
    manager: socket.socket, bulletin: SystemdStatusLine, sqlite_ledger: Ledger
) -> None:
    bulletin.update(LIVE, 0, 100.0)
    bulletin.update(LIVE, 0, 200.0)
    drop(sqlite_ledger, "a", links("AAAAAAAAAAA", "BBBBBBBBBBB"))
    bulletin.update(LIVE, 3, 300.0)
    assert heard(manager) == ["STATUS=Idle", "STATUS=2 queued"]


def test_what_holds_things_up_is_said_even_if_the_ledger_cannot_be_read(
    manager: socket.socket, bulletin: SystemdStatusLine, sqlite_ledger: Ledger
) -> None:
    drop(sqlite_ledger, "a", links("AAAAAAAAAAA"))
    bulletin.update(LIVE, 2, 100.0)
    bulletin.update(LIVE, 2, 101.0)
    trouble = DaemonProblem(code="ledger_trouble", message="Busy.", hint="h", since=1.0)
    other = sqlite3.connect(str(sqlite_ledger.path))
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerBusyError):
        bulletin.update(replace(LIVE, problems=[trouble]), 2, 102.0)
    other.close()
    assert heard(manager) == ["STATUS=1 queued", "STATUS=1 queued. Busy."]
    assert bulletin.next_due() > 102.0, "or the loop spins"


def test_what_came_too_soon_is_said_later(
    manager: socket.socket, bulletin: SystemdStatusLine, sqlite_ledger: Ledger
) -> None:
    bulletin.update(LIVE, 0, 100.0)
    drop(sqlite_ledger, "a", links("AAAAAAAAAAA"))
    bulletin.update(LIVE, 2, 100.1)
    assert heard(manager) == ["STATUS=Idle"]
    assert bulletin.next_due() == 100.0 + MIN_INTERVAL_S
    bulletin.update(LIVE, 2, bulletin.next_due())
    assert heard(manager) == ["STATUS=1 queued"]


def test_an_idle_daemon_is_not_woken_for_it(bulletin: SystemdStatusLine) -> None:
    bulletin.update(LIVE, 0, 100.0)
    bulletin.update(LIVE, 0, 100.1)
    assert bulletin.next_due() == float("inf")

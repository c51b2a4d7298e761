"""What systemd hears, at a real socket in its place; the clock is given."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ytaudio_daemon.daemon.systemd_watchdog import (
    PING_INTERVAL_S,
    START_EXTENSION_S,
    UNHEALTHY_LIMIT_S,
    SystemdWatchdog,
)
from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerError,
    LedgerFullError,
    LedgerUnreachableError,
    YtaudioError,
)
from ytaudio_daemon.system.systemd_notify import SystemdNotifier

Heard = Callable[[], list[str]]


class Start:
    """A start that is done when the test says so."""

    is_over = False


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[SystemdNotifier, Heard]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(0)

        def heard() -> list[str]:
            found = []
            while True:
                try:
                    found.append(channel.recv(4096).decode())
                except BlockingIOError:
                    return found

        yield SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), heard


def test_ready_is_said_once_and_only_when_all_is_up(
    manager: tuple[SystemdNotifier, Heard],
) -> None:
    notifier, heard = manager
    start = Start()
    pulse = SystemdWatchdog(notifier, lambda: start.is_over, 0.0)
    said = []
    for mono in range(25):
        pulse.ping(float(mono))
        said += heard()
    more_time = f"EXTEND_TIMEOUT_USEC={int(START_EXTENSION_S * 1e6)}"
    assert [word for word in said if word != "WATCHDOG=1"] == [more_time] * 3
    start.is_over = True
    pulse.ping(25.0)
    assert heard() == ["READY=1", "WATCHDOG=1"]
    pulse.ping(26.0)
    pulse.ping(60.0)
    assert heard() == ["WATCHDOG=1"]


def test_the_watchdog_is_fed_in_time(manager: tuple[SystemdNotifier, Heard]) -> None:
    _, heard = manager
    pulse = SystemdWatchdog(
        SystemdNotifier({"WATCHDOG_USEC": "60000000"}), lambda: True, 0.0
    )
    pulse.ping(0.0)
    assert pulse.next_due() == 30.0
    assert not heard()


@pytest.mark.parametrize(
    ("error", "is_fed"),
    [
        (LedgerBusyError("somebody writes"), True),
        (LedgerFullError("no room"), True),
        (LedgerUnreachableError("no server"), True),
        (LedgerError("cannot be opened and written"), False),
        (OSError(24, "Too many open files"), False),
    ],
)
def test_a_loop_that_spins_without_writing_is_well_only_where_others_are_to_blame(
    manager: tuple[SystemdNotifier, Heard],
    error: YtaudioError | OSError,
    *,
    is_fed: bool,
) -> None:
    notifier, heard = manager
    pulse = SystemdWatchdog(notifier, lambda: True, 0.0)
    mono = 0.0
    while mono < UNHEALTHY_LIMIT_S + PING_INTERVAL_S:
        pulse.ledger_failed(error, mono)
        pulse.ping(mono)
        mono += PING_INTERVAL_S
    heard()
    pulse.ping(mono)
    assert (heard() == ["WATCHDOG=1"]) == is_fed
    pulse.ledger_written(mono + 1)
    pulse.ping(mono + PING_INTERVAL_S + 1)
    assert heard() == ["WATCHDOG=1"]

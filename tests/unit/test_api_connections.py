"""Which connection gives way, whom an address counts for, and what repeats in a log."""

import logging

import pytest

from ytaudio_daemon.api.connection_table import (
    MAX_CONNECTIONS,
    ConnectionLimits,
    ConnectionTable,
    peer_of,
)
from ytaudio_daemon.system.repeated_logs import QUIET_S, RepeatFilter


def table(total: int, per_peer: int) -> ConnectionTable:
    return ConnectionTable(ConnectionLimits(total=total, per_peer=per_peer))


def test_the_longest_without_a_request_gives_way() -> None:
    connections = table(3, 3)
    for name in "abc":
        assert connections.admit(name, "peer").evicted is None
    connections.set_waiting("a", is_waiting=False)
    assert connections.admit("d", "peer").evicted == "b"
    assert connections.admit("e", "peer").evicted == "c"
    # Whose request was answered waits again, behind the others.
    connections.set_waiting("a", is_waiting=True)
    assert connections.admit("f", "peer").evicted == "d"
    assert len(connections) == 3


def test_requests_being_handled_are_not_interrupted() -> None:
    connections = table(2, 2)
    for name in "ab":
        connections.admit(name, "peer")
        connections.set_waiting(name, is_waiting=False)
    assert not connections.admit("c", "peer").is_admitted
    connections.remove("a")
    assert connections.admit("c", "peer").is_admitted


def test_one_peer_takes_no_more_than_its_part() -> None:
    connections = table(4, 2)
    connections.admit("other", "other")
    for number in range(10):
        evicted = connections.admit(number, "greedy").evicted
        assert evicted == (number - 2 if number >= 2 else None)
    assert len(connections) == 3


def test_a_peer_at_the_total_takes_the_place_of_anybody_who_waits() -> None:
    connections = table(2, 2)
    connections.admit("a", "first")
    connections.admit("b", "second")
    assert connections.admit("c", "third").evicted == "a"


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:2", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_a_network_of_ipv6_is_one_peer(address: str, peer: str) -> None:
    assert peer_of(address) == peer


def test_limits_leave_descriptors_for_the_rest() -> None:
    assert ConnectionLimits.within(1024).total * 2 < 1024
    assert ConnectionLimits.within(1 << 20).total == MAX_CONNECTIONS
    assert ConnectionLimits.within(10).per_peer > 0


def test_what_repeats_is_logged_once_a_minute_with_its_number() -> None:
    now = 1000.0
    only_once = RepeatFilter(lambda: now)

    def logged(text: object, level: int = logging.WARNING) -> object:
        record = logging.LogRecord("uvicorn.error", level, "", 0, text, (), None)
        return record.msg if only_once.filter(record) else None

    assert logged("Invalid HTTP request received.") == "Invalid HTTP request received."
    assert logged("Invalid HTTP request received.") is None
    assert logged("another") == "another"
    assert logged("Invalid HTTP request received.", logging.INFO) is not None
    assert logged({"event": "api.failed", "error": "a"}) is not None
    assert logged({"event": "api.failed", "error": "a"}) is None
    assert logged({"event": "api.failed", "error": "b"}) is not None
    now += QUIET_S
    assert "1 more" in str(logged("Invalid HTTP request received."))
    assert logged({"event": "api.failed", "error": "a"}) == {
        "event": "api.failed",
        "error": "a",
        "repeated": 1,
    }

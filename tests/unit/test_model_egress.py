"""Egresses: their keys, whose gates stop what, whose turn it is, and what is said."""

from dataclasses import replace

import pytest

from ytaudio_daemon.cli.commands.queue_report import _egress_text
from ytaudio_daemon.daemon.problems import gate_problems
from ytaudio_daemon.model.egress import (
    EgressTurns,
    egresses_of,
    gates_at,
    gates_for_all,
    is_open,
)
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.hints import NOTHING_SET

WALL = 1_800_000_000.0
SOCKS = "socks5://one.example:1080"
SITE = Gate(
    name=GateName.SITE,
    code="bot_check",
    reason="A bot check.",
    hint="Wait.",
    closed_at=WALL,
    until=WALL + 900,
    closures=1,
)
SITE_BY_SOCKS = replace(SITE, egress=SOCKS)
HOST = replace(SITE, name=GateName.HOST, reason="The disk is full.", until=WALL + 60)


@pytest.mark.parametrize("proxies", [[], [""], ["socks5://me:hush@one.example:1080"]])
def test_a_single_egress_has_the_key_of_before(proxies: list[str]) -> None:
    [one] = egresses_of(proxies)
    assert (one.key, one.name, one.proxy) == ("", "default", "".join(proxies))


def test_keys_have_no_secrets_and_are_distinct() -> None:
    found = egresses_of(
        [
            "",
            "socks5://me:hush@one.example:1080",
            "socks5://you:hush@one.example:1080",
            "http://[::1]:3128",
        ]
    )
    keys = [one.key for one in found]
    assert keys == ["", SOCKS, f"{SOCKS}#2", "http://[::1]:3128"]
    assert found[2].proxy == "socks5://you:hush@one.example:1080"


def test_a_gate_of_one_egress_stops_no_other() -> None:
    closed = [SITE_BY_SOCKS]
    assert gates_at(SOCKS, closed) == closed
    assert gates_at("", closed) == []
    assert is_open("", closed, WALL)
    assert not is_open(SOCKS, closed, WALL)
    assert is_open(SOCKS, closed, WALL + 901), "one probe may go"


def test_a_fault_of_the_machine_stops_all() -> None:
    assert gates_at(SOCKS, [HOST]) == gates_at("", [HOST]) == [HOST]
    assert gates_for_all(["", SOCKS], [HOST, SITE]) == [HOST]


def test_nothing_is_started_when_every_egress_is_shut() -> None:
    both = [SITE, SITE_BY_SOCKS]
    assert gates_for_all(["", SOCKS], both) == both
    assert gates_for_all([""], [SITE]) == [SITE]


def test_an_egress_that_is_no_longer_configured_stops_nothing() -> None:
    assert gates_for_all([""], [SITE_BY_SOCKS]) == []
    assert (
        list(gate_problems(egresses_of([]), [SITE_BY_SOCKS], NOTHING_SET, WALL)) == []
    )


def test_the_least_busy_egress_is_next_then_the_longest_unused() -> None:
    turns = EgressTurns()
    taken: list[str] = []
    for _ in range(4):
        taken.append(turns.in_order("ab", taken)[0])
        turns.use(taken[-1])
    assert taken == ["a", "b", "a", "b"]
    assert turns.in_order("ab", ["b"]) == ["a", "b"]
    assert turns.in_order("ab", []) == ["a", "b"], "a was used before b"
    turns.use("a")
    assert turns.in_order("ab", []) == ["b", "a"]


def test_problems_say_what_goes_on_and_what_does_not() -> None:
    egresses = egresses_of(["", "socks5://me:hush@one.example:1080"])
    [one] = gate_problems(egresses, [SITE_BY_SOCKS], NOTHING_SET, WALL)
    assert one[0] == "egress_closed"
    assert f"by {SOCKS} until" in one[1]
    both = list(gate_problems(egresses, [SITE, SITE_BY_SOCKS], NOTHING_SET, WALL))
    assert [code for code, _, _ in both] == ["site", "site"]
    [host] = gate_problems(egresses, [HOST], NOTHING_SET, WALL)
    assert host[0] == "host"
    assert "started until" in host[1]
    [alone] = gate_problems(egresses_of([]), [SITE], NOTHING_SET, WALL)
    assert alone[0] == "site"
    assert "started until" in alone[1]


def test_status_shows_an_egress_with_its_gate_and_pace() -> None:
    shut = {"name": "site", "reason": "A bot check.", "until": "2027-01-15T08:15:00Z"}
    pace = {"burst": 30, "per_hour": 300, "available": 7}
    said = _egress_text({"name": SOCKS, "gates": [shut], "pace": pace}, WALL)
    assert said.startswith(f"{SOCKS}: closed: site until ")
    assert said.endswith("7 of 30 may begin at once, then 300 an hour")
    free = _egress_text({"name": "default", "gates": [], "pace": None}, WALL)
    assert free == "default: open"

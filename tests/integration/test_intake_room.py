"""Many drops, and big ones: how many lie on the table, and whose turn it is."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House
from ytaudio_daemon.intake import reading
from ytaudio_daemon.intake.parsed_drop import ParsedDrop
from ytaudio_daemon.intake.reading import MAX_PARSED_BYTES, fits_in_memory
from ytaudio_daemon.system import failpoints

MIB = 1 << 20


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def recorded() -> Iterator[list[str]]:
    """The names of drops in the order in which they were recorded to their end."""
    names: list[str] = []

    def observer(step: str, about: str) -> None:
        if step == "drop.recorded":
            names.append(about)

    failpoints.on_failpoint(observer)
    yield names
    failpoints._observers.remove(observer)


@pytest.mark.parametrize(
    ("sizes", "size", "fits"),
    [
        ([], 64 * MIB, True),
        ([64 * MIB], 64 * MIB, False),
        ([64 * MIB], 1000, True),
        ([1000] * 100, 64 * MIB, True),
        ([64 * MIB, MAX_PARSED_BYTES], 1, False),
    ],
)
def test_one_big_drop_at_a_time(sizes: list[int], size: int, *, fits: bool) -> None:
    assert fits_in_memory(sizes, size) is fits


def test_a_long_drop_holds_up_no_short_one(house: House, recorded: list[str]) -> None:
    house.drop("long.txt", LINKS * 2500)
    house.intake.mark_dirty(None)
    while not house.ask("SELECT id FROM drops"):
        house.intake.process_drops(house.now, time.monotonic())
    house.drop("short.txt")
    house.take()
    assert recorded == ["b'short.txt'", "b'long.txt'"]
    assert house.ask("SELECT count(*) FROM lines") == [(5002,)]


def test_big_drops_are_not_all_in_memory(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no room yet is taken later, and nothing is lost."""
    monkeypatch.setattr(reading, "MAX_PARSED_BYTES", 50_000)
    most = 0
    plain = ParsedDrop.next_entries

    def weighed(parsed_drop: ParsedDrop, count: int, enough: float) -> object:
        nonlocal most
        most = max(most, sum(each.size for each in house.intake._recorder.parsed_drops))
        return plain(parsed_drop, count, enough)

    monkeypatch.setattr(ParsedDrop, "next_entries", weighed)
    for number in range(12):
        house.drop(f"{number}.txt", LINKS * 1000)
    house.take()
    assert house.ask("SELECT state, count(*) FROM drops") == [("filed", 12)]
    assert house.ask("SELECT count(*) FROM lines") == [(24_000,)]
    size = len(LINKS) * 1000
    assert size <= most <= size + 50_000


def test_a_flood_is_taken_although_few_files_are_tracked_at_once(house: House) -> None:
    stability = house.intake._stability
    stability.max_files = 3
    for number in range(20):
        house.drop(f"{number}.txt")
    house.intake.mark_dirty(None)
    assert house.intake.process_drops(house.now, time.monotonic())
    house.take()
    assert house.intake.has_scanned_once
    assert house.ask("SELECT state, count(*) FROM drops") == [("filed", 20)]


def test_many_empty_folders_are_looked_at_in_pieces(house: House) -> None:
    for number in range(20):
        (house.layout.inbox / f"empty-{number}").mkdir()
    house.intake.mark_dirty(None)
    scanner = house.intake._scanner
    assert not list(scanner.scan(time.monotonic(), time.monotonic() + 60))
    scanner.mark_dirty(None)
    looks = 0
    while scanner.is_busy():
        looks += 1
        if scanner._scan is None:
            scanner._begin_scan(time.monotonic())
        assert not list(scanner._continue_scan(deadline=0.0))
    assert looks > 20

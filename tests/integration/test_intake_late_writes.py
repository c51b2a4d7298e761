"""A drop that is written to after it was filed is taken again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House

SECOND = "https://youtu.be/BBBBBBBBBBB\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def write_in_place(path: Path, content: bytes) -> None:
    """Write like a copy that goes on in the file it has open."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    # The clock of some file systems is coarse: the write came a second later.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))


def look_again(house: House) -> None:
    house.let_pass(60)
    house.take()
    house.take()


def test_a_rejected_drop_whose_bytes_come_later_is_taken(house: House) -> None:
    (house.inbox / "songs.txt").write_bytes(bytes(len(LINKS)))
    house.take()
    rejected = house.inbox / "rejected" / "songs.txt"
    assert rejected.exists()

    write_in_place(rejected, LINKS.encode())
    look_again(house)

    assert house.ask("SELECT video_id FROM jobs") == [("AAAAAAAAAAA",)]
    assert house.ask("SELECT state FROM drops") == [("rejected",), ("filed",)]


def test_a_half_filled_drop_whose_other_half_comes_later_is_taken_whole(
    house: House,
) -> None:
    half = LINKS.encode() * 40
    (house.inbox / "songs.txt").write_bytes(half + b"\n" * len(SECOND))
    house.take()
    filed = house.inbox / "processed" / "songs.txt"

    write_in_place(filed, half + SECOND.encode())
    look_again(house)

    jobs = house.ask("SELECT video_id FROM jobs ORDER BY id")
    assert jobs == [("AAAAAAAAAAA",), ("BBBBBBBBBBB",)]


def test_a_filed_drop_that_nobody_writes_to_stays_filed(house: House) -> None:
    house.drop()
    house.take()
    look_again(house)
    assert house.ask("SELECT state FROM drops") == [("filed",)]


def test_a_drop_replaced_before_it_is_filed_is_taken_without_the_next_rescan(
    house: House,
) -> None:
    house.drop(content=LINKS)
    house.take_until_recorded()

    house.drop(content=SECOND)
    house.take()

    jobs = house.ask("SELECT video_id FROM jobs ORDER BY id")
    assert jobs == [("AAAAAAAAAAA",), ("BBBBBBBBBBB",)]
    assert (house.inbox / "processed" / "songs.txt").read_text() == SECOND

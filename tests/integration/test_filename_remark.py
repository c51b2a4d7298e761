"""A template that names all files alike is remarked, the same by `check` and by intake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import House
from ytaudio_daemon.cli.commands.line_checks import check_lines
from ytaudio_daemon.dropfile import DropKind
from ytaudio_daemon.model.filename_fields import ONE_NAME_REMARK

FIRST, SECOND = "https://youtu.be/AAAAAAAAAAA", "https://youtu.be/BBBBBBBBBBB"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.close()


@pytest.mark.parametrize(
    ("content", "remarked"),
    [
        (f'filename="Mine"\n{FIRST}\n{SECOND}\n', {3}),
        (f'filename="{{title}}"\n{FIRST}\n{SECOND}\n', {2}),
        (f'{FIRST} filename="Mine"\n{SECOND} filename="Yours"\n', set()),
        (f'filename="%(title)s"\n{FIRST}\n{SECOND}\n', set()),
    ],
)
def test_check_and_the_receipt_say_the_same(
    house: House, content: str, remarked: set[int]
) -> None:
    house.drop("songs.txt", content)
    house.take()
    house.show()
    (receipt,) = house.inbox.rglob("*.receipt.txt")
    checked = check_lines(content.encode(), DropKind.TEXT, {}, "192k")
    assert {
        each.drop_line.line for each in checked if each.message == ONE_NAME_REMARK
    } == remarked
    assert house.ask("SELECT line FROM lines WHERE message IS NOT NULL") == [
        (line,) for line in remarked
    ]
    unbroken = " ".join(receipt.read_text().split())
    assert unbroken.count(ONE_NAME_REMARK) == len(remarked)

"""Lists in the shapes that people export, share and type: no link is lost in silence."""

import os
import re
from pathlib import Path

import pytest

from ytaudio_daemon.dropfile import DropLine, drop_kind, parse

FOLDER = Path(__file__).parents[1] / "doorstep"
EXPECTED = FOLDER / "expected.tsv"
FILES = sorted(set(FOLDER.iterdir()) - {EXPECTED, FOLDER / "README.md"})
#: Asked before the tests clear the environment.
WRITES = bool(os.environ.get("YTAUDIO_WRITE_GOLDENS"))
#: The made-up IDs: three letters of the file and a number.
MADE_UP_ID = re.compile(rb"[A-Z][a-z0-9]{2}0000[0-9]{4}")
#: They describe another video, or are the page's own machinery.
FACTS = {b"Scr00000001", b"Ytd00000009", b"M3u00000009", b"Own00000335", b"Own00000337"}


def entries(path: Path) -> list[DropLine]:
    kind = drop_kind(path.name)
    assert kind is not None
    return list(parse(path.read_bytes(), kind))


def row(path: Path, entry: DropLine) -> str:
    result = "switched_off" if entry.is_switched_off else entry.code or "accepted"
    video = entry.link.video_id if entry.link else "-"
    named = entry.collection.key if entry.collection else video
    return f"{path.name}\t{entry.place}\t{result}\t{named}\n"


def test_every_link_ends_as_expected() -> None:
    found = "".join(row(path, entry) for path in FILES for entry in entries(path))
    if WRITES:
        EXPECTED.write_text(found)
    assert found == EXPECTED.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_id_is_lost(path: Path) -> None:
    """Other than the parser's own idea of a link: the IDs are looked for as bytes."""
    written = set(MADE_UP_ID.findall(path.read_bytes().replace(b"\x00", b"")))
    told = "".join(
        f"{entry.link.video_id if entry.link else ''} {entry.text}\n"
        for entry in entries(path)
    )
    assert {name for name in written - FACTS if name.decode() not in told} == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_entries_come_in_order_and_each_place_once(path: Path) -> None:
    found = [entry for entry in entries(path) if not entry.is_switched_off]
    places = [(entry.line, entry.part or 0) for entry in found]
    assert places == sorted(set(places))

"""A line of several links: each is taken, refused and receipted for itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.intake_rig import House
from ytaudio_daemon.intake import recording
from ytaudio_daemon.ledger import pruning
from ytaudio_daemon.views import switched_off_lines

FIRST, SECOND = "https://youtu.be/AAAAAAAAAAA", "https://youtu.be/BBBBBBBBBBB"
PARTS = "SELECT line, part, result FROM lines ORDER BY drop_id, line, part"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.close()


def receipt(house: House) -> str:
    house.show()
    (file,) = house.inbox.rglob("*.receipt.txt")
    return file.read_text()


def test_each_link_of_a_line_is_an_entry_with_the_options_of_the_line(
    house: House,
) -> None:
    house.drop("songs.txt", f"{FIRST} and {SECOND} format=opus\n{FIRST}\n")
    house.take()
    assert house.ask(PARTS) == [
        (1, 1, "accepted"),
        (1, 2, "accepted"),
        (2, 0, "accepted"),
    ]
    jobs = house.ask("SELECT video_id, drop_line, drop_part, options FROM jobs")
    assert [(v, line, part, _format(o)) for v, line, part, o in jobs] == [
        ("AAAAAAAAAAA", 1, 1, "opus"),
        ("BBBBBBBBBBB", 1, 2, "opus"),
        ("AAAAAAAAAAA", 2, None, "mp3"),
    ]


def _format(options: object) -> object:
    return json.loads(str(options))["format"]


def test_the_same_link_twice_on_a_line_is_one_entry(house: House) -> None:
    house.drop("songs.md", f"[{FIRST}]({FIRST})\n")
    house.take()
    assert house.ask(PARTS) == [(1, 0, "accepted")]


def test_a_receipt_names_the_parts(house: House) -> None:
    house.drop(
        "songs.txt", f"{FIRST}\n{FIRST} {SECOND}\nhttps://youtu.be/cut {SECOND}\n"
    )
    house.take()
    text = receipt(house)
    assert [row.split()[0] for row in text.splitlines() if "youtu.be" in row][:4] == [
        "1",
        "2.1",
        "2.2",
        "3.1",
    ]
    (file,) = (house.layout.status / "receipts" / "alice").glob("*.json")
    lines = json.loads(file.read_text())["lines"]
    assert [(line["line"], line["part"], line["result"]) for line in lines] == [
        (1, None, "accepted"),
        (2, 1, "duplicate"),
        (2, 2, "accepted"),
        (3, 1, "rejected"),
        (3, 2, "duplicate"),
    ]
    (failed,) = house.inbox.rglob("*.failed.txt")
    assert "# line 3.1: " in failed.read_text()


@pytest.mark.parametrize("step", ["batch.recorded", "drop.recorded", "drop.moved"])
def test_a_kill_between_the_parts_of_a_line_loses_and_repeats_none(
    house: House, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LINES_PER_BATCH", 2)
    links = [f"https://youtu.be/{number:011}" for number in range(5)]
    house.drop("songs.txt", f"{FIRST}\n{' '.join(links)}\n#{SECOND}\n{SECOND}\n")
    house.die_at(step)
    house.take()
    assert house.ask(PARTS) == [
        (1, 0, "accepted"),
        *((2, part, "accepted") for part in range(1, 6)),
        (4, 0, "accepted"),
    ]
    assert house.ask("SELECT accepted, cursor FROM drops") == [(7, 4)]
    assert house.ask("SELECT line, number FROM switched_off_links") == [(3, 1)]
    assert house.ask("SELECT count(*) FROM jobs") == [(7,)]


@pytest.mark.parametrize("lines", [1, 7])
def test_a_page_of_one_line_is_taken_over_many_batches(
    house: House, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a batch ends with a switched-off link before others of its line."""
    monkeypatch.setattr(recording, "LINES_PER_BATCH", lines)
    items = "".join(
        f'<li><a href="https://youtu.be/{n:011}">x</a></li>' for n in range(40)
    )
    off = f"<!-- {SECOND} -->"
    house.drop("page.html", f"<html>{off}<ul>{items}</ul>{off}</html>")
    house.die_at("batch.recorded")
    house.take()
    assert house.ask("SELECT count(*), max(part), min(part) FROM lines") == [
        (40, 40, 1)
    ]
    assert house.ask("SELECT line, number FROM switched_off_links") == [(1, 1), (1, 2)]


def test_a_growing_list_takes_only_the_new_links_of_a_line(tmp_path: Path) -> None:
    house = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep")
    house.drop("songs.txt", f"{FIRST} {SECOND}\n")
    house.take()
    third = "https://youtu.be/CCCCCCCCCCC"
    house.drop("songs.txt", f"{FIRST} {SECOND} {third}\n")
    house.take()
    assert house.ask(PARTS) == [
        (1, 1, "accepted"),
        (1, 2, "accepted"),
        (1, 3, "accepted"),
    ]
    house.close()


# ------------------------------------------------------------- switched off and mended

OFF = "https://youtu.be/OOOOOOOOOOO"
MENDED = "https://youtu.be/MMMMMMMMMMM&t=30"


def document(house: House) -> dict[str, Any]:
    house.show()
    (file,) = (house.layout.status / "receipts" / "alice").glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_a_receipt_says_which_links_are_switched_off(house: House) -> None:
    text = f"{FIRST}\n\n# old ones\n#{OFF}\n{SECOND} # better than {OFF}\n; {OFF} {FIRST}\n"
    house.drop("songs.txt", text)
    house.take()
    assert "\n4 links are switched off (lines 4, 5, 6)\n" in receipt(house)
    found = document(house)
    assert found["switched_off"] == [4, 5, 6]
    assert (found["counts"]["switched_off"], found["counts"]["lines"]) == (4, 2)


def test_a_drop_whose_links_are_all_switched_off_says_so(house: House) -> None:
    house.drop("songs.txt", f"#{OFF}\n")
    house.take()
    house.show()
    (reason,) = house.inbox.rglob("*.reason.txt")
    said = reason.read_text()
    assert "its only link is switched off" in said
    assert "1 link is switched off (line 1)" in said
    assert document(house)["switched_off"] == [1]


def test_a_long_list_of_switched_off_links_is_written_in_pages(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switched_off_lines, "PAGE_LINES", 3)
    house.drop("songs.txt", f"#{OFF}\n" * 12 + f"{FIRST}\n")
    house.take()
    named = ", ".join(map(str, range(1, 11)))
    assert f"12 links are switched off (lines {named} and more)" in receipt(house)
    assert document(house)["switched_off"] == list(range(1, 13))


def test_switched_off_links_leave_with_their_session(house: House) -> None:
    house.drop("songs.txt", f"#{OFF}\n" * 3 + "nonsense\n")
    house.take()
    with house.ledger.write() as db:
        pruning.delete_lines(db, [1])
        pruning.delete_drops(db, 1)
    assert house.ask("SELECT count(*) FROM switched_off_links") == [(0,)]


def test_a_mended_link_says_how_it_was_read(house: House) -> None:
    house.drop("songs.txt", f"{MENDED}\n{FIRST}\n{MENDED} {SECOND}\n")
    house.take()
    remark = "read as https://www.youtube.com/watch?v=MMMMMMMMMMM"
    assert receipt(house).count(f"{remark}\n") == 2
    messages = [line["message"] for line in document(house)["lines"]]
    assert messages == [
        remark,
        None,
        f"{remark}; this session has this audio already",
        None,
    ]


def test_what_was_mended_is_taken_from_the_failed_list_as_it_is(house: House) -> None:
    """Mirrors and bare IDs of a line are refused once, each with its own link."""
    house.drop("songs.txt", "https://yewtu.be/watch?v=AAAAAAAAAAA\nBBBBBBBBBB1\n")
    house.take()
    house.show()
    (failed,) = house.inbox.rglob("*.failed.txt")
    house.drop("again.txt", failed.read_text())
    house.take()
    accepted = house.ask("SELECT video_id FROM jobs ORDER BY id")
    assert accepted == [("AAAAAAAAAAA",), ("BBBBBBBBBB1",)]
    assert house.ask("SELECT rejected FROM drops WHERE id = 2") == [(0,)]

"""Folders of lists that people put into a session's folder."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House
from ytaudio_daemon.folders.filed import filed_drops
from ytaudio_daemon.intake.late_writes import WATCHED_S
from ytaudio_daemon.ledger import drop_queries
from ytaudio_daemon.system import failpoints

STEPS = [step for step in failpoints.FAILPOINTS if step.startswith(("drop.", "batch."))]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def put(path: Path, content: str = LINKS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(house: House) -> list[tuple[object, ...]]:
    return house.ask("SELECT state, name, filed_name FROM drops ORDER BY name, id")


def files(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def test_lists_two_levels_deep_are_taken_and_filed_in_folders_like_theirs(
    house: House,
) -> None:
    put(house.inbox / "rock" / "a.txt")
    put(house.inbox / "rock" / "old" / "b.txt")

    house.take()

    assert names(house) == [
        ("filed", b"rock/a.txt", b"rock/a.txt"),
        ("filed", b"rock/old/b.txt", b"rock/old/b.txt"),
    ]
    assert files(house.inbox) == {"processed/rock/a.txt", "processed/rock/old/b.txt"}
    assert house.intake.ignored_files.ignored == {}


def test_receipts_lie_beside_the_list_and_name_its_path(house: House) -> None:
    put(house.inbox / "rock" / "a.txt")
    put(house.inbox / "a.txt")
    house.take()

    house.show()

    beside = house.inbox / "processed" / "rock"
    assert "rock/a.txt" in (beside / "a.txt.receipt.txt").read_text()
    assert "nonsense" in (beside / "a.txt.failed.txt").read_text()
    receipts = house.layout.receipts("alice")
    shown = {json.loads(file.read_text())["file"] for file in receipts.iterdir()}
    assert shown == {"a.txt", "rock/a.txt"}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_converges(house: House, step: str) -> None:
    put(house.inbox / "rock" / "a.txt")
    house.die_at(step)

    house.take()

    assert names(house) == [("filed", b"rock/a.txt", b"rock/a.txt")]
    assert files(house.inbox) == {"processed/rock/a.txt"}
    assert house.ask("SELECT count(*) FROM lines") == [(2,)]


def test_namesakes_get_numbers_below_their_folder(house: House) -> None:
    put(house.inbox / "rock" / "a.txt")
    house.take()
    put(house.inbox / "rock" / "a.txt")

    house.take()

    assert [row[2] for row in names(house)] == [b"rock/a.txt", b"rock/a.2.txt"]


def test_an_unusable_list_is_rejected_below_its_folder(house: House) -> None:
    put(house.inbox / "rock" / "a.txt", "nonsense\n")
    house.take()
    house.show()
    assert files(house.inbox / "rejected" / "rock") >= {"a.txt", "a.txt.reason.txt"}


def test_an_emptied_folder_goes_when_no_writer_comes_back(house: House) -> None:
    inner = house.inbox / "rock" / "old"
    put(inner / "b.txt")
    empty = house.inbox / "not filled yet"
    empty.mkdir()
    house.take()
    house.take()
    assert inner.is_dir()
    for folder in (inner, inner.parent, empty):
        os.utime(folder, (0, 0))
    house.take()
    os.utime(inner.parent, (0, 0))  # its entry went just now

    house.take()

    assert not inner.parent.exists()
    assert empty.is_dir()
    assert files(house.inbox) == {"processed/rock/old/b.txt"}


def test_what_a_writer_adds_later_comes_back_even_without_the_folder(
    house: House,
) -> None:
    put(house.inbox / "rock" / "a.txt")
    house.take()
    (house.inbox / "rock").rmdir()
    with (house.inbox / "processed" / "rock" / "a.txt").open("a") as file:
        file.write("https://youtu.be/BBBBBBBBBBB\n")
    house.let_pass(WATCHED_S / 2)

    house.take()
    house.take()

    assert [row[2] for row in names(house)] == [b"rock/a.txt", b"rock/a.txt"]
    assert house.ask("SELECT count(*) FROM jobs") == [(2,)]


def test_kept_lists_in_folders_stay_and_are_taken_once(tmp_path: Path) -> None:
    house = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep")
    put(house.inbox / "rock" / "a.txt")
    house.take()
    house.restart()
    house.take()
    assert names(house) == [("kept", b"rock/a.txt", None)]
    put(house.inbox / "rock" / "a.txt", f"{LINKS}https://youtu.be/BBBBBBBBBBB\n")
    house.take()
    assert house.ask("SELECT count(*) FROM jobs") == [(2,)]
    house.close()


def test_no_link_is_followed_and_systems_folders_are_silent(house: House) -> None:
    outside = house.layout.inbox.parent / "outside"
    put(outside / "secret.txt")
    (house.inbox / "linked").symlink_to(outside)
    for name in (".git", ".stversions", "@eaDir", "#recycle", "bundle.download"):
        put(house.inbox / name / "a.txt")

    house.take()

    assert names(house) == []
    assert [name for name, _ in house.intake.ignored_files.ignored["alice"]] == [
        "linked"
    ]


def test_a_link_where_drops_are_filed_leads_nowhere(
    house: House,
) -> None:
    put(house.inbox / "rock" / "a.txt")
    outside = house.layout.inbox.parent / "outside"
    outside.mkdir()
    house.inbox.joinpath("processed").mkdir()
    house.inbox.joinpath("processed", "rock").symlink_to(outside)

    house.take()

    assert names(house) == [("kept", b"rock/a.txt", None)]
    assert files(outside) == set()
    ((message, _),) = house.intake.ignored_files.unmovable_folders.reports()
    assert "'rock' is a link" in message
    house.inbox.joinpath("processed", "rock").unlink()
    house.let_pass(60)
    house.take()
    house.let_pass(60)
    house.take()
    assert names(house) == [("filed", b"rock/a.txt", b"rock/a.txt")]


def test_a_restored_ledger_knows_filed_lists_by_their_path(house: House) -> None:
    put(house.inbox / "rock" / "a.txt")
    house.take()
    (found,) = filed_drops(house.layout.inbox)
    assert found.drop_folder == house.inbox / "rock"
    with house.ledger.read() as db:
        assert found.key in drop_queries.known_drop_locations(db)


def test_a_folder_too_deep_is_named_until_it_is_moved_up(house: House) -> None:
    put(house.inbox / "b" / "a.txt")
    put(house.inbox / "rock" / "old" / "deep" / "a.txt")
    house.take()
    ((name, reason),) = house.intake.ignored_files.ignored["alice"]
    assert name == "rock/old/deep"
    assert "move its lists up" in reason
    assert names(house) == [("filed", b"b/a.txt", b"b/a.txt")]
    shutil.move(house.inbox / "rock" / "old" / "deep", house.inbox / "rock" / "x")
    house.take()
    assert house.intake.ignored_files.ignored == {}
    assert len(names(house)) == 2

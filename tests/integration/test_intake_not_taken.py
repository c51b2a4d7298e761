"""Whatever lies in the inbox and is not taken is named, with its remedy, while it does."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.cli_rig import Rig
from tests.integration.intake_rig import LINKS, House
from ytaudio_daemon.daemon.problems import MAX_NAMED_FILES, inbox_problems
from ytaudio_daemon.folders.prepare import prepare

Put = Callable[[Path], Path]


def a_pdf(inbox: Path) -> Path:
    path = inbox / "alice" / "songs.pdf"
    path.write_text(LINKS)
    return path


def a_pdf_at_the_root(inbox: Path) -> Path:
    path = inbox / "list.pdf"
    path.write_text(LINKS)
    return path


def a_deep_folder(inbox: Path) -> Path:
    path = inbox / "alice" / "one" / "two" / "three"
    path.mkdir(parents=True)
    return path


def a_hidden_folder(inbox: Path) -> Path:
    path = inbox / "alice" / ".lists"
    path.mkdir()
    return path


def a_hidden_folder_at_the_root(inbox: Path) -> Path:
    path = inbox / ".lists"
    path.mkdir()
    return path


def another_spelling_of_our_folder(inbox: Path) -> Path:
    path = inbox / "Processed"
    path.mkdir()
    return path


def filed_drops_of_another_session(inbox: Path) -> Path:
    path = inbox / "alice" / "bob" / "processed"
    path.mkdir(parents=True)
    return path


def defaults_below_a_session(inbox: Path) -> Path:
    path = inbox / "alice" / "lists" / "defaults.toml"
    path.parent.mkdir()
    path.write_text('format = "opus"')
    return path


def a_link(inbox: Path) -> Path:
    path = inbox / "alice" / "songs.txt"
    path.symlink_to("/etc/hostname")
    return path


def a_second_name(inbox: Path) -> Path:
    path = inbox / "alice" / "songs.txt"
    other = inbox / "bob" / "processed" / "his.txt"
    other.parent.mkdir(parents=True)
    other.write_text(LINKS)
    os.link(other, path)
    return path


def a_second_name_of_the_state(inbox: Path) -> Path:
    path = inbox / "alice" / "songs.txt"
    other = inbox.parent / "state" / "secret"
    other.write_text(LINKS)
    os.link(other, path)
    return path


def a_linked_session_folder(inbox: Path) -> Path:
    target = inbox.parent / "music"
    target.mkdir()
    (target / "songs.txt").write_text(LINKS)
    path = inbox / "bob"
    path.symlink_to(target)
    return path


#: What is put there, the session it is meant for, and a word of its remedy.
CASES = [
    (a_pdf, "alice", "name must end in"),
    (a_pdf_at_the_root, "default", "name must end in"),
    (a_deep_folder, "alice", "move its lists up"),
    (a_hidden_folder, "alice", "rename it, without the dot"),
    (a_hidden_folder_at_the_root, ".lists", "cannot start with a dot"),
    (another_spelling_of_our_folder, "Processed", "is reserved for filed drops"),
    (filed_drops_of_another_session, "alice", "rename it"),
    (defaults_below_a_session, "alice", "write its options there"),
    (a_link, "alice", "copy the file itself"),
    (a_second_name, "alice", "copy the file instead"),
    (a_second_name_of_the_state, "alice", "copy the file instead"),
    (a_linked_session_folder, "bob", "make it a folder"),
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    prepare(made.layout)
    made.ledger().close()
    (made.layout.inbox / "alice").mkdir()
    yield made
    made.close()


def problems(house: House) -> list[str]:
    return [message for _, message, _ in inbox_problems(house.intake.ignored_files)]


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


@pytest.mark.parametrize(("put", "session", "remedy"), CASES)
def test_a_scan_makes_it_a_problem_until_it_goes(
    house: House, put: Put, session: str, remedy: str
) -> None:
    path = put(house.layout.inbox)
    shown = str(path.relative_to(house.layout.inbox.parent))

    house.take()

    (message,) = problems(house)
    assert message.startswith(shown)
    assert remedy in message
    house.intake.mark_dirty(session)
    house.intake.mark_dirty("default")
    house.intake.process_drops(house.now, 0.0)
    assert problems(house) == [message], "another folder's scan does not remove it"
    remove(path)
    house.take()
    assert problems(house) == []


@pytest.mark.parametrize(("put", "session", "remedy"), CASES)
def test_doctor_and_status_name_it_before_there_is_a_session(
    rig: Rig, put: Put, session: str, remedy: str
) -> None:
    path = put(rig.layout.inbox)
    shown = str(path.relative_to(rig.root))

    findings = rig.call("doctor", "--json").json["findings"]
    status = rig.call("status", session)

    found = [f for f in findings if f["name"] == "inbox_contents"]
    assert [f["message"].startswith(shown) for f in found] == [True]
    assert remedy in found[0]["message"]
    assert (status.code, status.out) == (4, "")
    assert shown in status.err
    assert remedy in status.err
    remove(path)
    assert "not taken" not in rig.call("status", session).err
    assert "inbox_contents" not in rig.call("doctor", "--json").out


def test_a_second_name_elsewhere_is_no_obstacle(house: House) -> None:
    elsewhere = house.layout.inbox.parent / "lists.txt"
    elsewhere.write_text(LINKS)
    os.link(elsewhere, house.inbox / "songs.txt")

    house.take()

    assert problems(house) == []
    assert house.ask("SELECT state FROM drops") == [("filed",)]
    assert (house.inbox / "processed" / "songs.txt").samefile(elsewhere)
    os.link(elsewhere, house.inbox / "again.txt")
    house.take()
    (problem,) = problems(house)
    assert problem.startswith("inbox/alice/again.txt"), "its other name is processed"


@pytest.mark.parametrize("step", ["drop.read", "drop.recorded", "drop.moved"])
def test_a_drop_with_a_second_name_survives_a_crash(house: House, step: str) -> None:
    elsewhere = house.layout.inbox.parent / "lists.txt"
    elsewhere.write_text(LINKS)
    os.link(elsewhere, house.inbox / "songs.txt")
    house.die_at(step)

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops") == [("filed", b"songs.txt")]
    assert house.ask("SELECT count(*) FROM lines") == [(2,)]


def test_what_systems_keep_beside_a_file_is_never_mentioned(
    house: House,
) -> None:
    songs = ("songs.txt:Zone.Identifier", "songs.txt:AFP_AfpInfo", "._songs.txt")
    for folder in (house.inbox, house.inbox / "rock", house.layout.inbox):
        folder.mkdir(exist_ok=True)
        for name in (*songs, ".DS_Store", "Thumbs.db", "desktop.ini"):
            (folder / name).write_text(LINKS)

    house.take()

    assert problems(house) == []
    assert house.intake.ignored_files.ignored == {}
    assert house.ask("SELECT count(*) FROM drops") == [(0,)]
    rig = Rig(house.layout.inbox.parent)
    assert "inbox_contents" not in rig.call("doctor", "--json").out
    assert "not taken" not in rig.call("status", "alice").err
    rig.close()


def test_a_flood_of_other_files_is_counted(house: House) -> None:
    for number in range(MAX_NAMED_FILES + 5):
        (house.inbox / f"{number:03}.pdf").touch()
    house.take()
    assert len(problems(house)) == MAX_NAMED_FILES + 1
    assert problems(house)[-1].startswith("5 more files")


def test_what_was_taken_and_kept_is_no_problem(tmp_path: Path) -> None:
    house = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep")
    house.drop()
    house.take()
    os.utime(house.inbox / "songs.txt")
    house.take()
    assert house.intake.ignored_files.ignored["alice"]
    assert problems(house) == []
    house.close()

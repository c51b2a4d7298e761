"""What goes wrong with one drop or one folder holds up no other, and nothing ends."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.intake_rig import LINKS, House
from ytaudio_daemon.errors import LedgerUnreachableError
from ytaudio_daemon.folders import inbox, published, session_scan
from ytaudio_daemon.folders.inbox import IgnoredFile, InboxFile
from ytaudio_daemon.folders.inbox_scan import scan
from ytaudio_daemon.folders.safe_open import open_dir
from ytaudio_daemon.intake.recording import Recorder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def lines(house: House) -> list[tuple[object, ...]]:
    return house.ask("SELECT drop_id, line FROM lines ORDER BY drop_id, line")


@pytest.mark.parametrize("after_intake", ["move", "keep"])
def test_namesakes_of_one_content_are_two_drops(
    tmp_path: Path, after_intake: str
) -> None:
    """Straight in the inbox, and in default/: one session, one name, one content."""
    house = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE=after_intake)
    (house.layout.inbox / "default").mkdir()
    for folder in (house.layout.inbox, house.layout.inbox / "default"):
        (folder / "songs.txt").write_text(LINKS)

    house.take()

    assert lines(house) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert house.ask("SELECT count(*) FROM jobs") == [(1,)]
    house.close()


@pytest.mark.parametrize("where", ["commit", "look"])
def test_a_commit_whose_answer_was_lost_is_not_recorded_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    house.drop(content=LINKS * 750)  # two batches
    lost = [True, True]

    def lose() -> None:
        if lost:
            lost.pop()
            raise LedgerUnreachableError("the server went away")

    if where == "look":
        monkeypatch.setattr(house.ledger, "check_not_replaced", lose)
    else:
        plain = Recorder._apply_recorded

        def note(recorder: Recorder, recorded: Any) -> None:
            lose()
            plain(recorder, recorded)

        monkeypatch.setattr(Recorder, "_apply_recorded", note)
    while lost:
        with pytest.raises(LedgerUnreachableError):
            house.take()
        assert (house.inbox / "songs.txt").exists(), "nothing moves on such a word"
    house.take()
    assert lines(house) == [(1, number) for number in range(1, 1501)]
    assert house.ask("SELECT state, accepted, duplicate, rejected FROM drops") == [
        ("filed", 1, 749, 750)
    ]


def test_a_drop_that_was_taken_away_costs_no_older_one_its_receipt(
    house: House,
) -> None:
    house.drop()
    house.take()
    house.show()
    house.drop(content=f"{LINKS}https://youtu.be/BBBBBBBBBBB\n")
    house.intake.mark_dirty(None)
    while not house.ask("SELECT id FROM drops WHERE id = 2 AND state = 'recorded'"):
        house.intake.process_drops(house.now, time.monotonic())
        # The step that files it comes after the one that records it.
    (house.inbox / "songs.txt").unlink(missing_ok=True)
    house.take()
    names = house.ask("SELECT filed_name FROM drops ORDER BY id")
    assert names == [(b"songs.txt",), (b"songs.2.txt",)]


def test_defaults_that_are_being_written_are_waited_for(tmp_path: Path) -> None:
    """An editor empties the file before it fills it: an empty one has no options."""
    house = House(tmp_path, YTAUDIO_INBOX_SETTLE="300s")
    defaults = house.inbox / "defaults.toml"
    house.drop()
    house.take()
    house.let_pass(600)
    defaults.touch()
    house.take()
    assert house.ask("SELECT count(*) FROM drops") == [(0,)]

    defaults.write_text('format = "opus"\n')
    os.utime(defaults, (0, time.time() - 600))
    house.let_pass(600)
    house.take()
    assert house.ask("SELECT options ->> 'format' FROM jobs") == [("opus",)]
    house.close()


def test_a_session_folder_of_a_dead_mount_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bob", "carol"):
        (house.layout.inbox / name).mkdir()
        (house.layout.inbox / name / "songs.txt").write_text(LINKS)

    def dead(root: Path, *parts: str, **options: bool) -> object:
        if parts == ("bob",):
            raise OSError(107, "Transport endpoint is not connected")
        return open_dir(root, *parts, **options)

    monkeypatch.setattr(session_scan, "open_dir", dead)
    found = list(scan(house.layout.inbox))
    assert [f.location.session for f in found if isinstance(f, InboxFile)] == ["carol"]
    (ignored_file,) = [f for f in found if isinstance(f, IgnoredFile)]
    assert (ignored_file.name, "not connected" in ignored_file.reason) == (b"bob", True)


def test_a_file_behind_a_closed_door_is_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = tmp_path / "a.mp3"
    assert published.audio_is_gone(str(audio))
    assert published.audio_is_gone(None)
    audio.touch()
    assert not published.audio_is_gone(str(audio))

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", closed)
    assert not published.audio_is_gone(str(audio))


def test_a_leftover_in_a_closed_folder_holds_up_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drop()
    house.die_at("drop.recorded")
    (house.layout.inbox / "bob").mkdir()
    (house.layout.inbox / "bob" / "songs.txt").write_text(LINKS)

    def closed(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "name_exists", closed)
        house.intake.mark_dirty("bob")
        house.take()
        assert house.ask("SELECT count(*) FROM drops WHERE state = 'filed'") >= [(1,)]
    house.take()
    assert house.ask("SELECT DISTINCT state FROM drops") == [("filed",)]


def test_a_comment_added_to_a_kept_list_is_no_failure(tmp_path: Path) -> None:
    house = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep")
    house.drop()
    house.take()
    house.drop(content=f"{LINKS}# that was all\n")
    house.take()
    assert house.ask("SELECT state, reason FROM drops") == [("kept", None)] * 2
    house.close()

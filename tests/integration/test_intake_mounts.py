"""A disk that goes away under the intake: nothing is lost, the cause is told, it goes on."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.intake_rig import LIVE, House
from tests.odd_file_systems import short_names_program
from tests.others import mounted
from ytaudio_daemon.daemon.problems import inbox_problems
from ytaudio_daemon.daemon.reload import view_settings
from ytaudio_daemon.folders import drop_reader
from ytaudio_daemon.folders.drop_reader import DropReader
from ytaudio_daemon.intake import reading
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views import Views


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk that stays, wherever else it is mounted and lost."""
    root = tmp_path / "disk"
    root.mkdir()
    with mounted(root, "-t", "tmpfs", "tmpfs"):
        yield root


def bind(disk: Path, place: Path) -> None:
    subprocess.run(["mount", "--bind", disk, place], check=True)


def unmount(place: Path) -> None:
    subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def at(step: str, action: Callable[[], None]) -> Iterator[None]:
    """Do something at the first time that a step is reached."""
    pending = [action]

    def act(name: str, about: str) -> None:
        del about
        if name == step and pending:
            pending.pop()()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "_observers", [act])
        yield
    assert not pending


def problems(house: House) -> dict[str, tuple[str, str]]:
    found = inbox_problems(house.intake.ignored_files)
    return {code: (message, hint) for code, message, hint in found}


def states(house: House) -> list[tuple[object, ...]]:
    return house.ask("SELECT state, filed_name FROM drops ORDER BY id")


@pytest.mark.parametrize("is_whole_inbox", [False, True])
def test_a_mount_lost_before_filing_is_told_and_its_drop_is_filed_later(
    house: House, disk: Path, *, is_whole_inbox: bool
) -> None:
    place = house.layout.inbox if is_whole_inbox else house.inbox
    bind(disk, place)
    house.inbox.mkdir(exist_ok=True)
    house.drop()
    with at("drop.recorded", lambda: unmount(place)):
        house.take()
    house.take()

    assert states(house) == [("kept", None)]
    message, hint = problems(house)["drop_not_movable"]
    assert "what was mounted there is not mounted now" in message
    assert hint.startswith("Mount the file system")
    message, hint = problems(house)["mount_lost"]
    assert message.startswith(f"nothing is mounted at {place}")
    assert list(place.iterdir()) in ([], [place / "alice"])

    bind(disk, place)
    house.let_pass(60)
    house.take()
    house.let_pass(60)
    house.take()

    assert states(house) == [("filed", b"songs.txt")]
    assert house.ask("SELECT count(*) FROM lines") == [(2,)]
    assert problems(house) == {}
    unmount(place)


@pytest.mark.parametrize("is_same_disk", [True, False])
def test_a_drop_that_is_read_again_is_moved_once(
    house: House, disk: Path, tmp_path: Path, *, is_same_disk: bool
) -> None:
    """A disk has another number when it is back, or its file another time."""
    other = tmp_path / "other"
    other.mkdir()
    bind(disk, house.inbox)
    house.drop()
    with at("drop.recorded", lambda: unmount(house.inbox)):
        house.take()
    with mounted(other, "-t", "tmpfs", "tmpfs"):
        shutil.copy(disk / "songs.txt", other)
        os.utime(disk / "songs.txt", (1e9, 1e9))
        bind(disk if is_same_disk else other, house.inbox)
        house.take()
        assert states(house) == [("filed", b"songs.txt")]
        for _ in range(2):
            house.let_pass(60)
            house.take()
        unmount(house.inbox)

    assert states(house) == [("filed", b"songs.txt")]
    assert problems(house).keys() <= {"mount_lost"}


def test_a_mount_lost_while_a_drop_is_read_costs_nothing(
    house: House, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind(disk, house.inbox)
    house.drop()

    class Reader(DropReader):
        def read_some(self, blocks: int = 8) -> bool:
            is_end = super().read_some(blocks)
            if not is_end and house.inbox.is_mount():
                unmount(house.inbox)
            return is_end

    monkeypatch.setattr(reading, "DropReader", Reader)
    monkeypatch.setattr(drop_reader, "READ_BLOCK", 4)  # several steps

    house.take()
    house.take()

    assert states(house) == []
    assert "out of sight" in problems(house)["mount_lost"][0]
    monkeypatch.undo()
    bind(disk, house.inbox)
    house.take()
    assert states(house) == [("filed", b"songs.txt")]
    assert problems(house) == {}
    unmount(house.inbox)


def test_a_program_behind_a_mount_that_ends_is_the_cause_that_is_told(
    house: House, tmp_path: Path
) -> None:
    with short_names_program(tmp_path, house.inbox) as end:
        house.drop()
        with at("drop.recorded", end):
            house.take()
        house.take()
    try:
        assert states(house) == [("kept", None)]
        told = problems(house)
        assert set(told) == {"drop_not_movable", "bad_session_folder"}
        for message, hint in told.values():
            assert os.strerror(107) in message
            assert "ount" in hint + message
            assert "chmod" not in hint
            assert "Rename" not in hint
    finally:
        unmount(house.inbox)
    with short_names_program(tmp_path, house.inbox):
        house.let_pass(60)
        house.take()
        house.let_pass(60)
        house.take()
        assert states(house) == [("filed", b"songs.txt")]
        assert problems(house) == {}


def test_a_removed_mount_point_is_meant_to_be_gone(house: House, disk: Path) -> None:
    bind(disk, house.inbox)
    house.take()
    unmount(house.inbox)
    house.take()
    assert set(problems(house)) == {"mount_lost"}
    house.inbox.rmdir()
    house.take()
    assert problems(house) == {}


def test_receipts_of_a_lost_mount_are_written_when_it_is_back(
    house: House, disk: Path
) -> None:
    bind(disk, house.inbox)
    house.drop()
    house.take()
    unmount(house.inbox)
    views = Views(house.ledger, house.layout, view_settings(house.settings))
    house.take()
    while views.next_due(house.now) == 0:
        views.refresh(house.now, LIVE)
    assert not house.intake.pop_returned_mounts()
    bind(disk, house.inbox)
    house.take()

    assert house.intake.pop_returned_mounts()
    assert not house.intake.pop_returned_mounts()
    views.rewrite_receipts(house.now)
    views.refresh(house.now, LIVE)
    while views.next_due(house.now) == 0:
        views.refresh(house.now, LIVE)
    assert (disk / "processed" / "songs.txt.receipt.txt").exists()
    views.close()
    unmount(house.inbox)


def test_a_full_disk_is_named_by_its_folder(house: House, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    with mounted(small, "-t", "tmpfs", "-o", "size=64k,nr_inodes=3", "tmpfs"):
        (small / "songs.txt").write_text("https://youtu.be/AAAAAAAAAAA\n")
        (small / "fill.tmp").touch()
        bind(small, house.inbox)
        with pytest.raises(OSError, match="No space left") as full:
            house.take()
        assert full.value.filename == str(house.inbox)
        (small / "fill.tmp").unlink()
        house.take()
        assert states(house) == [("filed", b"songs.txt")]
        unmount(house.inbox)

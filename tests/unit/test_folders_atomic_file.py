"""Files in folders where strangers may write: nothing planted there is in the way."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import atomic_file
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter, remove_if_ours
from ytaudio_daemon.folders.safe_open import (
    open_dir,
    open_regular_file,
    read_regular_file,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.status_file import StatusFile

NAME = b"a.json"
#: Seconds after which a test that waits for a pipe is ended.
HANGS_S = 20


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """End a test that waits in an open, as SIGALRM interrupts it."""

    def fail(*_: object) -> None:
        raise AssertionError("it waits for a pipe")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(HANGS_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def socket_at(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def open_files() -> int:
    return len(names(Path("/proc/self/fd")))


def write(folder: Path, content: bytes = b"new") -> None:
    with AtomicFileWriter(folder, (), NAME) as file:
        file.write(content)
        file.commit()


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write(tmp_path, b"old")
    with AtomicFileWriter(tmp_path, (), NAME) as file:
        file.write(b"half")
        assert (tmp_path / "a.json").read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"], "left without a commit"
    assert (tmp_path / "a.json").read_bytes() == b"old"
    write(tmp_path)
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "plant",
    [
        os.mkfifo,
        socket_at,
        lambda path: path.symlink_to(path.parent / "target"),
        lambda path: path.write_bytes(b"theirs"),
        lambda path: os.link(path.parent / "target", path),
    ],
    ids=["pipe", "socket", "link", "file", "hard link"],
)
@pytest.mark.parametrize("name", ["a.json", ".a.json.tmp"])
def test_what_is_planted_is_never_opened_for_writing(
    tmp_path: Path, plant: Callable[[Path], None], name: str
) -> None:
    (tmp_path / "target").write_bytes(b"untouched")
    (tmp_path / "target").chmod(0o600)
    plant(tmp_path / name)
    write(tmp_path)
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert (tmp_path / "target").read_bytes() == b"untouched"
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o600


def test_no_two_temporary_names_are_the_same(tmp_path: Path) -> None:
    with (
        AtomicFileWriter(tmp_path, (), NAME),
        AtomicFileWriter(tmp_path, (), NAME),
    ):
        assert len(names(tmp_path)) == 2


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = os.fork()
    if pid == 0:
        killed = AtomicFileWriter(tmp_path, (), NAME)
        killed.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    (left,) = names(tmp_path)
    os.mkfifo(tmp_path / ".ytaudio-0123456789abcdef.tmp")

    with AtomicFileWriter(tmp_path, (), NAME) as living:
        assert left not in names(tmp_path)
        living.write(b"new")
        monkeypatch.setattr(atomic_file, "_searched_folders", set())
        write(tmp_path, b"other")
        living.commit()

    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert names(tmp_path) == [".ytaudio-0123456789abcdef.tmp", "a.json"]


def test_a_failed_commit_leaves_nothing_and_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    open_before = open_files()
    with pytest.raises(OSError, match=r"'a\.json'$"):
        write(tmp_path)
    assert names(tmp_path) == ["a.json"]
    assert open_files() == open_before


def test_a_folder_that_cannot_be_written_is_reported_with_the_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.open

    def refuse(path: object, flags: int, *args: int, **options: int) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", path)
        return plain(path, flags, *args, **options)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(os, "open", refuse)
    open_before = open_files()
    with pytest.raises(PermissionError, match=r"'a\.json'$"):
        write(tmp_path)
    assert open_files() == open_before


def test_a_file_of_somebody_elses_is_neither_replaced_nor_removed(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.json").write_bytes(b"theirs")
    with pytest.raises(UnsafePathError), AtomicFileWriter(tmp_path, (), NAME) as file:
        file.commit(b"# ours")
    remove_if_ours(tmp_path, (), NAME, b"# ours")
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"theirs"


@pytest.mark.parametrize(
    "plant",
    [
        os.mkfifo,
        socket_at,
        Path.mkdir,
        lambda path: path.symlink_to("/etc/hostname"),
        lambda path: path.symlink_to("/dev/zero"),
    ],
    ids=["pipe", "socket", "folder", "link", "device"],
)
def test_only_regular_files_are_opened_for_reading(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    plant(tmp_path / "x")
    open_before = open_files()
    with open_dir(tmp_path) as folder, pytest.raises(UnsafePathError):
        open_regular_file(folder, "x")
    assert open_files() == open_before


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    with open_dir(tmp_path) as folder:
        assert read_regular_file(folder, "x", 4) == b"0123"
        assert read_regular_file(folder, "x", 100) == b"0123456789"


def test_a_pipe_in_the_place_of_a_status_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "daemon.json")
    os.mkfifo(tmp_path / ".daemon.json.tmp")
    now = Now(wall=0.0, uptime_s=0.0)
    document: Any = {"schema": "x/1"}
    assert StatusFile(tmp_path, "daemon.json").write(document, now)
    assert (tmp_path / "daemon.json").read_bytes().startswith(b'{"schema": "x/1"')

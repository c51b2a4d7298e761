"""Regular files are opened, and nothing else is; new files are made by us alone."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ytaudio_daemon.system.regular_files import (
    NotRegularFileError,
    create_file,
    open_own_file,
    open_regular_file,
    read_regular_file,
)


def socket_at(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o666)


PLANTS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "link": lambda path: path.symlink_to(path.with_name("victim")),
    "socket": socket_at,
    "folder": Path.mkdir,
    "null": lambda path: path.symlink_to("/dev/null"),
}


@pytest.fixture(params=PLANTS)
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "victim").write_text("precious")
    path = tmp_path / "name"
    PLANTS[request.param](path)
    return path


def test_what_is_no_regular_file_is_not_read(planted: Path) -> None:
    with pytest.raises(NotRegularFileError) as caught:
        read_regular_file(planted, 100)
    assert caught.value.filename == str(planted)


def test_what_is_no_regular_file_is_not_written(planted: Path) -> None:
    with pytest.raises(OSError, match=r"plain file|symbolic link|directory"):
        open_own_file(planted, 0o600)
    with pytest.raises(FileExistsError):
        create_file(planted)
    assert (planted.parent / "victim").read_text() == "precious"


def test_a_new_file_takes_the_place_of_a_planted_one(tmp_path: Path) -> None:
    path, victim = tmp_path / "name", tmp_path / "victim"
    victim.write_text("precious")
    for plant in (path.symlink_to, path.hardlink_to):
        plant(victim)
        os.close(create_file(path, 0o600, replace=True))
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600
        assert victim.read_text() == "precious"
        path.unlink()


def test_links_that_the_caller_chose_are_followed_to_files_alone(
    tmp_path: Path,
) -> None:
    link = tmp_path / "link"
    (tmp_path / "file").write_bytes(b"0123")
    link.symlink_to("file")
    assert read_regular_file(link, 4, follow_links=True) == b"0123"
    (tmp_path / "file").unlink()
    os.mkfifo(tmp_path / "file")
    with pytest.raises(NotRegularFileError):
        open_regular_file(link, follow_links=True)


def test_what_is_bigger_than_its_limit_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"01234")
    with pytest.raises(OSError, match="File too large") as caught:
        read_regular_file(tmp_path / "file", 4)
    assert caught.value.errno == errno.EFBIG


def test_a_file_of_ours_keeps_its_content_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"kept")
    path.chmod(0o640)
    os.close(open_own_file(path, 0o600))
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"kept", 0o640)

"""Folders that stay open for a batch of files."""

import os
from pathlib import Path

import pytest

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import open_dirs
from ytaudio_daemon.folders.open_dirs import OpenDirs


def is_same(descriptor: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(descriptor), path.stat())


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_folder_is_opened_once_and_closed_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    before = descriptors()
    with OpenDirs() as dirs:
        folder = dirs.folder(tmp_path, "a")
        assert dirs.folder(tmp_path, "a") == folder
        inner = dirs.child(folder, "b")
        assert dirs.child(folder, "b") == inner
        assert is_same(folder, tmp_path / "a")
        assert is_same(inner, tmp_path / "a" / "b")
    assert descriptors() == before


def test_a_folder_that_was_removed_is_opened_anew(tmp_path: Path) -> None:
    with OpenDirs() as dirs:
        dirs.folder(tmp_path, "a", make=True)
        (tmp_path / "a").rmdir()
        with pytest.raises(FileNotFoundError):
            dirs.folder(tmp_path, "a")
        assert is_same(dirs.folder(tmp_path, "a", make=True), tmp_path / "a")


def test_a_folder_swapped_for_a_link_stays_the_one_that_was_opened(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "secret").mkdir()
    with OpenDirs() as dirs:
        folder = dirs.folder(tmp_path, "a")
        (tmp_path / "a").rename(tmp_path / "moved")
        (tmp_path / "a").symlink_to(tmp_path / "secret")
        assert is_same(dirs.folder(tmp_path, "a"), tmp_path / "moved")
        assert dirs.child(folder) != dirs.folder(tmp_path, "a")
    with pytest.raises(UnsafePathError), OpenDirs() as dirs:
        dirs.folder(tmp_path, "a")


def test_never_very_many_are_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_dirs, "MAX_OPEN", 3)
    before = descriptors()
    with OpenDirs() as dirs:
        for number in range(20):
            dirs.close_many()
            folder = dirs.folder(tmp_path, str(number), make=True)
            assert is_same(folder, tmp_path / str(number))
            assert descriptors() <= before + 4

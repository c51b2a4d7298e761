"""Renaming without replacing, by the best that a file system can."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.odd_file_systems import odd_disk
from ytaudio_daemon.folders import safe_open
from ytaudio_daemon.folders.safe_open import open_dir, rename_noreplace


@pytest.fixture(params=["links", "no links", "exfat", "ntfs"])
def disk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Give a folder where RENAME_NOREPLACE is missing, and links may be, too."""
    if request.param in {"exfat", "ntfs"}:
        with odd_disk(request.param, tmp_path) as mounted:
            yield mounted
        return
    refuse_renameat2(monkeypatch, errno.ENOSYS)
    if request.param == "no links":

        def link(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", link)
    yield tmp_path


def refuse_renameat2(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    refusing = SimpleNamespace(renameat2=lambda *_: -1)
    monkeypatch.setattr(safe_open, "_libc", lambda: refusing)
    monkeypatch.setattr(safe_open, "ctypes", SimpleNamespace(get_errno=lambda: number))


def moved(folder: Path, old: str, new: str) -> None:
    with open_dir(folder) as fd:
        rename_noreplace(fd, old, fd, new)


def test_a_file_gets_its_new_name_and_loses_the_old_one(disk: Path) -> None:
    (disk / "old").write_text("sound")
    moved(disk, "old", "new")
    assert (disk / "new").read_text() == "sound"
    assert not (disk / "old").exists()


@pytest.mark.parametrize("content", ["mine", ""])
def test_nothing_is_replaced(disk: Path, content: str) -> None:
    (disk / "old").write_text("sound")
    (disk / "new").write_text(content)
    with pytest.raises(FileExistsError):
        moved(disk, "old", "new")
    assert (disk / "new").read_text() == content
    assert (disk / "old").read_text() == "sound"


def test_a_folder_is_renamed_and_replaces_none(disk: Path) -> None:
    (disk / "job").mkdir()
    (disk / "job" / "song").write_text("sound")
    moved(disk, "job", "there")
    assert (disk / "there" / "song").read_text() == "sound"
    (disk / "job").mkdir()
    with pytest.raises(FileExistsError):
        moved(disk, "job", "there")


def test_a_failed_rename_leaves_no_placeholder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_renameat2(monkeypatch, errno.EOPNOTSUPP)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    (tmp_path / "old").write_text("sound")
    monkeypatch.setattr(os, "link", fail)
    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match="not supported"):
        moved(tmp_path, "old", "new")
    assert os.listdir(tmp_path) == ["old"]  # noqa: PTH208 - names

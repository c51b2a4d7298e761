"""Making the tree where the setgid bit may be inherited, but not set."""

import grp
import os
import stat
from pathlib import Path

import pytest

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.prepare import prepare


def layout_below(root: Path) -> Layout:
    return Layout(
        inbox=root / "inbox",
        downloads=root / "downloads",
        library=root / "library",
        status=root / "status",
        state=root / "state",
    )


def test_a_tree_of_setgid_folders_needs_no_right_to_set_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd's RestrictSUIDSGID= has it, with the folders that tmpfiles.d makes."""
    layout = layout_below(tmp_path)
    for name in ("inbox", "downloads", "library", "status"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o2775)
    change = os.chmod

    def restricted(path: os.PathLike[str], mode: int, **options: bool) -> None:
        if mode & (stat.S_ISGID | stat.S_ISUID):
            raise PermissionError(1, "Operation not permitted", str(path))
        change(path, mode, **options)

    monkeypatch.setattr(os, "chmod", restricted)
    for _ in range(2):
        prepare(layout, grp.getgrgid(os.getegid()).gr_name)
        assert stat.S_IMODE(layout.work.stat().st_mode) == 0o2700
        assert stat.S_IMODE(layout.home.stat().st_mode) == 0o700


def test_private_folders_are_closed_again(tmp_path: Path) -> None:
    layout = layout_below(tmp_path)
    prepare(layout)
    for folder in (layout.home, layout.cache, layout.work, layout.trash):
        folder.chmod(0o755)
    prepare(layout)
    for folder in (layout.home, layout.cache, layout.work, layout.trash):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

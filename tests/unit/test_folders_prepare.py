"""Making the tree where the setgid bit may be inherited, but not set."""

import grp
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.others import NOBODY, let_others_in, needs_root
from ytaudio_daemon.errors import FolderError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.prepare import prepare

#: A user who is not the daemon.
STRANGER = 4242


def layout_below(root: Path) -> Layout:
    return Layout(
        inbox=root / "inbox",
        downloads=root / "downloads",
        library=root / "library",
        status=root / "status",
        state=root / "state",
    )


def test_a_tree_of_setgid_folders_needs_no_right_to_set_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
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
    layout.status.rmdir()
    change(tmp_path, 0o2770)  # so that a folder made here inherits the bit
    umask = os.umask(0o002)
    request.addfinalizer(lambda: os.umask(umask))
    for _ in range(2):
        prepare(layout, grp.getgrgid(os.getegid()).gr_name)
        assert stat.S_IMODE(layout.work.stat().st_mode) == 0o2700
        assert layout.home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["downloads/.work", "downloads/.trash"])
def test_a_link_in_place_of_a_private_folder_is_not_followed(
    tmp_path: Path, name: str
) -> None:
    layout = layout_below(tmp_path)
    prepare(layout)
    (tmp_path / name).rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="is a link") as caught:
        prepare(layout)
    assert caught.value.exit_code == 1, "systemd tries again"
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o755


def test_a_setgid_bit_that_may_not_be_set_is_told_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: os.PathLike[str], _mode: int, **_: bool) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    layout = layout_below(tmp_path)
    prepare(layout)
    monkeypatch.setattr(os, "chmod", refused)
    with pytest.raises(FolderError) as caught:
        prepare(layout, grp.getgrgid(os.getegid()).gr_name)
    assert caught.value.hint == f"sudo chmod g+rwxs {layout.inbox}"


def test_private_folders_are_closed_again(tmp_path: Path) -> None:
    layout = layout_below(tmp_path)
    prepare(layout)
    for folder in (layout.home, layout.cache, layout.work, layout.trash):
        folder.chmod(0o755)
    prepare(layout)
    for folder in (layout.home, layout.cache, layout.work, layout.trash):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@needs_root
@pytest.mark.parametrize("name", [".work", ".trash", "a-session"])
def test_the_group_cannot_put_a_folder_in_place_of_the_daemons(
    tmp_path: Path, name: str
) -> None:
    layout = layout_below(tmp_path)
    prepare(layout, grp.getgrgid(NOBODY).gr_name)
    let_others_in(tmp_path)
    (layout.downloads / "a-session").mkdir()
    with acting_as_member(NOBODY):
        (layout.downloads / "own").mkdir()
        with pytest.raises(PermissionError):
            (layout.downloads / name).rename(layout.downloads / "aside")
        (layout.downloads / "own").rmdir()


@contextmanager
def acting_as_member(gid: int) -> Iterator[None]:
    """Become another user, of that group alone."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(gid)
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@needs_root
@pytest.mark.parametrize("name", ["downloads/.work", "downloads/.trash", "state/home"])
def test_a_private_folder_of_somebody_else_is_refused(
    tmp_path: Path, name: str
) -> None:
    layout = layout_below(tmp_path)
    prepare(layout)
    os.chown(tmp_path / name, 65534, 65534)
    (tmp_path / name).chmod(0o777)
    with pytest.raises(FolderError, match="it belongs to another user"):
        prepare(layout)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o777
    assert not list(tmp_path.rglob(".ytaudio-*")), "nothing is left of the look"


def test_the_state_folder_is_closed_to_others(tmp_path: Path) -> None:
    """One made by an older version, too; the group still reads the ledger there."""
    layout = layout_below(tmp_path)
    layout.state.mkdir()
    layout.state.chmod(0o2775)
    prepare(layout)
    assert stat.S_IMODE(layout.state.stat().st_mode) == 0o2750


@pytest.mark.parametrize(("name", "mode"), [("state", 0o1777), (".", 0o755)])
def test_a_folder_that_others_need_is_not_closed(
    tmp_path: Path, name: str, mode: int
) -> None:
    """Like /tmp, or the root of the inbox."""
    layout = replace(layout_below(tmp_path), state=tmp_path / name)
    layout.state.mkdir(exist_ok=True)
    layout.state.chmod(mode)
    prepare(layout)
    assert stat.S_IMODE(layout.state.stat().st_mode) == mode


def test_new_folders_of_a_group_are_the_groups_alone(tmp_path: Path) -> None:
    layout = layout_below(tmp_path)
    layout.inbox.mkdir()
    layout.inbox.chmod(0o755)
    for _ in range(2):
        prepare(layout, grp.getgrgid(os.getegid()).gr_name)
        assert stat.S_IMODE(layout.downloads.stat().st_mode) == 0o3770
        # It was there: whoever opened it to others meant it.
        assert stat.S_IMODE(layout.inbox.stat().st_mode) == 0o2775

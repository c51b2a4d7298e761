"""yt-dlp is upgraded for real: by pip, checked on a YouTube, and given up if it is bad.

The wheels are of the installed yt-dlp under higher numbers, so that this needs no
index; `test_ytdlp_index` fetches real versions.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration import ytdlp_rig
from tests.integration.ytdlp_rig import LATER, LATEST, NEXT, only_from
from tests.youtube import Video, YouTube
from ytaudio_daemon.errors import YtDlpVersionError, YtDlpVersionsLockedError
from ytaudio_daemon.settings import Settings, load
from ytaudio_daemon.system.distributions import installed_version
from ytaudio_daemon.urls import Link
from ytaudio_daemon.ytdlp_versions.history import Activation
from ytaudio_daemon.ytdlp_versions.pip import Pip
from ytaudio_daemon.ytdlp_versions.upgrade import Upgrade, UpgradeRequest
from ytaudio_daemon.ytdlp_versions.version_store import VersionStore
from ytaudio_daemon.ytdlp_versions.version_writer import INSTALLED, VersionWriter

CLIP = Link(video_id="BBBBBBBBBBB")
SONG = Video(id=CLIP.video_id, duration_s=1, formats={"aac"})


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good next version, one that cannot be imported, one that cannot extract."""
    folder = tmp_path_factory.mktemp("wheels")
    ytdlp_rig.rebuilt(folder / "good", NEXT)
    cut = ytdlp_rig.CANNOT_BE_IMPORTED
    ytdlp_rig.rebuilt(folder / "cut", LATER, changed=cut)
    ytdlp_rig.broken(folder / "broken", LATEST)
    return folder


@pytest.fixture(scope="module")
def stocked(
    wheels: Path, youtube_server: YouTube, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A shelf with the next version in use, made once and copied for each test."""
    youtube_server.reset()
    youtube_server.add(SONG)
    shelf = shelf_in(tmp_path_factory.mktemp("stocked"))
    way, environ = settings(youtube_server), only_from(wheels / "good")
    umask = os.umask(0o002)  # as [paths] umask says where a group shares the folders
    try:
        tried = Upgrade(shelf, way, links=[CLIP], environ=environ).run(UpgradeRequest())
    finally:
        os.umask(umask)
    assert tried.result == "upgraded", tried
    assert youtube_server.fetches(CLIP.video_id) == 1
    return shelf.folder


@pytest.fixture
def shelf(stocked: Path, tmp_path: Path) -> VersionStore:
    shutil.copytree(stocked, tmp_path / "engine", symlinks=True, copy_function=os.link)
    return shelf_in(tmp_path)


def shelf_in(folder: Path) -> VersionStore:
    return VersionStore(folder / "engine", installed_version("yt-dlp"), os.geteuid())


def settings(youtube: YouTube | None = None) -> Settings:
    way: dict[str, str] = {}
    if youtube is not None:
        way = {
            "download.proxy": youtube.proxy,
            "download.ca_file": str(youtube.ca_file),
        }
    return load(None, {}, {"disk.reserve": "1MiB", **way})


def files(shelf: VersionStore) -> dict[str, int]:
    """Everything on the shelf but the notes; the lock file comes with the first use."""
    return {
        path.relative_to(shelf.folder).as_posix(): path.lstat().st_ino
        for path in shelf.folder.rglob("*")
        if path.name not in {"notes.json", "lock"} and "__pycache__" not in path.parts
    }


def test_a_version_is_fetched_checked_and_used(stocked: Path) -> None:
    shelf = shelf_in(stocked.parent)
    chosen = shelf.active()
    assert (chosen.version, chosen.path) == (NEXT, stocked / NEXT)
    assert (stocked / "current").readlink() == Path(NEXT)
    beside = {path.name for path in (stocked / NEXT).iterdir()}
    assert {"yt_dlp", "yt_dlp_ejs", "certifi"} <= beside
    tried = shelf.history().last_upgrade
    assert tried is not None
    assert "1 of 1 known links were downloaded" in tried.message
    assert not list(stocked.glob(".aside-*"))


def test_nobody_else_can_write_what_workers_run(stocked: Path) -> None:
    for path in [stocked, *stocked.rglob("*")]:
        if not path.is_symlink():
            assert not path.stat().st_mode & 0o022, path


def test_the_newest_is_not_fetched_again(shelf: VersionStore, wheels: Path) -> None:
    before = files(shelf)
    tried = Upgrade(shelf, settings(), environ=only_from(wheels / "good")).run(
        UpgradeRequest()
    )
    assert tried.result == "current"
    assert tried.message == f"yt-dlp {NEXT} is in use; {NEXT} is the newest"
    assert files(shelf) == before


@pytest.mark.parametrize(
    ("wheel", "words"),
    [
        ("cut", "cannot be imported: RuntimeError: cut in half"),
        ("broken", f"it fails for {CLIP.url} (unknown), which works without it"),
    ],
)
def test_a_broken_version_changes_nothing(
    shelf: VersionStore, wheels: Path, youtube: YouTube, wheel: str, words: str
) -> None:
    youtube.add(SONG)
    before = files(shelf)
    upgrade = Upgrade(
        shelf, settings(youtube), links=[CLIP], environ=only_from(wheels / wheel)
    )
    tried = upgrade.run(UpgradeRequest())
    assert tried.result == "refused"
    assert words in tried.message
    assert files(shelf) == before
    assert shelf.active().version == NEXT
    assert shelf.history().last_upgrade == tried


def test_without_a_network_the_self_test_is_all_there_is(
    wheels: Path, youtube: YouTube, tmp_path: Path
) -> None:
    youtube.offline = True
    shelf, environ = shelf_in(tmp_path), only_from(wheels / "good")
    upgrade = Upgrade(shelf, settings(youtube), links=[CLIP], environ=environ)
    tried = upgrade.run(UpgradeRequest())
    assert tried.result == "upgraded"
    assert (
        "the self-test only: the known links could not be tested now" in tried.message
    )
    # And when it turns out to be worse, the way back is open.
    chosen = VersionWriter(shelf).roll_back("it is worse", 7.0, blamed=NEXT)
    assert chosen.path is None
    refused = shelf.history().rejection_of(NEXT)
    assert refused is not None
    assert (refused.replaced_by, refused.automatic) == (
        installed_version("yt-dlp"),
        True,
    )
    again = upgrade.run(UpgradeRequest(automatic=True))
    assert again.result == "refused"
    assert "was given up: it is worse" in again.message
    assert shelf.active().path is None


def test_a_pin_on_what_was_given_up_once_can_be_ended(
    shelf: VersionStore, wheels: Path
) -> None:
    """What is in use is not refused, whatever was said of it before."""
    VersionWriter(shelf).roll_back("it was worse", 7.0, blamed=NEXT)
    installed = VersionStore(
        shelf.folder, NEXT, os.geteuid()
    )  # the program has it by now
    VersionWriter(installed).use("installed", 8.0)
    assert installed.history().rejection_of(NEXT) is not None
    tried = Upgrade(installed, settings(), environ=only_from(wheels / "good")).run(
        UpgradeRequest()
    )
    assert tried.result == "current", tried
    assert "no longer pinned" in tried.message
    assert not installed.active().activation.pinned


def test_asking_for_the_newest_ends_a_pin_though_that_one_was_given_up(
    shelf: VersionStore, wheels: Path
) -> None:
    VersionWriter(shelf).roll_back("it was worse", 7.0, blamed=NEXT)
    VersionWriter(shelf).use("installed", 8.0)
    tried = Upgrade(shelf, settings(), environ=only_from(wheels / "good")).run(
        UpgradeRequest()
    )
    assert tried.result == "refused", tried
    assert "is no longer pinned" in tried.message
    assert not shelf.active().activation.pinned


def test_what_cannot_be_fetched_changes_nothing(
    shelf: VersionStore, tmp_path: Path
) -> None:
    before = files(shelf)
    upgrade = Upgrade(shelf, settings(), environ=only_from(tmp_path / "nothing"))
    tried = upgrade.run(UpgradeRequest())
    assert tried.result == "failed"
    assert "No matching distribution found for yt-dlp" in tried.message
    assert files(shelf) == before


def test_a_wheel_file_needs_no_index_and_is_kept(
    shelf: VersionStore, wheels: Path, tmp_path: Path
) -> None:
    (wheel,) = (wheels / "broken").glob("yt_dlp-*.whl")
    upgrade = Upgrade(shelf, settings(), environ=only_from(tmp_path / "nothing"))
    tried = upgrade.run(UpgradeRequest(wheel=wheel))
    assert (tried.result, tried.version) == ("upgraded", LATEST), tried
    assert shelf.active().activation.pinned
    assert (
        upgrade.run(UpgradeRequest(automatic=True)).message
        == f"yt-dlp {LATEST} is pinned"
    )


@pytest.mark.parametrize("content", [b"", b"PK", None])
def test_what_is_no_wheel_of_yt_dlp_is_refused(
    shelf: VersionStore, wheels: Path, tmp_path: Path, content: bytes | None
) -> None:
    wheel = tmp_path / "yt_dlp-2099.9.9-py3-none-any.whl"
    if content is None:
        (other,) = (wheels / "good").glob("certifi-*.whl")
        shutil.copy(other, wheel)
    else:
        wheel.write_bytes(content)
    tried = Upgrade(shelf, settings()).run(UpgradeRequest(wheel=wheel))
    assert tried.result == "failed"
    assert str(wheel) in tried.message


def test_a_python_without_pip_is_told_so(
    shelf: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    tried = Upgrade(shelf, settings()).run(UpgradeRequest())
    assert tried.result == "failed"
    assert "there is no pip in" in tried.message


def test_pip_does_not_take_forever(tmp_path: Path) -> None:
    with pytest.raises(YtDlpVersionError, match=r"did not finish within 0 s"):
        Pip(tmp_path, os.environ, timeout_s=0.01).newest("stable")


def test_two_upgrades_do_not_get_in_each_other_s_way(shelf: VersionStore) -> None:
    with VersionWriter(shelf).locked(), pytest.raises(YtDlpVersionsLockedError):
        Upgrade(shelf, settings()).run(UpgradeRequest())


def test_a_wheel_that_would_shadow_other_modules_is_not_let_in(
    shelf: VersionStore, tmp_path: Path
) -> None:
    evil = {"json/__init__.py": "raise SystemExit('shadowed')\n"}
    wheel = ytdlp_rig.rebuilt(tmp_path / "evil", LATER, brought=evil)
    before = files(shelf)
    tried = Upgrade(shelf, settings(), environ=only_from(wheel.parent)).run(
        UpgradeRequest(wheel=wheel)
    )
    assert tried.result == "failed"
    assert "it brings 'json', which is no part of yt-dlp" in tried.message
    assert files(shelf) == before
    assert shelf.active().version == NEXT


def damage_shorter(folder: Path) -> None:
    file = folder / "yt_dlp" / "YoutubeDL.py"
    content = file.read_bytes()
    file.unlink()  # the link of the copy, not what it was copied from
    file.write_bytes(content[:-1])


def damage_gone(folder: Path) -> None:
    shutil.rmtree(folder)


def damage_open(folder: Path) -> None:
    folder.chmod(0o777)


def damage_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def damage_content(folder: Path) -> None:
    file = folder / "yt_dlp" / "YoutubeDL.py"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-2] + b"#\n")  # as long as before


def damage_added(folder: Path) -> None:
    (folder / "yt_dlp" / "extractor" / "evil.py").write_text("evil = 1\n")


def damage_shadowing(folder: Path) -> None:
    (folder / "json").mkdir()
    (folder / "json" / "__init__.py").write_text("evil = 1\n")


def damage_all_open(folder: Path) -> None:
    """Others could lay an older version of ours there, or have `current` name it."""
    folder.parent.chmod(0o775)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_content, "yt_dlp/YoutubeDL.py is not as it was installed"),
        (damage_added, "evil.py is not as it was installed"),
        (damage_shadowing, "holds 'json', which is no part of yt-dlp"),
        (damage_shorter, "holds no whole yt-dlp"),
        (damage_gone, "cannot be read: No such file"),
        (damage_open, "could be changed by other users"),
        (damage_all_open, "engine could be changed by other users"),
        (damage_link, "is no folder"),
    ],
)
def test_a_damaged_version_gives_way_to_the_installed_one(
    shelf: VersionStore, damage: Any, words: str
) -> None:
    damage(shelf.path_of(NEXT))
    chosen = shelf.active()
    assert (chosen.path, chosen.version) == (None, installed_version("yt-dlp"))
    assert words in chosen.fallback_reason


def test_a_link_to_anywhere_else_is_not_followed(
    shelf: VersionStore, tmp_path: Path
) -> None:
    link = shelf.folder / "current"
    link.unlink()
    shelf.path_of(NEXT).rename(tmp_path / "2097.1.1")
    link.symlink_to(tmp_path / "2097.1.1")
    assert shelf.active().path is None
    assert "cannot be read, or names no version" in shelf.active().fallback_reason


def test_the_newer_of_installed_and_upgraded_is_used_unless_one_is_pinned(
    shelf: VersionStore,
) -> None:
    upgraded = VersionStore(
        shelf.folder, "2097.2.2", os.geteuid()
    )  # of a program upgrade
    assert (upgraded.active().version, upgraded.active().path) == ("2097.2.2", None)
    with pytest.raises(YtDlpVersionError, match=r"newer than 2097\.1\.1 and in use"):
        VersionWriter(upgraded).roll_back("?", 1.0)
    assert VersionWriter(upgraded).use(NEXT, 1.0).version == NEXT
    assert upgraded.active().activation.pinned
    assert VersionWriter(upgraded).use(INSTALLED, 2.0).version == "2097.2.2"


def test_an_unknown_version_cannot_be_used(shelf: VersionStore) -> None:
    with pytest.raises(YtDlpVersionError, match=r"there is no yt-dlp 2026\.1\.1 here"):
        VersionWriter(shelf).use("2026.1.1", 1.0)
    with pytest.raises(YtDlpVersionError, match=r"there is no yt-dlp \.\./x here"):
        VersionWriter(shelf).use("../x", 1.0)


def test_going_back_ends_at_the_installed_one(shelf: VersionStore) -> None:
    writer = VersionWriter(shelf)
    assert writer.roll_back("?", 1.0).path is None
    with pytest.raises(YtDlpVersionError, match="no earlier version"):
        writer.roll_back("?", 1.0)


def test_a_switch_killed_in_the_middle_is_no_switch(shelf: VersionStore) -> None:
    writer = VersionWriter(shelf)
    with writer.locked():
        writer._save_history(
            shelf.history().with_activation(Activation(version=LATER, pinned=True))
        )
        (shelf.folder / ".aside-half").mkdir()
    assert shelf.active().version == NEXT
    assert not shelf.active().activation.pinned
    assert writer.roll_back("?", 1.0).path is None
    assert not (shelf.folder / ".aside-half").exists()


def test_only_a_few_versions_are_kept(shelf: VersionStore) -> None:
    writer, before = VersionWriter(shelf), shelf.path_of(NEXT)
    with writer.locked():
        for month in range(1, 8):
            version = f"2098.{month}.1"
            copy = shelf.path_of(version)
            shutil.copytree(before, copy, copy_function=os.link)
            before = copy
            writer.activate(Activation(version=version, at=float(month)))
    assert shelf.versions() == ["2098.7.1", "2098.6.1", "2098.5.1", "2098.4.1"]


def test_lost_notes_harm_nothing(shelf: VersionStore) -> None:
    (shelf.folder / "notes.json").write_text('{"stands": 3}')
    assert shelf.active().version == NEXT
    assert VersionWriter(shelf).roll_back("?", 1.0).path is None


def test_a_shelf_that_cannot_be_made_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "engine").write_text("somebody's file")
    with pytest.raises(YtDlpVersionError, match="cannot be written"):
        VersionWriter(shelf_in(tmp_path)).use(INSTALLED, 1.0)

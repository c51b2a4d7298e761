"""A session at war: its tree changes under the daemon, which never leaves it."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links, running
from tests.youtube import Fault, Video, YouTube
from tests.youtube.handle import CHECKOUT, child_environment

#: Older than a day: the next read of such a file changes its access time, whatever
#: was mounted with relatime.
LONG_AGO = time.time() - 3 * 86400

Prints = dict[str, tuple[str, float, int]]


def prints(folder: Path) -> Prints:
    """Return each file's hash, access time and link count; looking changes nothing."""
    found: Prints = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        digest = ""
        if stat.S_ISREG(status.st_mode):
            fd = os.open(path, os.O_RDONLY | os.O_NOATIME)
            with os.fdopen(fd, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
        found[str(path)] = digest, status.st_atime, status.st_nlink
    return found


def hashes(folder: Path) -> dict[str, str]:
    """Return each file's hash alone."""
    return {path: digest for path, (digest, _, _) in prints(folder).items()}


@contextmanager
def swapped(*names: Path) -> Iterator[None]:
    """Have another process exchange pairs of names all the time."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.swapper", *names],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT,
        env=child_environment(),
    )  # fmt: skip
    try:
        yield
    finally:
        said, _ = process.communicate()
    assert process.returncode == 0
    assert int(said) > 100


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Give a folder outside of the root that nobody may read."""
    folder = tmp_path / "canary"
    (folder / "processed").mkdir(parents=True)
    for name in ("songs.txt", "defaults.toml", "processed/old.txt", "kept.m4a"):
        (folder / name).write_text(links(ids("CANARY", 1)))
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


def test_folders_swapped_for_links_lead_nowhere(
    open_house: Opener, site: YouTube, canary: Path
) -> None:
    house = open_house(inbox_rescan="1s", retry_attempts="60", retry_cap="1s")
    mine, [theirs, *more] = ids("WAR", 6), ids("PEACE", 3)
    house.drop("peace", links([theirs]))
    house.wait_for_state("peace", theirs, "completed")
    house.drop("war", links(mine[:1]), "first.txt")
    uuid = house.wait_for_state("war", mine[0], "completed")["session_uuid"]
    war = house.inbox / "war"
    house.wait((war / "processed/first.txt.receipt.txt").exists)
    house.wait((house.library / "war").exists)
    pairs = []
    for place in (
        war / "processed",
        war,
        house.downloads / uuid,
        house.library / "war",
    ):
        link = place.parent / f".{place.name}-link"
        link.symlink_to(canary)
        pairs += [place, link]
    neighbour = hashes(house.library / "peace")
    before = prints(canary)
    inside = os.open(war, os.O_RDONLY)
    with swapped(*pairs):
        for number, video in enumerate(mine[1:]):
            _write(inside, f"songs{number}.txt", links([video]))
            house.wait(partial(_is_known, house, video))
        house.drop("peace", links(more), "more.txt")
        assert house.wait_done("peace", 3)["completed"] == 3
    os.close(inside)
    _let_time_pass(house)
    assert house.wait_done("war", len(mine), 150)["completed"] == len(mine)
    assert prints(canary) == before
    assert neighbour.items() <= hashes(house.library / "peace").items()
    known = {video for (video,) in house.query("SELECT video_id FROM jobs")}
    assert known == {*mine, theirs, *more}
    assert [site.fetches(video) for video in mine] == [1] * len(mine)


def _write(folder: int, name: str, text: str) -> None:
    fd = os.open(f".{name}", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=folder)
    os.write(fd, text.encode())
    os.close(fd)
    os.rename(f".{name}", name, src_dir_fd=folder, dst_dir_fd=folder)


def _is_known(house: House, video: str) -> bool:
    return bool(house.query("SELECT 1 FROM jobs WHERE video_id = ?", video))


def _let_time_pass(house: House) -> None:
    house.query("UPDATE gates SET until = 0")
    house.query("UPDATE jobs SET retry_at = 0 WHERE state = 'waiting'")
    (house.root / "state" / "wake" / "poke").write_text("x")


def test_a_tree_of_traps_is_never_entered(open_house: Opener, canary: Path) -> None:
    house = open_house(inbox_rescan="1s")
    folder = house.inbox / "traps"
    folder.mkdir()
    before = prints(canary)
    (folder / "defaults.toml").symlink_to(canary / "defaults.toml")
    (folder / "processed").symlink_to(canary / "processed")
    (folder / "rejected").symlink_to("/etc")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "dangling.txt").symlink_to("nowhere")
    (folder / "up.txt").symlink_to("../../../canary/songs.txt")
    os.mkfifo(folder / "fifo.txt")
    os.mknod(folder / "socket.txt", stat.S_IFSOCK | 0o666)
    deep = folder / "deep.txt" / "deeper" / "deepest"
    deep.mkdir(parents=True)
    (deep / "songs.txt").write_text(links(ids("DEEP", 1)))
    (house.inbox / "linked").symlink_to(canary)
    for odd in (b"\x1b]0;x\x07.txt", b"a\nb.txt", b"\xff\xfe.txt", b"%2e%2e.txt"):
        (folder / os.fsdecode(odd)).symlink_to(canary / "songs.txt")
    [video] = ids("TRAPPED", 1)
    house.drop("free", links([video]))
    house.wait_for_state("free", video, "completed")
    house.drop("traps", links(ids("INTRAP", 1)))
    house.wait(lambda: house.problem("drop_waits"))
    (folder / "defaults.toml").unlink()
    house.wait(lambda: _is_known(house, ids("INTRAP", 1)[0]))
    house.wait(lambda: house.problem("drop_not_movable"))
    assert {v for (v,) in house.query("SELECT video_id FROM jobs")} == {
        video,
        *ids("INTRAP", 1),
    }
    assert prints(canary) == before
    assert "\x1b" not in house.log.read_text()
    assert house.stop() == 0


def test_a_folder_that_goes_before_its_drop_is_filed_holds_nobody_up(
    open_house: Opener,
) -> None:
    house = open_house()
    for number, video in enumerate(ids("VANISH", 15)):
        house.drop(f"vanish{number}", links([video]))
        house.wait(partial(_is_known, house, video))
        shutil.rmtree(house.inbox / f"vanish{number}", ignore_errors=True)
    [after] = ids("STAYS", 1)
    house.drop("stays", links([after]))
    house.wait_for_state("stays", after, "completed")
    house.wait(lambda: house.daemon["counts"]["completed"] == 16)


SECRETS = {
    "proxy": "PROXYPASSWORD",
    "cookie": "COOKIESECRET",
    "address": "videoplayback",
}


def test_no_secret_is_written_anywhere(site: YouTube, tmp_path: Path) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text(
        "# Netscape HTTP Cookie File\n"
        f".youtube.com\tTRUE\t/\tTRUE\t2147483647\tSID\t{SECRETS['cookie']}\n"
    )
    jar.chmod(0o600)
    proxy = site.proxy.replace("://", f"://me:{SECRETS['proxy']}@")
    fine, broken, private = ids("SECRET", 3)
    site.add(
        Video(id=broken, faults=(Fault.answers(404),)),
        Video(id=private, status="private"),
    )
    house = House(
        tmp_path / "house", site, retry_attempts="2", retry_base="10ms",
        log_directory="logs", log_level="debug",
    )  # fmt: skip
    house.settings |= {"download_proxy": proxy, "download_cookies_file": str(jar)}
    with running(house):
        house.drop("secrets", links([fine, broken, private]))
        # It is asked for once more after an hour.
        house.wait_for_state("secrets", broken, "waiting")
        house.query("UPDATE jobs SET retry_at = 0 WHERE state = 'waiting'")
        house.poke()
        house.wait_done("secrets", 3, 150)
        shown = house.must("config") + house.must("status", "--json")
        shown += house.must("show", house.jobs("secrets")[broken]["id"])
        assert house.stop() == 0
    told = {str(path): path.read_bytes() for path in _files(house.root)}
    told["the commands"] = shown.encode()
    for secret in SECRETS.values():
        assert [name for name, text in told.items() if secret.encode() in text] == []
    assert len(told) > 15


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_others_read_neither_ledger_nor_state(
    open_house: Opener, tmp_path: Path
) -> None:
    """Also those that an older version made for all to read."""
    state = tmp_path / "house" / "state"
    ledger = state / "ledger.sqlite3"
    for _ in range(2):
        house = open_house()
        assert house.stop() == 0
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (state, ledger)]
        assert modes == [0o750, 0o640]
        for path in (state, ledger):
            path.chmod(path.stat().st_mode | 0o066)


def test_files_are_as_open_as_the_umask_says(open_house: Opener) -> None:
    house = open_house(paths_umask="0027", log_directory="logs")
    [video] = ids("MODES", 1)
    house.drop("modes", links([video, "nonsense"]))
    house.wait_for_state("modes", video, "completed")
    house.wait((house.library / "modes").exists)
    assert house.stop() == 0
    ours = [p for p in house.root.rglob("*") if p.name not in {"songs.txt", "modes"}]
    ours = [p for p in ours if p != house.log]
    assert len(ours) > 20
    for path in ours:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o027 == 0, (path, oct(mode))
    for private in (".work", ".trash"):
        assert stat.S_IMODE((house.downloads / private).stat().st_mode) == 0o700
    for private in ("home", "cache"):
        assert stat.S_IMODE((house.root / "state" / private).stat().st_mode) == 0o700
    document = house.root / "status" / "daemon.json"
    assert stat.S_IMODE(document.stat().st_mode) == 0o640


def test_no_plugin_and_no_config_of_yt_dlp_is_picked_up(
    site: YouTube, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    evil = f"open({str(marker)!r}, 'a').write(__file__)\n"
    home = tmp_path / "home"
    made = House(tmp_path / "house", site)
    for place in (home, made.root / "state" / "home", made.root):
        plugin = place / ".config/yt-dlp/plugins/evil/yt_dlp_plugins/extractor"
        plugin.mkdir(parents=True)
        (plugin / "evil.py").write_text(evil)
        (place / ".config/yt-dlp/config").write_text(f"--exec 'touch {marker}'\n")
        (place / "yt-dlp.conf").write_text(f"--exec 'touch {marker}'\n")
        (place / ".netrc").write_text("machine youtube login me password NETRC\n")
        (place / "sitecustomize.py").write_text(evil)
    environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHONSTARTUP": str(home / "sitecustomize.py"),
        "YTDLP_PLUGIN_DIRS": str(home),
    }
    [video] = ids("PLUGIN", 1)
    with running(made, **environment) as house:
        house.drop("plugin", links([video]))
        house.wait_for_state("plugin", video, "completed")
    assert not marker.exists()

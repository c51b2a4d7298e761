"""A worker that a crafted file took over reaches nothing of others.

The attacks run in a forked process that gave up what an attempt gives up, as root where
the tests run as root: the kernel stops it, not the modes of files.
"""

import ctypes
import os
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.fetch_rig import Runner
from tests.youtube import Video, YouTube
from ytaudio_daemon.fetch import confinement
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.jobs.prepare import private_paths
from ytaudio_daemon.model import FetchRequest, Network
from ytaudio_daemon.settings.load import load
from ytaudio_daemon.system import landlock
from ytaudio_daemon.system.files import write_atomically

pytestmark = pytest.mark.skipif(
    landlock.abi() < landlock.MIN_ABI, reason="this kernel has no Landlock"
)
VIDEO = "AAAAAAAAAAA"


class House:
    """A daemon's folders with things of others in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work = root / "downloads/.work/j/1"
        self.others = [
            self.add("state/ledger.sqlite3"),
            self.add("state/cookies/other/cookies.txt"),
            self.add("downloads/other/j/audio/Song.mp3"),
            self.add("downloads/.work/k/1/media.webm"),
            self.add("inbox/other/songs.txt"),
            self.add("library/other/Song.mp3"),
            self.add("etc/ytaudio/ytaudio.toml"),
            self.add("etc/ytaudio/token"),
        ]
        self.own_cookies = self.add("state/cookies/mine/cookies.txt")
        for folder in (self.work, root / "state/home", root / "state/cache"):
            folder.mkdir(parents=True)

    def add(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a secret")
        return path

    @property
    def private_paths(self) -> tuple[str, ...]:
        names = ("state", "downloads", "inbox", "library", "etc/ytaudio")
        return tuple(str(self.root / name) for name in names)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def attack(house: House, attempt: Callable[[], None]) -> None:
    """Run an attack in a process that is confined as an attempt is; it must not fail."""
    pid = os.fork()
    if pid == 0:
        try:
            os.environ["HOME"] = str(house.root / "state/home")
            assert confinement.confine(request_of(house))
            attempt()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def request_of(house: House) -> FetchRequest:
    return FetchRequest(
        key="j",
        attempt=1,
        url=f"https://www.youtube.com/watch?v={VIDEO}",
        video_id=VIDEO,
        options={},
        fallback_bitrate="128k",
        attempt_dir=str(house.work),
        cache_dir=str(house.root / "state/cache"),
        private_paths=house.private_paths,
        network=Network(cookies_file=str(house.own_cookies), stores_cookies=True),
    )


def refused(action: Callable[..., object], *arguments: object) -> None:
    with pytest.raises(OSError, match=r"Errno (1|13|18)\b"):  # EPERM, EACCES, EXDEV
        action(*arguments)


def test_nothing_of_others_is_read(house: House) -> None:
    def read() -> None:
        for path in house.others:
            refused(path.read_text)
        refused(lambda: next((house.root / "inbox").iterdir()))
        refused(lambda: next((house.root / "downloads").iterdir()))

    attack(house, read)


def test_nothing_of_others_is_changed(house: House) -> None:
    def write() -> None:
        for path in house.others:
            refused(os.open, path, os.O_WRONLY)
            refused(path.unlink)
            refused(os.truncate, path, 0)
            refused((path.parent / "new").touch)
            refused(path.rename, house.work / "mine")
            refused(os.link, path, house.work / "mine")
        for folder in (house.root, Path("/tmp"), Path("/usr"), Path.cwd()):
            refused((folder / "ytaudio-attack").mkdir)

    attack(house, write)
    assert all(path.read_text() == "a secret" for path in house.others)


def test_links_and_programs_of_its_own_lead_no_further(house: House) -> None:
    def follow() -> None:
        (house.work / "link").symlink_to(house.others[0])
        refused((house.work / "link").read_text)
        done = subprocess.run(
            ["/bin/cat", house.others[0]], capture_output=True, check=False
        )
        assert done.returncode != 0
        assert b"secret" not in done.stdout

    attack(house, follow)


def test_no_other_process_is_reached(house: House) -> None:
    daemon = os.getpid()

    def reach() -> None:
        refused(lambda: Path(f"/proc/{daemon}/mem").read_bytes())
        refused(os.readlink, f"/proc/{daemon}/fd/1")
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.ptrace(16, daemon, 0, 0) == -1  # PTRACE_ATTACH
        if landlock.abi() >= landlock.SCOPE_ABI:
            refused(os.kill, daemon, signal.SIGCONT)

    attack(house, reach)


def test_what_an_attempt_needs_is_there(house: House) -> None:
    def work() -> None:
        (house.work / "media").write_text("x")
        (house.work / "media").rename(house.work / "other")
        (house.root / "state/cache/player").write_text("x")
        (house.root / "state/home/x").write_text("x")
        write_atomically(house.own_cookies, b"refreshed")
        assert subprocess.run(["/bin/true"], check=False).returncode == 0
        assert Path("/etc/resolv.conf").read_text()

    attack(house, work)


def test_the_daemons_folders_are_private_to_every_attempt(house: House) -> None:
    config = house.root / "etc/ytaudio/ytaudio.toml"
    config.write_text(f'[paths]\nroot = "{house.root}"\n')
    settings = load(config, environ={})
    private = private_paths(layout_of(settings), settings)
    paths = settings.paths
    assert {*private} >= {paths.inbox, paths.downloads, paths.status, paths.state}
    assert {*private} >= {paths.library, config.parent}
    assert all(any(p in path.parents for p in private) for path in house.others)


@pytest.fixture(scope="module")
def youtube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YouTube]:
    with YouTube(tmp_path_factory.mktemp("youtube")) as made:
        yield made


def test_a_confined_attempt_makes_its_audio(house: House, youtube: YouTube) -> None:
    youtube.add(Video(id=VIDEO, title="Song", challenge=True))
    runner = Runner(house.root / "state/home")
    earlier = house.root / "downloads/.work/j/0"
    earlier.mkdir()

    def request(folder: Path, *known: Path) -> FetchRequest:
        return runner.request(
            folder,
            network=Network(proxy=youtube.proxy, ca_file=str(youtube.ca_file)),
            earlier=known,
            cache_dir=str(house.root / "state/cache"),
            private_paths=house.private_paths,
        )

    try:
        assert runner.run(request(earlier), die_at="converting").outcome is None
        ran = runner.run(request(house.work, earlier))
    finally:
        runner.close()
    assert ran.audio.stat().st_size > 1000
    assert ran.result.file_name == "Song.mp3"

"""The place of a run: a root, the stand-in, the witness, the zombie, the daemon."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.youtube import YouTube
from tests.youtube.handle import CHECKOUT, child_environment
from torture.blows import is_stopped, marked, strike
from torture.books import Books
from torture.cable import Cable
from torture.files import DEFAULT_FORMAT, Drop
from torture.orders import Orders
from torture.plan import ROOT_SESSION, Stroke, Terrain
from torture.postgres import Server

#: Quick, without pace, and with short lives for what a run must see end.
SETTINGS = {
    "download_format": DEFAULT_FORMAT,
    # A starved worker must not look like a stalled one.
    "download_stall_timeout": "8s",
    "download_workers": "3",
    "download_converters": "2",
    "inbox_settle": "100ms",
    "inbox_rescan": "5s",
    "status_interval": "100ms",
    "pace_per_hour": "0",
    "retry_base": "200ms",
    "retry_cap": "2s",
    "retry_attempts": "8",  # spells of bad weather cost some, too
    "disk_reserve": "1MiB",
    "sessions_trash_grace": "1s",
    "log_level": "info",
}
#: A stop that was asked for may take so long: a drain waits for slow downloads.
STOP_S = 100.0
#: Another file system than that of the run: memory.
ELSEWHERE = Path("/dev/shm")


class Arena:
    """Everything of one run; nothing of it is left after `close`.

    Args:
        root: An empty folder.
        terrain: What the run is like.
        postgres: Keep the ledger in a server of our own.
        sabotage: The defence taken away, "" = none.
    """

    def __init__(
        self, root: Path, terrain: Terrain, *, postgres: bool, sabotage: str
    ) -> None:
        """Start stand-in, witness, zombie and server; the daemon comes later."""
        self.root = root
        self.terrain = terrain
        self.log = root / "daemon.err"
        self.daemon: subprocess.Popen[bytes] | None = None
        self._open = ExitStack()
        for name in ("inbox", "downloads", "state", "notes"):
            (root / name).mkdir(parents=True)
        self.library = self._make_library()
        self.server = Server() if postgres else None
        if self.server is not None:
            self._open.callback(self.server.close)
        lite = root / "state" / "ledger.sqlite3"
        self.url = self.server.ledger_url if self.server else f"sqlite:///{lite}"
        self.books = Books(self.url)
        self.youtube = self._open.enter_context(YouTube(root / "youtube"))
        self.cable = Cable(int(self.youtube.proxy.rpartition(":")[2]))
        self._open.callback(self.cable.pull)
        self.orders = Orders(
            run=uuid.uuid4().hex,
            folder=str(root / "notes"),
            sabotage=sabotage,
            ledger=str(lite),
            postgres=str(self.server.data) if self.server else "",
        )
        self.sightings = root / "notes" / "witness.log"
        roots = (str(root / "downloads"), str(self.library))
        self.witness = self._companion("witness", *roots, str(self.sightings))
        self.zombie: subprocess.Popen[bytes] | None = None

    def start(self, stroke: Stroke) -> None:
        """Start the daemon for its next life."""
        self.orders = replace(
            self.orders,
            life=self.orders.life + 1,
            step=stroke.step,
            nth=stroke.nth,
            blow=stroke.blow,
        )
        with self.log.open("ab") as log:
            log.write(f"--- life {self.orders.life}: {stroke}\n".encode())
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", "torture.daemon", "run"],
                cwd=self.root,
                env=self._environment() | self.orders.to_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def haunt(self) -> None:
        """Let the zombie rise, once there is a ledger."""
        if self.zombie is None and self.has_ledger():
            words = (self.url, socket.gethostname(), self.orders.sabotage)
            self.zombie = self._companion("zombie", *words)

    def has_ledger(self) -> bool:
        """Whether the daemon has made its tables."""
        return (self.root / "status" / "daemon.json").exists()

    def strike(self, blow: str) -> None:
        """Strike from outside."""
        self._note(f"moment {blow}")
        pid = 0 if self.daemon is None else self.daemon.pid
        strike(replace(self.orders, blow=blow, daemon=pid))

    def stop(self) -> int:
        """Ask the daemon to end; returns its exit status, or -99 when it did not."""
        if self.daemon is None:
            return 0
        self.daemon.send_signal(signal.SIGTERM)
        try:
            return self.daemon.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            return -99
        finally:
            self.daemon.wait()
            self.daemon = None

    def reap(self) -> int | None:
        """Return how the daemon ended, None while it lives."""
        status = None if self.daemon is None else self.daemon.poll()
        if status is not None:
            self.daemon = None
        return status

    def put(self, drop: Drop, *, replaces: bool = False) -> bool:
        """Put a drop into its folder, in one step.

        Returns:
            False when its name is taken, or when nothing is there to be replaced.
        """
        folder = self.root / "inbox" / drop.session
        folder.mkdir(exist_ok=True)
        target = folder / drop.name
        if target.exists() is not replaces:  # one writer, so a look before will do
            return False
        hidden = folder / ".being-written"
        hidden.write_bytes(drop.content)
        hidden.replace(target)
        return True

    def type(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command of the product."""
        return subprocess.Popen(
            [sys.executable, "-m", "ytaudio_daemon", *words],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dismiss(self, companion: subprocess.Popen[bytes] | None) -> int:
        """Let a companion finish what it does; returns its exit status."""
        if companion is None:
            return 0
        if companion.stdin is not None:
            companion.stdin.close()
        return companion.wait(60)

    def is_frozen(self) -> bool:
        """Whether the daemon was stopped in its tracks."""
        return self.daemon is not None and is_stopped(self.daemon.pid)

    def holds_lock(self) -> bool:
        """Whether the daemon has come as far as to hold its state folder."""
        lock = self.root / "state" / "daemon.lock"
        pid = 0 if self.daemon is None else self.daemon.pid
        return lock.exists() and lock.read_text().strip() == str(pid)

    def thaw(self) -> None:
        """Let it go on."""
        if self.daemon is not None:
            self.daemon.send_signal(signal.SIGCONT)

    def last_words(self) -> str:
        """Return what the daemon has logged in this life."""
        return self.log.read_text(errors="replace").rpartition("--- life ")[2]

    def left_processes(self) -> list[int]:
        """Return what is still alive of daemon, template and workers."""
        return list(marked(self.orders.run))

    def close(self) -> None:
        """End everything."""
        if self.daemon is not None:
            strike(replace(self.orders, blow="tree", daemon=self.daemon.pid))
            self.daemon.kill()
            self.daemon.wait()
        for pid in self.left_processes():
            os.kill(pid, signal.SIGKILL)
        for companion in (self.witness, self.zombie):
            if companion is not None and companion.poll() is None:
                companion.kill()
                companion.wait()
        self._open.close()

    def _note(self, blow: str) -> None:
        with self.orders.step_log.open("a") as file:
            file.write(f"{time.time():.6f}\t0\tblow\t{blow}\n")

    def _make_library(self) -> Path:
        if not self.terrain.far_library:
            near = self.root / "library"
            near.mkdir()
            return near
        far = tempfile.TemporaryDirectory(prefix="torture-", dir=ELSEWHERE)
        self._open.callback(far.cleanup)
        # What it held at the end is looked at when a promise was broken.
        self._open.callback(
            shutil.copytree, far.name, self.root / "far_library", symlinks=True
        )
        return Path(far.name)

    def _companion(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.root / "notes" / f"{name}.out").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"torture.{name}", *words],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=child_environment(),
            )

    def _environment(self) -> dict[str, str]:
        plain = {k: v for k, v in child_environment().items() if "YTAUDIO" not in k}
        settings = SETTINGS | {
            "paths_root": str(self.root),
            "paths_library": str(self.library),
            "inbox_after_intake": "keep" if self.terrain.keep else "move",
            "download_proxy": f"http://127.0.0.1:{self.cable.port}",
            "download_ca_file": str(self.youtube.ca_file),
        }
        if self.server is not None:
            settings |= {"database_url": self.url}
        return plain | {f"YTAUDIO_{k.upper()}": v for k, v in settings.items()}


def session_of(folder: str) -> str:
    """Return the session whose drops lie in a folder of the inbox."""
    return folder or ROOT_SESSION

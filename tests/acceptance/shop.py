"""A shop for a test: a folder to download into, and the command that does it."""

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance import warm
from tests.acceptance.rig import COMMAND_S, kill_all
from tests.forms import assert_described
from tests.youtube import Remote
from tests.youtube.handle import child_environment
from ytaudio_daemon.settings import Settings, load


class Shop:
    """Downloads from the stand-in, without a daemon.

    Args:
        root: The current folder of what is run; its own cache, ledger and all.
        youtube: Where downloads come from.
        settings: `<section>_<key>` and values.
    """

    def __init__(self, root: Path, youtube: Remote, **settings: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._settings = {
            "download_proxy": youtube.proxy,
            "download_ca_file": str(youtube.ca_file),
            "disk_reserve": "1MiB",
            "retry_base": "100ms",
            "paths_root": str(root / "house"),
            **settings,
        }

    @property
    def variables(self) -> dict[str, str]:
        """The settings as environment variables."""
        return {f"YTAUDIO_{key.upper()}": text for key, text in self._settings.items()}

    @property
    def settings(self) -> Settings:
        """The settings as a program may give them."""
        return load(None, self.variables)

    @property
    def environment(self) -> dict[str, str]:
        plain = {k: v for k, v in child_environment().items() if "YTAUDIO" not in k}
        own = {"XDG_CACHE_HOME": str(self.cache), "TERM": "xterm", "COLUMNS": "160"}
        return plain | own | self.variables

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def files(self, folder: str = "downloads") -> list[str]:
        """Return every name in an output folder, hidden ones too."""
        return sorted(path.name for path in (self.root / folder).iterdir())

    def run(
        self, *words: str, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `python -m ytaudio_daemon` with these words to its end."""
        ran = warm.run(
            words,
            cwd=self.root,
            env=self.environment,
            stdin=stdin,
            timeout=COMMAND_S,
        )
        if ran is None:
            return self.python("-m", "ytaudio_daemon", *words, stdin=stdin)
        return subprocess.CompletedProcess(words, *ran)

    def python(
        self, *words: str, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run Python with these words to its end."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.root,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=COMMAND_S,
            check=False,
        )

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Return exit status and document of a command with --json."""
        done = self.run(*words, "--json")
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        assert_described(document)
        return done.returncode, document

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `python -m ytaudio_daemon` with these words."""
        return subprocess.Popen(
            [sys.executable, "-m", "ytaudio_daemon", *words],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def on_terminal(self, *words: str) -> tuple[int, str]:
        """Run it on a terminal; returns exit status and all that appeared."""
        near, far = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "ytaudio_daemon", *words],
            cwd=self.root,
            env=self.environment,
            stdin=far,
            stdout=far,
            stderr=far,
        )
        os.close(far)
        shown = bytearray()
        while select.select([near], [], [], 60)[0]:
            try:
                shown += os.read(near, 65536)
            except OSError:  # the other end is closed: it has ended
                break
        os.close(near)
        return process.wait(60), shown.decode()

    def workers(self) -> list[int]:
        """Return the pids of templates, workers and what they started."""
        mark = f"HOME={self.cache / 'ytaudio' / 'home'}".encode()
        return [pid for pid in _pids() if mark in _environ(pid)]

    def close(self) -> None:
        """Leave nothing running, whatever the test did."""
        kill_all(self.workers())


def _pids() -> list[int]:
    return [int(e.name) for e in Path("/proc").iterdir() if e.name.isdigit()]


def _environ(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def pairs(document: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Return result and error code of every item of a `download --json`."""
    return [
        (item["result"], item["error"]["code"] if item["error"] else None)
        for item in document["downloads"]
    ]

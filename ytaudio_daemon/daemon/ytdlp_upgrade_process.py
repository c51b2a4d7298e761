"""The upgrade of yt-dlp as the daemon does it: the command, in a child of its own."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from ytaudio_daemon.settings import Settings

#: An upgrade may take so long, in seconds: pip twice, and a few downloads.
TIMEOUT_S = 1800.0
_PACKAGE_PARENT = Path(__file__).parents[2]


class UpgradeProcess:
    """Runs one `ytaudio engine upgrade` at a time, and never waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._deadline = 0.0

    @property
    def is_running(self) -> bool:
        """Whether one is under way, as far as `step` has seen."""
        return self._child is not None

    def start(self, settings: Settings, mono: float) -> None:
        """Start one.

        Args:
            settings: Tell where the config file and the folders are.
            mono: `time.monotonic()`.

        Raises:
            OSError: No process can be had.
        """
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has ended
        # Only this program's package is to be found, wherever it is run from.
        ours = {"PYTHONPATH": str(_PACKAGE_PARENT), "PYTHONSAFEPATH": "1"}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ytaudio_daemon", *_arguments(settings)],
            env=os.environ | ours,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            process_group=0,  # pip dies with it
        )
        self._deadline = mono + TIMEOUT_S

    def poll(self, mono: float) -> str | None:
        """See whether it has ended.

        Args:
            mono: `time.monotonic()`; one that takes too long is killed.

        Returns:
            The last line it said when it has just ended, else None.
        """
        if self._child is None or self._stderr is None:
            return None
        if self._child.poll() is None:
            if mono >= self._deadline:
                self._kill()
            return None
        self._child = None
        with self._stderr as said:
            said.seek(0)
            lines = said.read(65_536).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """Kill it; whatever it was about to do is done by a later one."""
        self._kill()

    def _kill(self) -> None:
        if self._child is not None and self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)


def _arguments(settings: Settings) -> list[str]:
    words = ["--root", str(settings.paths.root)]
    if settings.config_file is not None:
        words += ["--config", str(settings.config_file)]
    return [*words, "engine", "upgrade", "--automatic", "--json"]

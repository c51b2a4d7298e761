"""Runs `ytaudio engine upgrade` in a child process of the daemon."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from ytaudio_daemon.settings import Settings

#: An upgrade may take so long, in seconds: it runs pip twice and downloads a few links.
TIMEOUT_S = 1800.0
_PACKAGE_PARENT = Path(__file__).parents[2]


class UpgradeProcess:
    """Runs one upgrade at a time, and never waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._deadline = 0.0

    @property
    def is_running(self) -> bool:
        """Whether an upgrade is running, as of the last `poll`."""
        return self._child is not None

    def start(self, settings: Settings, mono: float) -> None:
        """Start an upgrade.

        Args:
            settings: Paths of the config file and the folders.
            mono: `time.monotonic()`.

        Raises:
            OSError: The process cannot be started.
        """
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has ended
        # So that the child imports this very package from any working folder.
        import_path = {"PYTHONPATH": str(_PACKAGE_PARENT), "PYTHONSAFEPATH": "1"}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ytaudio_daemon", *_arguments(settings)],
            env=os.environ | import_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            process_group=0,  # pip dies with it
        )
        self._deadline = mono + TIMEOUT_S

    def poll(self, mono: float) -> str | None:
        """Check whether the upgrade has ended; kill one that takes too long.

        Args:
            mono: `time.monotonic()`.

        Returns:
            The last line that it wrote to stderr if it has just ended, else None.
        """
        if self._child is None or self._stderr is None:
            return None
        if self._child.poll() is None:
            if mono >= self._deadline:
                self.stop()
            return None
        self._child = None
        with self._stderr as stderr:
            stderr.seek(0)
            lines = stderr.read(65_536).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """Kill a running upgrade; a later one does what it was about to do."""
        if self._child is not None and self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)


def _arguments(settings: Settings) -> list[str]:
    words = ["--root", str(settings.paths.root)]
    if settings.config_file is not None:
        words += ["--config", str(settings.config_file)]
    return [*words, "engine", "upgrade", "--automatic", "--json"]

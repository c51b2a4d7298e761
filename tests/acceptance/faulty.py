"""Real faults for a daemon: full disks, read-only folders, clocks that jump."""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from tests.acceptance.rig import House

#: In the daemon's environment: the file that holds the wall clock's error, in seconds.
CLOCK = "FAULTY_CLOCK"
#: Likewise: anything, to be asked all the time whether yt-dlp is to be upgraded.
UPGRADES = "FAULTY_UPGRADES"


class HouseWithAClock(House):
    """A house whose daemon's wall clock can be set, and nobody else's."""

    module = "tests.acceptance.faulty"

    @property
    def log(self) -> Path:
        """What the daemon says; beside the root, whose disk may be full."""
        return self.root.parent / f"{self.root.name}.err"

    def launch(self, *words: str, **environment: str) -> None:
        """Start the daemon through this module: its clock bends, its heart beats fast."""
        self.set_clock(self.clock)
        super().launch(*words, **environment, **{CLOCK: str(self._clock_file)})

    clock = 0.0

    @property
    def _clock_file(self) -> Path:
        return self.root / "clock"

    def set_clock(self, seconds: float) -> None:
        """Have the daemon's wall clock go wrong by so much."""
        self.clock = seconds
        aside = self.root / "clock.new"
        aside.write_text(str(seconds))
        aside.rename(self._clock_file)


@contextmanager
def filled(folder: Path, leave: int = 0) -> Iterator[Path]:
    """Fill a small file system to its last byte but so many."""
    ballast = folder / ".ballast"
    _fill(ballast, leave)
    try:
        yield ballast
    finally:
        ballast.unlink()


def _fill(ballast: Path, leave: int, tries: int = 20) -> None:
    """Others write there, too: what was free may be less by the time it is taken."""
    free = os.statvfs(ballast.parent)
    size = max(1, free.f_bavail * free.f_bsize - leave)
    try:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno != errno.ENOSPC or tries == 1:
            raise
        _fill(ballast, leave, tries - 1)


def main() -> int:
    """Run the command with the bent clock."""
    from ytaudio_daemon.cli import main as plain  # noqa: PLC0415 - only in the daemon
    from ytaudio_daemon.daemon import schedule, start, ytdlp_updater  # noqa: PLC0415 - only in the daemon
    from ytaudio_daemon.system import clock  # noqa: PLC0415 - only in the daemon

    def wall() -> float:
        return time.time() + float(Path(os.environ[CLOCK]).read_text())

    # The daemon's only clock; yt-dlp, TLS and the log keep theirs.
    vars(clock)["time"] = SimpleNamespace(time=wall, monotonic=time.monotonic)
    schedule.HEARTBEAT_S, schedule.HEARTBEAT_SLACK_S = 0.5, 0.2
    ytdlp_updater.CHECK_INTERVAL_S = 0.5
    if UPGRADES in os.environ:
        start.UPGRADE_CHECK_INTERVAL_S, start.UPGRADE_CHECK_JITTER_S = 1, 0
    return plain()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m soak.daemon STEPS SABOTAGE …`: the command `ytaudio`, timed and perhaps broken.

Args:
    STEPS: The file that long steps are written down in.
    SABOTAGE: What is to go wrong, of `soak.sabotage`; "-" for nothing.
"""

import sys
from pathlib import Path

from soak import sabotage, stopwatch
from ytaudio_daemon.cli import main

NO_SABOTAGE = "-"


def prepare() -> None:
    """Take the first two words off the command line and do what they say."""
    log, broken = sys.argv[1:3]
    del sys.argv[1:3]
    stopwatch.install(Path(log))
    if broken != NO_SABOTAGE:
        sabotage.SABOTAGES[broken]()


if __name__ == "__main__":
    prepare()
    sys.exit(main())

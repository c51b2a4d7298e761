"""Run links through task-spooler and count its CPU: `python -m bench.spooler`.

Its server is a daemon of its own. As a subreaper this process becomes its parent, so
that what it used is in our own account when we have waited for it.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main() -> None:
    """Queue every link of a file and wait for them all."""
    at_once, links, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    subprocess.run(["tsp", "-S", at_once], check=True)
    queued = [_tsp(*command, url) for url in Path(links).read_text().split()]
    worst = max(_exit_code(number) for number in queued)
    subprocess.run(["tsp", "-K"], check=True)
    _await_server()
    sys.exit(worst)


def _tsp(*arguments: str) -> str:
    done = subprocess.run(
        ["tsp", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def _exit_code(number: str) -> int:
    """Wait for a queued job; task-spooler ends with the job's own status."""
    return subprocess.run(
        ["tsp", "-w", number], check=False, stdout=subprocess.DEVNULL
    ).returncode


def _await_server() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


main()

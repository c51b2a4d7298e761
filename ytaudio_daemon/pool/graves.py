"""End what a dead template left behind: its workers, and their ffmpeg.

PDEATHSIG kills the workers by itself, but not their children. As the subreaper we
become the parent of all of them, so no pid can be reused before we reap it.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from ytaudio_daemon.pool import kernel
from ytaudio_daemon.pool.launch import TemplateProcess
from ytaudio_daemon.pool.leftovers import TEMPLATE_MARK, kill_marked


class Graves:
    """Processes that were killed and are still to be reaped."""

    def __init__(self) -> None:
        self._open: set[tuple[int, int]] = set()

    def __bool__(self) -> bool:
        return bool(self._open)

    def bury(self, template: TemplateProcess, workers: Iterable[int]) -> None:
        """Kill all that a dead, reaped template left.

        Args:
            template: Its own group holds workers forked a moment ago.
            workers: The pids of its workers that said hello.
        """
        for pid in workers:
            if _is_our_child(pid):  # else its pid may be another's by now
                kernel.kill_group(pid)
            self._open.add((os.P_PGID, pid))
        marked = kill_marked(TEMPLATE_MARK, template.template_id)
        self._open |= {(os.P_PID, pid) for pid in marked}
        self._open.add((os.P_PGID, template.process.pid))
        self.reap()

    def reap(self) -> None:
        """Reap what has died by now."""
        self._open = {grave for grave in self._open if not kernel.reap(*grave)}


def _is_our_child(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    return False

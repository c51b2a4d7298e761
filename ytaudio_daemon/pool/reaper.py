"""Kills and reaps the processes of a dead template: its workers and their children.

PDEATHSIG kills the workers, but not their children. The daemon is the subreaper: it
becomes the parent of all of them, of some only when their own parent is dead, and must
reap them.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.system import linux
from ytaudio_daemon.system.orphans import TEMPLATE_ENV, kill_by_env

#: Seconds for which orphans are searched after a template's end; they come at once.
_ORPHAN_WATCH_S = 1.0


class Reaper:
    """The processes that were killed and are not reaped yet."""

    def __init__(self) -> None:
        self._killed_pids: set[int] = set()
        self._watch_until = 0.0

    def __bool__(self) -> bool:
        return bool(self._killed_pids)

    def kill_remains(
        self, template: TemplateProcess, workers: Iterable[int], now: float
    ) -> None:
        """Kill the workers of a dead, reaped template, and their children.

        Args:
            template: Its ID is in the environment of all of them.
            workers: The pids of its workers, as far as they sent their first message.
            now: Monotonic seconds.
        """
        for pid in workers:
            if _is_our_child(pid):  # else its pid may be another's by now
                linux.kill_group(pid)
                self._killed_pids.add(pid)
        self._killed_pids |= kill_by_env(TEMPLATE_ENV, template.template_id)
        self._watch_until = now + _ORPHAN_WATCH_S
        self.reap(now)

    def reap(self, now: float) -> None:
        """Reap the processes that have died, for a while after a template's death.

        Workers and what escaped from them lead sessions of their own, so a child in
        our session is none of them: its exit status is left to the code that started it.
        """
        if now > self._watch_until:
            self._killed_pids.clear()
            return
        own = os.getsid(0)
        for pid in linux.children():
            with suppress(ProcessLookupError, ChildProcessError):  # reaped elsewhere
                if os.getsid(pid) != own:
                    os.waitpid(pid, os.WNOHANG)
        self._killed_pids = {pid for pid in self._killed_pids if _exists(pid)}


def _is_our_child(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    return False


def _exists(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False

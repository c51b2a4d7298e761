"""The observer of named steps: writes each down, and strikes at the chosen one."""

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from torture.blows import strike
from torture.orders import Orders, orders
from ytaudio_daemon.system import failpoints, landlock


class Observer:
    """Installed in the daemon and, through the template, in every worker.

    Args:
        told: The orders of this life.
    """

    def __init__(self, told: Orders) -> None:
        self._orders = told

    def __call__(self, step: str, about: str) -> None:
        """Take note of a step just passed."""
        self._write(step, about)
        if step == self._orders.step and self._count() == self._orders.nth:
            self._write("blow", f"{step} {self._orders.blow}")
            strike(self._orders)

    def _count(self) -> int:
        """Count this step's occurrences in this life, whichever process passes it."""
        number = 1
        while not self._is_first(number):
            number += 1
        return number

    def _is_first(self, number: int) -> bool:
        ticket = Path(self._orders.folder) / f"ticket.{self._orders.life}.{number}"
        try:
            ticket.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _write(self, step: str, about: str) -> None:
        line = f"{time.time():.6f}\t{os.getpid()}\t{step}\t{about}\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        fd = os.open(self._orders.step_log, flags, 0o600)
        try:
            os.write(fd, line.encode())  # one write: lines of several never mix
        finally:
            os.close(fd)


def install(*, as_daemon: bool) -> Orders:
    """Observe this process's steps, by the orders in its environment."""
    told = orders()
    if as_daemon:
        told = replace(told, daemon=os.getpid())
        os.environ.update(told.to_environment())
    failpoints.on_failpoint(Observer(told))
    _let_confined_workers_write(Path(told.folder))
    return told


def _let_confined_workers_write(folder: Path) -> None:
    """Leave workers, which give up all files but their own, the folder of the step log."""
    restrict = landlock.restrict_files

    def restrict_less(
        readable: Iterable[landlock.StrPath], writable: Iterable[landlock.StrPath]
    ) -> bool:
        return restrict(readable, [*writable, folder])

    landlock.restrict_files = restrict_less

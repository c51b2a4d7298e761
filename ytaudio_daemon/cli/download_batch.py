"""Downloading a list: several at once, stopped by Ctrl-C, told as it goes."""

import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import FrameType

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.download_list import Item
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.downloader.folder_downloader import (
    INTERRUPTED,
    Brake,
    Fetched,
    OneShot,
    Order,
    Stop,
)
from ytaudio_daemon.downloader.retry_policy import CONTAGIOUS, impatient
from ytaudio_daemon.downloader.work_dirs import own_folder
from ytaudio_daemon.downloader.worker_runtime import Engine, converters
from ytaudio_daemon.model import Failure, Outcome, Progress
from ytaudio_daemon.settings import Settings

#: How soon a signal is told of, in seconds.
LOOK_S = 0.1


class Fate(StrEnum):
    """What became of an item."""

    COMPLETED = "completed"
    FAILED = "failed"
    #: Refused unread: no link, a bad option.
    REJECTED = "rejected"
    #: The same as an item before it.
    DUPLICATE = "duplicate"
    #: Not begun: interrupted, or a failure that would have met it as well.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an item ended; `fetched` when it was begun."""

    item: Item
    fate: Fate
    fetched: Fetched | None = None

    @property
    def failure(self) -> Failure | None:
        """Why, when it failed or was not begun."""
        return self.fetched.outcome.failure if self.fetched else None


class Teller:
    """Hears how it goes; its methods are called from several threads."""

    def begin(self, items: Sequence[Item]) -> None:
        """Take note of all that was asked for."""

    def running(self, number: int, item: Item, progress: Progress) -> None:
        """One is running, and so far."""

    def over(self, number: int, ending: Ending) -> None:
        """One has ended."""

    def braking(self, stop: Stop, running: int) -> None:
        """It was interrupted."""

    def end(self, endings: Sequence[Ending], output: Path) -> None:
        """All have ended."""

    def close(self) -> None:
        """Leave the screen in order, whatever happened."""


def run(call: Call, items: Sequence[Item]) -> int:
    """Download all items, tell how each ended, and return the exit status."""
    from ytaudio_daemon.cli.download_reporters import teller_for  # noqa: PLC0415 - rich

    settings = _settings(call)
    brake = Brake()
    engine = Engine(settings, own_folder() / "home")
    teller = teller_for(call)
    try:
        oneshot = OneShot(Path(call.args.output_dir), settings, engine)
        if any(item.order is not None for item in items):
            engine.warm()
        team = Team(oneshot, teller, brake, _threads(settings))
        with _braked_by_signals(brake):
            endings = team.see_to(items)
        teller.end(endings, oneshot.output)
    finally:
        teller.close()
        engine.close()
    return _exit_status(endings, brake)


class Team:
    """Threads that fetch a list.

    Args:
        oneshot: Fetches.
        teller: Hears how it goes.
        brake: Ends it early.
        threads: How many.
    """

    def __init__(
        self, oneshot: OneShot, teller: Teller, brake: Brake, threads: int
    ) -> None:
        self._oneshot = oneshot
        self._teller = teller
        self._brake = brake
        self._threads = threads
        self._lock = threading.Lock()
        self._running = 0
        #: A failure that would meet all others too.
        self._plague: Failure | None = None

    def see_to(self, items: Sequence[Item]) -> list[Ending]:
        """Fetch every item that can be; returns how each ended, in their order."""
        self._teller.begin(items)
        with ThreadPoolExecutor(self._threads, "ytaudio-download") as pool:
            futures = [
                pool.submit(self._see_to_one, number, item)
                for number, item in enumerate(items)
            ]
            try:
                self._await(futures)
            except BaseException:
                self._brake.stop = Stop.AT_ONCE
                raise
        return _with_originals([future.result() for future in futures])

    def _await(self, futures: Sequence["Future[Ending]"]) -> None:
        told = Stop.NOT
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=LOOK_S)
            if self._brake.stop is not told:
                told = self._brake.stop
                self._teller.braking(told, self._running)

    def _see_to_one(self, number: int, item: Item) -> Ending:
        ending = self._ending(number, item)
        self._teller.over(number, ending)
        return ending

    def _ending(self, number: int, item: Item) -> Ending:
        if item.order is None:
            return Ending(item=item, fate=Fate.REJECTED)
        if item.duplicate_of is not None:
            return Ending(item=item, fate=Fate.DUPLICATE)
        reason = INTERRUPTED if self._brake.stop is not Stop.NOT else self._plague
        if reason is not None:
            skipped = Fetched(outcome=Outcome(failure=reason), attempts=0)
            return Ending(item=item, fate=Fate.SKIPPED, fetched=skipped)
        return self._fetched(number, item, item.order)

    def _fetched(self, number: int, item: Item, order: Order) -> Ending:
        with self._lock:
            self._running += 1
        try:
            fetched = self._oneshot.fetch(
                order,
                lambda progress: self._teller.running(number, item, progress),
                self._brake,
            )
        finally:
            with self._lock:
                self._running -= 1
        failure = fetched.outcome.failure
        if failure is None:
            return Ending(item=item, fate=Fate.COMPLETED, fetched=fetched)
        if failure.kind in CONTAGIOUS:
            self._plague = failure
        return Ending(item=item, fate=Fate.FAILED, fetched=fetched)


def _with_originals(endings: list[Ending]) -> list[Ending]:
    """Give duplicates what came of the items they repeat."""
    return [
        ending
        if ending.item.duplicate_of is None
        else replace(ending, fetched=endings[ending.item.duplicate_of].fetched)
        for ending in endings
    ]


@contextmanager
def _braked_by_signals(brake: Brake) -> Iterator[None]:
    """Let Ctrl-C pull the brake, gently at first; other ends come at once."""

    def pull(number: int, _frame: FrameType | None) -> None:
        gently = number == signal.SIGINT and brake.stop is Stop.NOT
        brake.stop = Stop.GENTLY if gently else Stop.AT_ONCE

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, pull) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _settings(call: Call) -> Settings:
    settings = impatient(call.settings)
    workers = call.args.jobs or settings.download.workers
    return replace(settings, download=replace(settings.download, workers=workers))


def _threads(settings: Settings) -> int:
    """A download that is being converted makes room for the next one."""
    return settings.download.workers + converters(settings)


def _exit_status(endings: Sequence[Ending], brake: Brake) -> int:
    undone = any(ending.failure == INTERRUPTED for ending in endings)
    if brake.stop is not Stop.NOT and undone:
        return Exit.INTERRUPTED
    wrong = {Fate.FAILED, Fate.REJECTED, Fate.SKIPPED}
    return Exit.FAILED if any(e.fate in wrong for e in endings) else Exit.OK

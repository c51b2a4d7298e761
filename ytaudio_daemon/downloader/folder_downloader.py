"""One link after the other into one folder: the core of `download` and the API."""

import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from ytaudio_daemon.downloader.await_attempt import TICK_S, Listen, see_through
from ytaudio_daemon.downloader.retry_policy import pause_s
from ytaudio_daemon.downloader.work_dirs import Workplace, own_folder
from ytaudio_daemon.downloader.worker_runtime import Engine
from ytaudio_daemon.errors import UnsafePathError, UsageError
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.folders.output_folder import WorkFolder, put
from ytaudio_daemon.model import Failure, FailureKind, Options, Outcome
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link

INTERRUPTED = Failure(
    kind=FailureKind.CRASHED,
    code="interrupted",
    message="It was interrupted.",
)


class Stop(IntEnum):
    """How urgently a run is to end."""

    NOT = 0
    #: What runs may finish; nothing is begun or tried again.
    GENTLY = 1
    #: What runs is killed.
    AT_ONCE = 2


@dataclass(slots=True)
class Brake:
    """Pulled by a signal handler, looked at by the threads that download."""

    stop: Stop = Stop.NOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One link with what is to be made of it."""

    link: Link
    options: Options

    @property
    def audio_key(self) -> tuple[str, str]:
        """What makes its audio the same as another's."""
        return self.link.video_id, self.options.profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """How an order ended.

    Attributes:
        outcome: Of the last attempt.
        path: Where the audio was put; None when it failed.
        attempts: How many there were.
    """

    outcome: Outcome
    path: Path | None = None
    attempts: int = 1

    @property
    def is_there(self) -> bool:
        """Whether the file still stands where it was put."""
        return self.path is not None and self.path.is_file()


class OneShot:
    """Fetches orders into a folder; safe to use from many threads.

    Args:
        output: Made if missing.
        settings: As `retrying.impatient` returns them.
        engine: Runs the attempts.

    Raises:
        UsageError: The folder cannot be made or written.
    """

    def __init__(self, output: Path, settings: Settings, engine: Engine) -> None:
        self.output = usable_folder(output)
        self._settings = settings
        self._engine = engine
        self._workplace = Workplace(self.output, own_folder())
        self._lock = threading.Lock()
        #: Every audio that was asked for: what came of it, or will. None: given up.
        self._asked: dict[tuple[str, str], Future[Fetched | None]] = {}

    def fetch(self, order: Order, listen: Listen, brake: Brake) -> Fetched:
        """Fetch an order, or give what an equal one in this run has brought.

        Args:
            order: What to fetch.
            listen: Hears how far it is, in this thread.
            brake: Ends it early.
        """
        while True:
            asked, is_mine = self._ask_for(order)
            if is_mine:
                return self._answer(order, asked, listen, brake)
            was_over = asked.done()
            fetched = asked.result()
            if fetched is not None and (fetched.is_there or not was_over):
                return fetched
            self._forget(order, asked)

    def _ask_for(self, order: Order) -> tuple["Future[Fetched | None]", bool]:
        mine: Future[Fetched | None] = Future()
        with self._lock:
            asked = self._asked.setdefault(order.audio_key, mine)
        return asked, asked is mine

    def _forget(self, order: Order, asked: "Future[Fetched | None]") -> None:
        with self._lock:
            if self._asked.get(order.audio_key) is asked:
                del self._asked[order.audio_key]

    def _answer(
        self,
        order: Order,
        asked: "Future[Fetched | None]",
        listen: Listen,
        brake: Brake,
    ) -> Fetched:
        fetched = None
        try:
            with self._workplace.entered() as layout:
                fetched = self._fetch(order, layout, str(uuid.uuid4()), listen, brake)
        except (OSError, UnsafePathError) as error:
            fetched = Fetched(outcome=Outcome(failure=no_place(error)))
        finally:
            asked.set_result(fetched)
        return fetched

    def _fetch(
        self, order: Order, layout: Layout, key: str, listen: Listen, brake: Brake
    ) -> Fetched:
        """Try until it is there, fails for good, or has been tried often enough."""
        failures: list[Failure] = []
        try:
            while True:
                fetched = self._try(
                    order, layout, (key, len(failures) + 1), listen, brake
                )
                if fetched.outcome.failure is None:
                    return fetched
                failures.append(fetched.outcome.failure)
                pause = pause_s(failures, self._settings)
                if pause is None or not _waited(pause, brake):
                    return fetched
        finally:
            publishing.clear_work(layout, key)

    def _try(
        self,
        order: Order,
        layout: Layout,
        name: tuple[str, int],
        listen: Listen,
        brake: Brake,
    ) -> Fetched:
        """Make one attempt, and put its audio into view."""
        key, number = name
        earlier = publishing.begin_attempt(layout, key, number)
        request = self._engine.request(
            key=key,
            attempt=number,
            link=order.link,
            options=order.options.to_json(),
            attempt_dir=layout.attempt_dir(key, number),
            earlier_dirs=earlier,
            cache=layout.cache,
        )
        run = self._engine.start(request)
        ended = see_through(run, listen, lambda: brake.stop is Stop.AT_ONCE)
        outcome = ended.outcome
        if outcome.result is not None:
            job = layout.attempt_dir(key, number) / publishing.JOB_FOLDER
            return self._put(order, job, outcome, number)
        if brake.stop is Stop.AT_ONCE:
            outcome = replace(outcome, failure=INTERRUPTED)
        return Fetched(outcome=outcome, attempts=number)

    def _put(self, order: Order, job: Path, outcome: Outcome, attempts: int) -> Fetched:
        result = outcome.result
        if result is None:
            raise ValueError("an outcome without failure carries a result")
        audio = job / "audio" / result.file_name
        try:
            path = put(audio, self.output, result, order.link.video_id)
        except (OSError, UnsafePathError) as error:
            failed = replace(outcome, result=None, failure=no_place(error))
            return Fetched(outcome=failed, attempts=attempts)
        return Fetched(outcome=outcome, path=path, attempts=attempts)


def usable_folder(folder: Path) -> Path:
    """Return a folder as an absolute path, made if missing and proven writable.

    Raises:
        UsageError: It cannot be made or written.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        WorkFolder(folder).remove()
    except OSError as error:
        raise UsageError(
            f"the output folder {folder} cannot be used: {error.strerror}",
            "Choose another folder, or let this user write there.",
        ) from error
    return folder


def no_place(error: Exception) -> Failure:
    """Return the failure of a folder that let us down."""
    return Failure(
        kind=FailureKind.HOST,
        code="output_folder",
        message=f"The output folder cannot be written: {error}",
        hint="Check the disk and the folder's permissions.",
    )


def _waited(pause_s: float, brake: Brake) -> bool:
    """Wait before the next try; False when the run is to end meanwhile."""
    end = time.monotonic() + pause_s
    while brake.stop is Stop.NOT:
        left = end - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(TICK_S, left))
    return False

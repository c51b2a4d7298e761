"""A job of the ledger, run by whoever asks for it instead of by the daemon."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ytaudio_daemon.downloader import open_ledger
from ytaudio_daemon.downloader.await_attempt import Listen, see_through
from ytaudio_daemon.downloader.cancellation import CancelWatch
from ytaudio_daemon.downloader.folder_downloader import (
    INTERRUPTED,
    Brake,
    Order,
    Stop,
    no_place,
)
from ytaudio_daemon.downloader.next_action import Turn, turn
from ytaudio_daemon.downloader.open_ledger import moment_in
from ytaudio_daemon.downloader.result import DownloadResult, refused
from ytaudio_daemon.downloader.sessions import active
from ytaudio_daemon.downloader.worker_runtime import Engine
from ytaudio_daemon.errors import (
    LedgerBusyError,
    LedgerError,
    UnsafePathError,
    UsageError,
)
from ytaudio_daemon.folders import Layout, published, publishing
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.wake_file import wake_daemon
from ytaudio_daemon.jobs.completer import Settler
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.foreign_claims import holder_name, is_gone
from ytaudio_daemon.jobs.recovery import give_back, recover
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    claims,
    job_entry,
    queries,
    transitions,
)
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.line_recorder import Ask
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import logs

T = TypeVar("T")

#: How often a job in other hands is looked at, in seconds.
LOOK_S = 0.2
OVER_QUOTA = (
    "The session is over its quota of jobs or bytes: wait until others are finished, or "
    "use another session."
)
#: A busy ledger is tried so often; each try waits seconds by itself.
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a caller asks for: an order as a job of a session."""

    order: Order
    session_uuid: str
    job_uuid: str


@contextmanager
def opened(settings: Settings, engine: Engine) -> Iterator["Desk"]:
    """Open the configured ledger for one call.

    Raises:
        ConfigError, LedgerError: It cannot be used.
    """
    logs.leave_to_the_host()
    with open_ledger.opened(settings) as ledger:
        yield Desk(ledger, layout_of(settings), settings, engine)


class Desk:
    """Enters, claims, runs and settles jobs for callers.

    Args:
        ledger: Open.
        layout: The daemon's tree.
        settings: As `retrying.impatient` returns them.
        engine: Runs the attempts.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, settings: Settings, engine: Engine
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._settings = settings
        self._engine = engine
        self._settler = Settler(ledger, layout, settings)
        self._host = open_ledger.this_host(layout)
        self._holder = holder_name(self._host)

    def fetch(self, wanted: Wanted, listen: Listen, brake: Brake) -> DownloadResult:
        """See a job through, whether we run it or find it in other hands.

        Raises:
            UnknownSessionError, SessionExpiredError: Of its session.
            UsageError: The job's UUID is unusable.
            LedgerError: The ledger cannot be used.
        """
        job = _insist(partial(self._enter, wanted))
        if job is None:
            return refused(OVER_QUOTA)
        is_first_look = True
        while brake.stop is not Stop.AT_ONCE:
            taken = _insist(partial(self._take, job.id, is_first_look=is_first_look))
            is_first_look = False
            if isinstance(taken, Claim):
                self._run(taken, listen, brake)
                self._wake_daemon()
            elif taken is not None:
                return _result_of(taken)
            else:
                time.sleep(LOOK_S)
        return refused(INTERRUPTED.message)

    def _wake_daemon(self) -> None:
        """Have status files and library show at once what we have done."""
        with suppress(OSError):  # it looks by itself within seconds
            wake_daemon(self._layout)

    def _enter(self, wanted: Wanted) -> JobRow | None:
        """Return the job, new or known; None when the session may have no more."""
        options, video_id = wanted.order.options, wanted.order.link.video_id
        job_uuid = _checked_uuid(wanted.job_uuid)
        with self._ledger.write() as db:
            session = active(db, wanted.session_uuid)
            ask = Ask.of(options)
            known = job_entry.job_of_uuid(db, job_uuid)
            now = moment_in(db)
            if known is not None:
                _require_same(known, session.uuid, video_id, ask)
            else:
                known = job_entry.job_of_audio(db, session.id, video_id, ask.profile)
            if known is not None:
                transitions.keep(db, known.id, now)
                return known
            return job_entry.enter(
                db,
                session.id,
                video_id=video_id,
                ask=ask,
                job_uuid=job_uuid,
                quota=self._settings.sessions.quota,
                now=now,
            )

    def _take(self, job_id: int, *, is_first_look: bool) -> Claim | JobRow | None:
        """Claim the job; or return how it ended; or None: look again soon."""
        with ExitStack() as undo, self._ledger.write() as db:
            now = moment_in(db)
            job = queries.job_by_id(db, job_id)
            gone = job.state is JobState.COMPLETED and published.audio_is_gone(
                job.output_path
            )
            step = turn(
                job, is_first_look=is_first_look, file_is_gone=gone, wall=now.wall
            )
            if step is Turn.OVER:
                return job
            if step is not Turn.WAIT:
                _queue(db, job_id, step)
                claim = claims.claim_one(db, job_id, now, self._holder)
                if claim is not None:  # before others can see it
                    _UNDER_WAY.add(claim.name)
                    undo.push(partial(_forget_if_it_failed, claim.name))
                return claim
            left = claims.running_claim(db, job_id)
        if left is not None and self._is_left_alone(left):
            recover(self._settler, self._layout, left, now)
        return None

    def _is_left_alone(self, claim: Claim) -> bool:
        """Tell whether nobody cares for a claim any more.

        Its process is gone; or it is ours, and its end could not be written down.
        """
        if claim.holder == self._holder:
            return claim.name not in _UNDER_WAY
        return is_gone(claim.holder or "", self._host)

    def _run(self, claim: Claim, listen: Listen, brake: Brake) -> None:
        """Make one attempt; whatever happens, the claim does not stay with us."""
        try:
            self._see_through(claim, listen, brake)
        finally:
            _UNDER_WAY.discard(claim.name)

    def _see_through(self, claim: Claim, listen: Listen, brake: Brake) -> None:
        watch = CancelWatch(self._ledger, claim, self._holder)
        try:
            outcome = self._attempt(
                claim,
                listen,
                lambda: brake.stop is Stop.AT_ONCE or watch.is_cancelled(),
            )
        except BaseException:  # Ctrl-C as well: nobody else may take a claim of ours
            self._give_back(claim)
            raise
        cut_short = watch.is_asked or brake.stop is Stop.AT_ONCE
        if outcome is not None and outcome.result is None and cut_short:
            self._give_back(claim)
        elif outcome is not None:
            self._settle(claim, outcome)

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        try:
            _insist(lambda: self._settler.settle(claim, outcome, self._now()))
        except LedgerError:
            raise  # whoever asks next picks it up: `_is_left_alone`
        except BaseException:  # as above
            self._give_back(claim)
            raise

    def _attempt(
        self, claim: Claim, listen: Listen, is_unwanted: Callable[[], bool]
    ) -> Outcome | None:
        """Return how it ended; None when the claim is settled without an attempt."""
        try:
            earlier = publishing.begin_attempt(self._layout, claim.uuid, claim.attempt)
        except (OSError, UnsafePathError) as error:
            return Outcome(failure=no_place(error))
        if _insist(lambda: self._settler.take_standing(claim, self._now())):
            return None
        request = fetch_request(
            claim, self._layout, self._settings, self._engine.tools, earlier
        )
        return see_through(self._engine.start(request), listen, is_unwanted).outcome

    def _give_back(self, claim: Claim) -> None:
        _insist(
            lambda: give_back(
                self._settler, self._layout, claim, self._now(), "interrupted"
            )
        )

    def _now(self) -> Now:
        with self._ledger.read() as db:
            return moment_in(db)


#: The attempts that this process makes just now, in whichever thread.
_UNDER_WAY: set[str] = set()


def _forget_if_it_failed(
    name: str, failed: type[BaseException] | None, *_: Any
) -> None:
    if failed is not None:
        _UNDER_WAY.discard(name)


def _insist(step: Callable[[], T]) -> T:
    """Do a step that may be done again while the ledger is busy."""
    for _ in range(TRIES - 1):
        try:
            return step()
        except LedgerBusyError:
            continue
    return step()


def _queue(db: Connection, job_id: int, step: Turn) -> None:
    if step is Turn.WAKE:
        transitions.wake(db, job_id, moment_in(db))
    elif step is Turn.AGAIN:
        transitions.retry(db, job_id, moment_in(db))


def _checked_uuid(text: str) -> str:
    """Return a UUID in its canonical form; it names a folder.

    Raises:
        UsageError: It is none.
    """
    try:
        return str(uuid.UUID(str(text)))
    except ValueError as error:
        raise UsageError(
            f"{str(text)[:60]!r} is no job's UUID", "get_url_uuid(url) gives one."
        ) from error


def _require_same(job: JobRow, session_uuid: str, video_id: str, ask: Ask) -> None:
    """Refuse a job's UUID that stands for something else than what is asked for."""
    known = {**job.options, "priority": ask.priority}
    if job.session_uuid != session_uuid:
        # Another session's job: not a word about it, its UUID is like a password.
        raise UsageError(
            "that job UUID is taken", "get_url_uuid(url) gives a free one."
        )
    if job.video_id != video_id or known != ask.options:
        raise UsageError(
            f"job {job.uuid} is for another link, or for other options",
            "get_url_uuid(url, format=…) gives the UUID for these.",
        )


def _result_of(job: JobRow) -> DownloadResult:
    done = job.state is JobState.COMPLETED
    default = OVER_QUOTA if job.state is JobState.HELD else f"The job is {job.state}."
    error = (job.error or {}).get("message") or default
    return DownloadResult(
        success=done,
        output_path=job.output_path if done else None,
        file_size_bytes=job.file_size_bytes if done else None,
        title=job.title,
        artist=job.artist,
        duration_seconds=job.duration_s,
        view_count=job.view_count,
        error_message=None if done else error,
    )

"""Reads the jobs that clients watch: once a tick for all of them together."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import anyio
from anyio.to_thread import run_sync

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.job_answers import JobAnswers
from ytaudio_daemon.api.response_models import JobAnswer
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import queries
from ytaudio_daemon.system.item_faults import ItemFaults

#: Seconds between two reads: status files are written as often.
READ_INTERVAL_S = 0.5


class JobWatch:
    """One client's watch on a job: the latest answer, and whether it is new to the client.

    A client that reads slowly gets the latest answer, not all of them; so what is
    stored for it does not grow.

    Args:
        job_id: The job's row.
    """

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        #: No further answer comes: the server stops, or the job's row was deleted.
        self.is_ended = False
        self._latest: JobAnswer | None = None
        self._changed = anyio.Event()

    async def next_answer(self, timeout_s: float) -> JobAnswer | None:
        """Return the job's answer when it has changed since the last call.

        Args:
            timeout_s: Seconds after which None is returned, as at the end of the watch.
        """
        with anyio.move_on_after(timeout_s):
            await self._changed.wait()
            if not self.is_ended:
                self._changed = anyio.Event()
            return self._latest
        return None

    def update(self, answer: JobAnswer) -> None:
        """Store an answer, and wake the client if it is a new one."""
        if answer != self._latest:
            self._latest = answer
            self._changed.set()

    def end(self) -> None:
        """Wake the client for the last time."""
        self.is_ended = True
        self._latest = None
        self._changed.set()


class WatchedJobs:
    """The jobs that clients watch, and the one task that reads all of them.

    The task runs while there are watches; the methods are called in the
    event loop's thread alone.

    Args:
        context: The resources.
    """

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._watches: set[JobWatch] = set()
        self._reader: asyncio.Task[None] | None = None
        self._faults = ItemFaults("watch")

    @contextmanager
    def watch(self, job_id: int) -> Iterator[JobWatch]:
        """Yield a watch, which gets what is read after this call and nothing older."""
        watch = JobWatch(job_id)
        self._watches.add(watch)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_while_watched())
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def _read_while_watched(self) -> None:
        try:
            while self._watches and not self._context.is_closing():
                # A watch that begins meanwhile gets the next read: this one may be older.
                await self._read_for(tuple(self._watches))
                await anyio.sleep(READ_INTERVAL_S)
        finally:
            self._reader = None
            for watch in self._watches:
                watch.end()

    async def _read_for(self, watches: Sequence[JobWatch]) -> None:
        ids = sorted({watch.job_id for watch in watches})
        answers = await run_sync(self._read, ids)
        if answers is None:
            return
        for watch in watches:
            answer = answers.get(watch.job_id)
            if answer is None:
                watch.end()
            else:
                watch.update(answer)

    def _read(self, ids: Sequence[int]) -> dict[int, JobAnswer] | None:
        """Return the answers of jobs; None while the ledger is busy.

        Rows that were deleted are left out, and so is a job whose answer this program
        cannot make: its clients alone lose their streams.
        """
        try:
            with self._context.read() as db:
                rows = queries.jobs_by_id(db, ids)
        except LedgerError:
            return None  # the next read may succeed; heartbeats keep the connections
        answers = JobAnswers(self._context)
        found: dict[int, JobAnswer] = {}
        for row in rows.values():
            with self._faults.isolated(row.uuid):
                found[row.id] = answers.answer(row)
        return found

"""Reads the jobs that clients poll: one read of the ledger for all requests that wait.

SQLite cannot read while a commit is written, and a waiting reader sleeps longer each
time. If every request read by itself, requests would wait one behind the other, each for
a commit of its own; so those that arrive during a read share the next one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from ytaudio_daemon.api.auth import own_session
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.job_answers import JobAnswers
from ytaudio_daemon.api.own_jobs import require_own_job
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.response_models import JobAnswer
from ytaudio_daemon.ledger.queries import JobRow

#: Requests that share one read, at most: while it lasts, the daemon cannot commit.
MAX_POLLS_PER_READ = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPoll:
    """A request for a job.

    Attributes:
        key: The session's key in its header, or None.
        sent_by_operator: Whether the operator sent it.
        job_id: The job's UUID in its address.
    """

    key: str | None
    sent_by_operator: bool
    job_id: str


class PolledJobs:
    """Answers requests for jobs, each by a read of the ledger that begins after it came.

    Its methods are called in the event loop's thread alone.

    Args:
        context: The resources.
    """

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._waiting: list[tuple[JobPoll, asyncio.Future[JobAnswer]]] = []
        self._reader: asyncio.Task[None] | None = None

    async def answer(self, poll: JobPoll) -> JobAnswer:
        """Return the job's answer.

        Raises:
            Problem: The request has no key of an active session, or the session no such
                job.
            LedgerError: The ledger cannot be read.
        """
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((poll, answer))
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_while_polled())
        found: JobAnswer = await answer
        return found

    async def _read_while_polled(self) -> None:
        # A thread of its own: requests that write may wait in all the others.
        limiter = CapacityLimiter(1)
        try:
            while self._waiting:
                polls = self._waiting[:MAX_POLLS_PER_READ]
                del self._waiting[:MAX_POLLS_PER_READ]
                asked = [poll for poll, _ in polls]
                answers = await run_sync(self._read, asked, limiter=limiter)
                for (_, waiting), answer in zip(polls, answers, strict=True):
                    _resolve(waiting, answer)
        finally:
            self._reader = None

    def _read(self, polls: Sequence[JobPoll]) -> list[JobAnswer | Exception]:
        """Return for each request its answer, or the error that it ends with."""
        try:
            with self._context.read():
                rows = [self._find(poll) for poll in polls]
            answers = JobAnswers(self._context)
        except Exception as error:  # noqa: BLE001 - each request raises it
            return [error] * len(polls)
        return [
            row if isinstance(row, Problem) else _answer_or_error(answers, row)
            for row in rows
        ]

    def _find(self, poll: JobPoll) -> JobRow | Problem:
        try:
            session = own_session(self._context, poll.key, poll.sent_by_operator)
            return require_own_job(self._context, session, poll.job_id)
        except Problem as problem:
            return problem


def _answer_or_error(answers: JobAnswers, row: JobRow) -> JobAnswer | Exception:
    try:
        return answers.answer(row)
    except Exception as error:  # noqa: BLE001 - that request alone raises it
        return error


def _resolve(waiting: asyncio.Future[JobAnswer], answer: JobAnswer | Exception) -> None:
    """End a request's wait, unless its client has disconnected."""
    if waiting.done():
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)

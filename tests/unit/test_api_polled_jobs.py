"""Polls of jobs: one read for all that wait, each with its own answer; a real ledger."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ledger_rig import ASK, NO_LIMIT, NOW
from ytaudio_daemon.api import polled_jobs
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.polled_jobs import JobPoll, PolledJobs
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Connection, Ledger, enqueue, queries, sessions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.settings import load


class GatedContext(ApiContext):
    """A context that counts its reads, and holds each up until `gate` is set."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.gate = threading.Event()
        self.reads = self.refused = self._depth = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if not self._depth:
            self.reads += 1
            assert self.gate.wait(30)
            if self.refused:
                self.refused -= 1
                raise LedgerBusyError("busy")
        self._depth += 1
        try:
            with super().read() as db:
                yield db
        finally:
            self._depth -= 1


@pytest.fixture
def context(sqlite_ledger: Ledger, tmp_path: Path) -> GatedContext:
    layout = Layout(
        inbox=tmp_path,
        downloads=tmp_path,
        library=None,
        status=tmp_path,
        state=tmp_path,
    )
    layout.wake_dir.mkdir()
    return GatedContext(
        ledger=sqlite_ledger,
        layout=layout,
        settings=load(None, {"YTAUDIO_PATHS_ROOT": str(tmp_path)}),
        daemon_down_reason=lambda: "no daemon",
    )


def add_jobs(context: ApiContext, count: int) -> list[JobRow]:
    with context.write() as (db, _):
        session = sessions.open_session(db, "alice", NOW)
        return [
            queries.job_by_id(
                db,
                enqueue.enqueue_link(
                    db,
                    session.id,
                    enqueue.NewVideo(video_id=f"AAAAAAAAA{number:02}", job_options=ASK),
                    quota=NO_LIMIT,
                    now=NOW,
                    file_is_gone=lambda _: True,
                ).job_id
                or 0,
            )
            for number in range(count)
        ]


def poll_of(row: JobRow, **other: Any) -> JobPoll:
    """Return the operator's poll of a job."""
    shown = {"key": row.session_uuid, "sent_by_operator": True, "job_id": row.uuid}
    return JobPoll(**{**shown, **other})


async def ask(
    context: GatedContext, polls: Sequence[JobPoll], waiting: int = 0
) -> list[Any]:
    """Send polls; the first read begins once the first `waiting` of them wait for it."""
    polled = PolledJobs(context)
    tasks = [asyncio.create_task(polled.answer(poll)) for poll in polls[:waiting]]
    if waiting:
        async with asyncio.timeout(30):
            while not context.reads:  # noqa: ASYNC110 - in another thread
                await asyncio.sleep(0.001)
    tasks += [asyncio.create_task(polled.answer(poll)) for poll in polls[waiting:]]
    await asyncio.sleep(0)
    context.gate.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_polls_that_come_during_a_read_share_the_next_one(
    context: GatedContext,
) -> None:
    rows = add_jobs(context, 20)
    answers = asyncio.run(ask(context, [poll_of(row) for row in rows], waiting=1))
    assert [answer["job_uuid"] for answer in answers] == [row.uuid for row in rows]
    assert context.reads == 2, "a poll is not answered by a read that began before it"


def test_one_read_answers_a_bounded_number_of_polls(
    context: GatedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polled_jobs, "MAX_POLLS_PER_READ", 4)
    rows = add_jobs(context, 10)
    answers = asyncio.run(ask(context, [poll_of(row) for row in rows]))
    assert [answer["job_uuid"] for answer in answers] == [row.uuid for row in rows]
    assert context.reads == 3


def test_each_poll_has_the_problem_of_its_own(context: GatedContext) -> None:
    row, other = add_jobs(context, 2)
    polls = [
        poll_of(row),
        poll_of(row, key=None),
        poll_of(row, sent_by_operator=False),
        poll_of(row, job_id="x"),
        poll_of(other),
    ]
    first, missing, not_his, unknown, last = asyncio.run(ask(context, polls))
    assert (first["job_uuid"], last["job_uuid"]) == (row.uuid, other.uuid)
    problems = [missing, not_his, unknown]
    assert all(isinstance(each, Problem) for each in problems)
    assert [each.status for each in problems] == [401, 401, 404]
    assert context.reads == 1


def test_a_ledger_that_is_busy_is_each_polls_error_and_passes(
    context: GatedContext,
) -> None:
    rows = add_jobs(context, 2)
    context.refused = 1
    polls = [poll_of(row) for row in rows]
    failed = asyncio.run(ask(context, polls))
    assert all(isinstance(each, LedgerBusyError) for each in failed)
    answers = asyncio.run(ask(context, polls))
    assert [answer["job_uuid"] for answer in answers] == [row.uuid for row in rows]


def test_a_client_that_disconnects_takes_no_answer_from_others(
    context: GatedContext,
) -> None:
    gone, stays = add_jobs(context, 2)

    async def poll_both() -> Any:
        polled = PolledJobs(context)
        leaves = asyncio.create_task(polled.answer(poll_of(gone)))
        waits = asyncio.create_task(polled.answer(poll_of(stays)))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        context.gate.set()
        return await waits

    assert asyncio.run(poll_both())["job_uuid"] == stays.uuid

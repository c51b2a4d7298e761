"""The streams of jobs: one reader for all, heartbeats, and what ends them; a real ledger."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ledger_rig import ASK, NO_LIMIT, NOW
from ytaudio_daemon.api import event_stream, watched_jobs
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.watched_jobs import WatchedJobs
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Connection, Ledger, enqueue, queries, sessions
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.operations import job_changes
from ytaudio_daemon.settings import load


class CountedContext(ApiContext):
    """A context that counts its reads; one of them can be refused."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.reads = 0
        self.refused = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.reads += 1
        if self.refused:
            self.refused -= 1
            raise LedgerBusyError("busy")
        with super().read() as db:
            yield db


@pytest.fixture
def context(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CountedContext:
    monkeypatch.setattr(watched_jobs, "READ_INTERVAL_S", 0.01)
    layout = Layout(
        inbox=tmp_path,
        downloads=tmp_path,
        library=None,
        status=tmp_path,
        state=tmp_path,
    )
    layout.wake_dir.mkdir()
    return CountedContext(
        ledger=sqlite_ledger,
        layout=layout,
        settings=load(None, {"YTAUDIO_PATHS_ROOT": str(tmp_path)}),
        daemon_down_reason=lambda: "no daemon",
    )


def add_job(context: ApiContext, video_id: str = "AAAAAAAAAAA") -> JobRow:
    with context.write() as (db, _):
        session = sessions.open_session(db, "alice", NOW)
        posted = enqueue.enqueue_link(
            db,
            session.id,
            enqueue.NewVideo(video_id=video_id, job_options=ASK),
            quota=NO_LIMIT,
            now=NOW,
            file_is_gone=lambda _: True,
        )
        assert posted.job_id is not None
        return queries.job_by_id(db, posted.job_id)


def cancel(context: ApiContext, row: JobRow) -> None:
    with context.write() as (db, now):
        job_changes.cancel_job(db, row.id, now, NO_LIMIT)


def event_of(sent: bytes) -> tuple[str, dict[str, Any]]:
    """Return the name and the job of an event."""
    name, data = sent.decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def listen(
    context: ApiContext,
    watched: WatchedJobs,
    row: JobRow,
    sent: list[bytes],
    on_event: Callable[[], object] = lambda: None,
) -> None:
    """Store what a stream sends, until it ends."""
    async with aclosing(event_stream.job_events(context, watched, row)) as events:
        async for event in events:
            sent.append(event)
            on_event()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - anything may fulfil it
            await asyncio.sleep(0.001)


def test_a_write_wakes_the_daemon(context: CountedContext) -> None:
    add_job(context)
    assert [file.name for file in context.layout.wake_dir.iterdir()] == ["poke"]


def test_silence_is_broken_until_the_server_stops(
    context: CountedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.02)
    row = add_job(context)
    sent: list[bytes] = []
    context.is_closing = lambda: sent.count(b": still there\n\n") >= 2

    asyncio.run(listen(context, WatchedJobs(context), row, sent))
    assert sent[0] == b"retry: 2000\n\n"
    assert b"no daemon" in sent[1]
    assert event_of(sent[1])[0] == "progress"
    assert set(sent[2:]) == {b": still there\n\n"}


def test_one_read_serves_all_streams_and_each_gets_its_own_job_once(
    context: CountedContext,
) -> None:
    rows = [add_job(context, f"AAAAAAAAA{number:02}") for number in range(20)]
    streams: list[list[bytes]] = [[] for _ in rows]

    async def watch_all() -> int:
        watched = WatchedJobs(context)
        tasks = [
            asyncio.create_task(listen(context, watched, row, sent))
            for row, sent in zip(rows, streams, strict=True)
        ]
        await until(lambda: all(len(sent) == 2 for sent in streams))
        context.reads = 0
        await until(lambda: context.reads == 5)
        assert all(len(sent) == 2 for sent in streams), "nothing has changed"
        for row in rows:
            cancel(context, row)
        await asyncio.gather(*tasks)
        context.reads = 0
        await asyncio.sleep(0.1)
        return context.reads

    assert asyncio.run(watch_all()) <= 1, "nobody watches, and it still reads"
    for row, sent in zip(rows, streams, strict=True):
        told = [event_of(each) for each in sent[1:]]
        assert [(name, job["job_uuid"]) for name, job in told] == [
            ("progress", row.uuid),
            ("finalized", row.uuid),
        ]


def test_a_stream_that_begins_later_starts_the_reader_anew(
    context: CountedContext,
) -> None:
    first, second = add_job(context), add_job(context, "BBBBBBBBBBB")

    async def watch_both() -> list[bytes]:
        watched = WatchedJobs(context)
        for row in (first, second):
            sent: list[bytes] = []
            task = asyncio.create_task(listen(context, watched, row, sent))
            await until(lambda sent=sent: len(sent) == 2)  # type: ignore[misc]
            cancel(context, row)
            await task
            await asyncio.sleep(0.05)
        return sent

    assert event_of(asyncio.run(watch_both())[-1])[1]["job_uuid"] == second.uuid


def test_a_read_inside_a_read_is_a_part_of_it(context: CountedContext) -> None:
    with context.read() as outer:
        with context.read() as inner:
            assert inner is outer
        with pytest.raises(ZeroDivisionError), context.read():
            raise ZeroDivisionError
        assert outer.exec_driver_sql("SELECT 1").scalar() == 1
    with context.read() as later:
        assert later is not outer


def test_a_busy_ledger_delays_an_event_and_loses_none(context: CountedContext) -> None:
    row = add_job(context)
    sent: list[bytes] = []

    async def watch() -> None:
        task = asyncio.create_task(listen(context, WatchedJobs(context), row, sent))
        await until(lambda: len(sent) == 2)
        context.refused = 5
        cancel(context, row)
        await task

    asyncio.run(watch())
    assert not context.refused
    assert [event_of(each)[0] for each in sent[1:]] == ["progress", "finalized"]


def test_a_job_whose_answer_cannot_be_made_ends_its_own_stream_alone(
    context: CountedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = add_job(context), add_job(context, "BBBBBBBBBBB")
    make = ApiContext.job_document
    is_broken = False

    def document(self: ApiContext, row: JobRow, **more: Any) -> Any:
        if is_broken and row.id == bad.id:
            raise KeyError("a mistake")
        return make(self, row, **more)

    monkeypatch.setattr(CountedContext, "job_document", document)

    async def watch() -> list[bytes]:
        nonlocal is_broken
        watched = WatchedJobs(context)
        sent: tuple[list[bytes], list[bytes]] = ([], [])
        tasks = [
            asyncio.create_task(listen(context, watched, row, each))
            for row, each in zip((bad, good), sent, strict=True)
        ]
        await until(lambda: len(sent[0]) == len(sent[1]) == 2)
        is_broken = True
        await tasks[0]
        assert not tasks[1].done()
        cancel(context, good)
        await tasks[1]
        return sent[1]

    assert event_of(asyncio.run(watch())[-1])[0] == "finalized"


def test_an_old_state_never_follows_a_newer_one(context: CountedContext) -> None:
    """The reader may be in the middle of a read that began before a stream did."""
    row = add_job(context)
    sent: list[bytes] = []

    async def watch() -> None:
        watched = WatchedJobs(context)
        with watched.watch(row.id) as early:
            old = await early.next_answer(30)
            assert old is not None
            cancel(context, row)
            with context.read() as db:
                fresh = queries.job_by_id(db, row.id)
            await listen(context, watched, fresh, sent)

    asyncio.run(watch())
    assert [event_of(each)[0] for each in sent[1:]] == ["finalized"]

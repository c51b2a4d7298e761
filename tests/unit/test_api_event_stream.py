"""The daemon's alarm, the stream's heartbeat and its end, on a real ledger."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.ledger_rig import ASK, NO_LIMIT, NOW
from ytaudio_daemon.api import event_stream
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, enqueue, queries, sessions
from ytaudio_daemon.settings import load


def test_a_write_wakes_the_daemon_and_silence_is_broken_until_a_stop(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "POLL_INTERVAL_S", 0.01)
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.02)
    with sqlite_ledger.write() as db:
        session = sessions.open_session(db, "alice", NOW)
        posted = enqueue.enqueue_link(
            db,
            session.id,
            video_id="AAAAAAAAAAA",
            job_options=ASK,
            quota=NO_LIMIT,
            now=NOW,
            file_is_gone=lambda _: True,
        )
        assert posted.job_id is not None
        row = queries.job_by_id(db, posted.job_id)
    layout = Layout(
        inbox=tmp_path,
        downloads=tmp_path,
        library=None,
        status=tmp_path,
        state=tmp_path,
    )
    context = ApiContext(
        ledger=sqlite_ledger,
        layout=layout,
        settings=load(None, {"YTAUDIO_PATHS_ROOT": str(tmp_path)}),
        daemon_down_reason=lambda: "no daemon",
    )
    layout.wake_dir.mkdir()
    with context.write() as (db, now):
        sessions.touch_session(db, session, now)
    assert [file.name for file in layout.wake_dir.iterdir()] == ["poke"]
    said: list[bytes] = []
    context.is_closing = lambda: said.count(b": still there\n\n") == 2

    async def listen() -> None:
        async for event in event_stream.job_events(context, row):
            said.append(event)  # noqa: PERF401 - `is_closing` looks at it

    asyncio.run(listen())
    assert said[0] == b"retry: 2000\n\n"
    assert said[1].startswith(b"event: progress\ndata: {")
    assert b"no daemon" in said[1]
    assert said[2:] == [b": still there\n\n"] * 2

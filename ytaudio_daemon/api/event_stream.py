"""A job's progress as a stream of server-sent events."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from ytaudio_daemon.api.auth import AtDesk
from ytaudio_daemon.api.context import Desk
from ytaudio_daemon.api.jobs import ONE, OwnJob, answer_for
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.responses import PRIVATE, json_text, refused
from ytaudio_daemon.api.vocabulary import FINAL
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import queries
from ytaudio_daemon.ledger.queries import JobRow

router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

#: The job is looked at so often, in seconds: as often as status files are written.
LOOK_S = 0.5
#: Silence is broken so often, in seconds, so that proxies keep the connection.
HEARTBEAT_S = 15.0
#: A client that lost the connection comes again after so long, in milliseconds.
COME_AGAIN_MS = 2000
#: Streams at once.
MAX_STREAMS = 256

STREAM = {
    "description": "Events `progress`, each with the job as JSON, when it has changed;"
    " the last is `finalized`, then the stream ends. Comments keep it alive.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


async def take_place(desk: AtDesk) -> AsyncIterator[None]:
    """Count a stream while it runs.

    Raises:
        Problem: There are too many.
    """
    if desk.streams >= MAX_STREAMS:
        raise Problem(
            503,
            "too_many_streams",
            f"{MAX_STREAMS} clients watch already.",
            "Ask for the job now and then instead.",
            headers={"Retry-After": "10"},
        )
    desk.streams += 1
    try:
        yield
    finally:
        desk.streams -= 1


Place = Annotated[None, Depends(take_place)]


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: STREAM, **refused(*ONE)},
)
def watch_job(desk: AtDesk, row: OwnJob, _: Place) -> StreamingResponse:
    """Watch a job until it is finalized."""
    headers = {**PRIVATE, "X-Accel-Buffering": "no"}  # nginx would hold it back
    return StreamingResponse(
        events_of(desk, row), headers=headers, media_type="text/event-stream"
    )


async def events_of(desk: Desk, row: JobRow) -> AsyncIterator[bytes]:
    """Yield events until the job is finalized or the server stops.

    A client that has gone ends it from outside: the framework cancels it.
    """
    yield format_sse_event(retry=COME_AGAIN_MS)
    told: dict[str, Any] | None = None
    spoke = time.monotonic()
    while not desk.is_closing():
        job = await run_sync(_look_at, desk, row.id)
        if job is not None and job != told:
            told, spoke = job, time.monotonic()
            is_final = job["status"] in FINAL
            event = "finalized" if is_final else "progress"
            yield format_sse_event(event=event, data_str=json_text(job))
            if is_final:
                return
        elif time.monotonic() - spoke >= HEARTBEAT_S:
            spoke = time.monotonic()
            yield format_sse_event(comment="still there")
        await anyio.sleep(LOOK_S)


def _look_at(desk: Desk, job_id: int) -> dict[str, Any] | None:
    """Return the job's answer, or None while the ledger is busy."""
    try:
        with desk.read() as db:
            row = queries.job_by_id(db, job_id)
    except LedgerError:
        return None  # the next look may succeed; the heartbeat tells that we live
    return answer_for(desk, row)

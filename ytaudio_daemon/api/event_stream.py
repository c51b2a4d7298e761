"""A job's progress as a stream of server-sent events."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from ytaudio_daemon.api.auth import ContextDep
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.job_answers import api_job
from ytaudio_daemon.api.own_jobs import OwnJob
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.response_models import JobAnswer
from ytaudio_daemon.api.responses import (
    OWN_ITEM_STATUSES,
    PRIVATE_HEADERS,
    json_text,
    problem_responses,
)
from ytaudio_daemon.api.vocabulary import FINAL_STATUSES
from ytaudio_daemon.api.watched_jobs import WatchedJobs
from ytaudio_daemon.ledger.queries import JobRow

router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

#: Seconds without an event after which a comment is sent: proxies drop idle connections.
HEARTBEAT_S = 15.0
#: Milliseconds after which a client that lost the connection reconnects.
RECONNECT_MS = 2000
#: Streams at once, from all sessions.
MAX_STREAMS = 256
#: Streams at once from one session: so that it cannot take all of them.
MAX_STREAMS_PER_SESSION = 32

STREAM_RESPONSE = {
    "description": "Events `progress`, each with the job as JSON, when it has changed;"
    " the last is `finalized`, then the stream ends. Comments keep it alive.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


async def get_watched_jobs(request: Request) -> WatchedJobs:
    """Return the shared reader of the application that handles a request."""
    watched: WatchedJobs = request.app.state.watched_jobs
    return watched


WatchedDep = Annotated[WatchedJobs, Depends(get_watched_jobs)]


async def count_stream(context: ContextDep, row: OwnJob) -> AsyncIterator[None]:
    """Count a session's stream while it runs.

    Raises:
        Problem: There are too many streams already, of the session or in all.
    """
    streams, session_id = context.streams_by_session, row.session_id
    if streams[session_id] >= MAX_STREAMS_PER_SESSION:
        raise _too_many_streams(
            429,
            "session_stream_limit",
            f"This session watches {MAX_STREAMS_PER_SESSION} jobs already.",
        )
    if streams.total() >= MAX_STREAMS:
        raise _too_many_streams(
            503, "too_many_streams", f"{MAX_STREAMS} clients watch already."
        )
    streams[session_id] += 1
    try:
        yield
    finally:
        streams[session_id] -= 1
        if not streams[session_id]:
            del streams[session_id]


def _too_many_streams(status: int, code: str, detail: str) -> Problem:
    return Problem(
        status,
        code,
        detail,
        "Ask for the job now and then instead.",
        headers={"Retry-After": "10"},
    )


CountedStream = Annotated[None, Depends(count_stream)]


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: STREAM_RESPONSE, **problem_responses(*OWN_ITEM_STATUSES, 429)},
)
def watch_job(
    context: ContextDep, watched: WatchedDep, row: OwnJob, _: CountedStream
) -> StreamingResponse:
    """Watch a job until it is finalized."""
    headers = {**PRIVATE_HEADERS, "X-Accel-Buffering": "no"}  # nginx would hold it back
    return StreamingResponse(
        job_events(context, watched, row),
        headers=headers,
        media_type="text/event-stream",
    )


async def job_events(
    context: ApiContext, watched: WatchedJobs, row: JobRow
) -> AsyncGenerator[bytes, None]:
    """Yield events until the job is finalized or the server stops.

    When the client disconnects, Starlette cancels the stream.

    Args:
        context: The resources.
        watched: Reads the jobs of all streams.
        row: The job as it was read before its stream began.
    """
    yield format_sse_event(retry=RECONNECT_MS)
    with watched.watch(row.id) as watch:
        answer: JobAnswer | None = await run_sync(api_job, context, row)
        sent: JobAnswer | None = None
        while not watch.is_ended:
            if answer is None:
                yield format_sse_event(comment="still there")
            elif answer != sent:
                sent = answer
                is_final = answer["status"] in FINAL_STATUSES
                event = "finalized" if is_final else "progress"
                yield format_sse_event(event=event, data_str=json_text(answer))
                if is_final:
                    return
            answer = await watch.next_answer(HEARTBEAT_S)

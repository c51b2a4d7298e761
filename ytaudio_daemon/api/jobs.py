"""Jobs: post, list, look at, change, fetch."""

import tomllib
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ytaudio_daemon.api.auth import UUID, AtDesk, OwnSession
from ytaudio_daemon.api.context import Desk
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import (
    After,
    JobId,
    Limit,
    NewJob,
    NewStatus,
    Statuses,
)
from ytaudio_daemon.api.responses import answer, describe
from ytaudio_daemon.api.vocabulary import (
    AUDIO,
    Status,
    job_answer,
    option_layer,
    states_of,
)
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.drop_reader import read_defaults
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import job_entry, queries, transitions
from ytaudio_daemon.ledger.enqueue import Posted, post
from ytaudio_daemon.ledger.line_recorder import Ask
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, Layer, OptionError, Options
from ytaudio_daemon.model.options import check_layer, effective
from ytaudio_daemon.urls import Link, LinkError, parse_link

router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

#: Statuses every route here can be refused with.
ANY = (401, 410, 503)
ONE = (*ANY, 404)
#: Where the ID of a new job leads.
BY_JOB_ID = {
    name: {"operationId": name, "parameters": {"job_id": "$response.body#/job_uuid"}}
    for name in (
        "get_job",
        "get_paths",
        "get_audio",
        "watch_job",
        "put_status",
        "cancel_job",
        "retry_job",
    )
}


def own_job(desk: AtDesk, session: OwnSession, job_id: JobId) -> JobRow:
    """Return a job of the session that asks; any other does not exist for it.

    Raises:
        Problem: There is none.
    """
    plain = job_id.lower()
    if UUID.fullmatch(plain):
        with desk.read() as db:
            row = job_entry.job_of_uuid(db, plain)
        if row is not None and row.session_id == session.id:
            return row
    raise Problem(404, "unknown_job", "This session has no such job.")


OwnJob = Annotated[JobRow, Depends(own_job)]


@router.post(
    "/",
    status_code=201,
    responses={
        **describe(
            "JobAnswer",
            "The new job",
            *(*ANY, 409, 413, 422, 429, 507),
            status=201,
            leads_to=BY_JOB_ID,
        ),
        **describe(
            "JobAnswer",
            "The session has this audio already, or again",
            leads_to=BY_JOB_ID,
        ),
    },
)
def create_job(desk: AtDesk, session: OwnSession, wanted: NewJob) -> Response:
    """Post a link; the daemon downloads it.

    The same video with the same options twice is one job: its answer is 200 then. One
    that had failed, or whose file is gone, runs again.
    """
    if wanted.media_type != AUDIO:
        raise Problem(
            422,
            "unsupported_media_type",
            f"media_type {wanted.media_type[:40]!r} is not made here; only audio is.",
            "Leave it out, or say: audio",
        )
    link, options = _link(wanted.url), _options(desk, session, wanted)
    row, result = _post(desk, session.id, link.video_id, Ask.of(options))
    headers = {"Location": f"/api/jobs/{row.uuid}"}
    status = 201 if result is Posted.ACCEPTED else 200
    return answer(answer_for(desk, row), status, headers)


@router.get("/", responses=describe("JobList", "A page of jobs", *ANY, 422))
def list_jobs(
    desk: AtDesk,
    session: OwnSession,
    statuses: Statuses = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List the session's jobs, the oldest first."""
    last = 0 if after is None else own_job(desk, session, after).id
    with desk.read() as db:
        rows = queries.find_jobs(
            db,
            session_id=session.id,
            states=states_of(statuses or []),
            after_id=last,
            limit=limit + 1,
        )
    page = rows[:limit]
    states = states_of(statuses) if statuses else list(JobState)
    document = {
        "schema": "ytaudio.jobs/1",
        "jobs": [answer_for(desk, row) for row in page],
        "total": sum(session.counts[state] for state in states),
        "next": page[-1].uuid if len(rows) > limit else None,
    }
    return answer(document)


@router.get("/{job_id}", responses=describe("JobAnswer", "The job", *ONE))
def get_job(desk: AtDesk, row: OwnJob) -> Response:
    """Tell how a job stands: status, progress, result or error."""
    return answer(answer_for(desk, row))


@router.get("/{job_id}/paths", responses=describe("JobPaths", "The paths", *ONE))
def get_paths(desk: AtDesk, row: OwnJob) -> Response:
    """Tell where a job's files are, or will be, on the server."""
    folder = desk.layout.job_dir(row.session_uuid, row.uuid)
    is_done = row.state is JobState.COMPLETED
    document = {
        "job_uuid": row.uuid,
        "session_uuid": row.session_uuid,
        "session_dir": str(desk.layout.session_downloads(row.session_uuid)),
        "job_dir": str(folder),
        "audio_dir": str(folder / "audio"),
        "job_file": str(folder / "job.json"),
        "output_path": row.output_path if is_done else None,
        "file_exists": is_done and not audio_is_gone(row.output_path),
    }
    return answer(document)


@router.put(
    "/{job_id}/status",
    responses={
        **describe("JobAnswer", "The job as it is now", *ONE, 409, 413, 422, 429, 507),
        **describe("JobAnswer", "It is running; it is being stopped", status=202),
    },
)
def put_status(desk: AtDesk, row: OwnJob, wanted: NewStatus) -> Response:
    """Ask for another status: `cancelled`, or `pending` for a finished job."""
    if wanted.status is Status.CANCELLED:
        return cancel_job(desk, row)
    if wanted.status is Status.PENDING:
        return retry_job(desk, row)
    raise Problem(
        409,
        "illegal_move",
        f"Only the daemon makes a job {wanted.status}.",
        "Ask for cancelled, or for pending to run a finished job again.",
    )


@router.delete(
    "/{job_id}",
    responses={
        **describe("JobAnswer", "The cancelled job", *ONE, 409, 507),
        **describe("JobAnswer", "It is running; it is being stopped", status=202),
    },
)
def cancel_job(desk: AtDesk, row: OwnJob) -> Response:
    """Cancel a job: at once, or by asking the daemon that runs it."""
    with desk.write() as (db, now):
        quota = desk.settings.sessions.quota
        said = transitions.cancel(db, row.id, now, reason="cancelled", quota=quota)
        fresh = queries.job_by_id(db, row.id)
    if said not in {"cancelled", "requested"}:
        raise Problem(
            409,
            "illegal_move",
            f"The job is {said}; it can no longer be cancelled.",
        )
    return answer(answer_for(desk, fresh), 202 if said == "requested" else 200)


@router.post(
    "/{job_id}/retry",
    responses=describe("JobAnswer", "The job, queued again", *ONE, 409, 429, 507),
)
def retry_job(desk: AtDesk, row: OwnJob) -> Response:
    """Run a job again that failed, was cancelled, or whose file is gone."""
    ask = Ask.of(Options.from_json(row.options))
    fresh, result = _post(desk, row.session_id, row.video_id, ask)
    if result is not Posted.AGAIN:
        state = "completed and its file is there" if fresh.output_path else fresh.state
        raise Problem(409, "illegal_move", f"The job is {state}; it cannot run again.")
    return answer(answer_for(desk, fresh))


def _link(url: str) -> Link:
    try:
        return parse_link(url)
    except LinkError as error:
        raise Problem(422, error.code, error.message) from error


def _options(desk: Desk, session: Session, wanted: NewJob) -> Options:
    """Lay the wishes over the config's options and the session's own."""
    download = desk.settings.download
    try:
        own = check_layer(option_layer(wanted.wishes()))
    except OptionError as error:
        raise Problem(422, error.code, error.message) from error
    return effective(
        download.bitrate, download.layer, _session_defaults(desk, session), own
    )


def _session_defaults(desk: Desk, session: Session) -> Layer:
    """Return the session's `defaults.toml`, which holds for drops too."""
    try:
        text = read_defaults(desk.layout.inbox, session.name)
        return {} if text is None else check_layer(tomllib.loads(text.decode()))
    except (OptionError, UnsafePathError, OSError, ValueError) as error:
        raise Problem(
            409,
            "bad_session_defaults",
            f"The session's defaults.toml is wrong: {error}",
            "Put it right, or remove it.",
        ) from error


def _post(
    desk: Desk, session_id: int, video_id: str, ask: Ask
) -> tuple[JobRow, Posted]:
    with desk.write() as (db, now):
        posted = post(
            db,
            session_id,
            video_id=video_id,
            ask=ask,
            quota=desk.settings.sessions.quota,
            now=now,
            file_is_gone=audio_is_gone,
        )
        row = None if posted.job_id is None else queries.job_by_id(db, posted.job_id)
    if row is None:
        raise Problem(
            429,
            posted.code,
            f"Over the quota: {posted.message}.",
            "Wait until a job has ended, or use another session.",
        )
    return row, posted.result


def answer_for(desk: Desk, row: JobRow) -> dict[str, Any]:
    """Return a job as the API tells it, with a note when it waits for a daemon."""
    trouble = desk.daemon_trouble()
    note = f"{trouble}; the job waits until then" if trouble else None
    return job_answer(desk.job_document(row), note)

"""Routes of jobs: post, list, show, change."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ytaudio_daemon.api.auth import ContextDep, OwnSession, SentByOperator, SessionKey
from ytaudio_daemon.api.collection_routes import COLLECTION_LINKS, post_collection
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.job_answers import JobAnswers, api_job
from ytaudio_daemon.api.own_jobs import OwnJob, require_own_job
from ytaudio_daemon.api.polled_jobs import JobPoll, PolledJobs
from ytaudio_daemon.api.posted_links import read_posted_link
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import (
    After,
    JobId,
    Limit,
    NewJob,
    NewStatus,
    Statuses,
)
from ytaudio_daemon.api.response_models import (
    CollectionAnswer,
    JobAnswer,
    JobPage,
    JobPaths,
)
from ytaudio_daemon.api.responses import (
    OWN_ITEM_STATUSES,
    OWN_STATUSES,
    json_response,
    openapi_responses,
)
from ytaudio_daemon.api.vocabulary import AUDIO, Status, to_states
from ytaudio_daemon.folders.published import audio_is_gone
from ytaudio_daemon.ledger import queries
from ytaudio_daemon.ledger.collections import NewCollection
from ytaudio_daemon.ledger.enqueue import JobOptions, NewVideo
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState, Options
from ytaudio_daemon.model.job import CancelResult
from ytaudio_daemon.model.line_rules import LinkAction
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import Follow
from ytaudio_daemon.operations import job_changes
from ytaudio_daemon.operations.links import enqueue_link
from ytaudio_daemon.urls import Link

router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

#: OpenAPI's links from a new job to the operations that take its ID.
JOB_LINKS = {
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


async def get_polled_jobs(request: Request) -> PolledJobs:
    """Return the shared reader of the application that handles a request."""
    polled: PolledJobs = request.app.state.polled_jobs
    return polled


PolledDep = Annotated[PolledJobs, Depends(get_polled_jobs)]


@router.post(
    "/",
    status_code=201,
    responses={
        **openapi_responses(
            JobAnswer,
            "The new job",
            *(*OWN_STATUSES, 409, 413, 422, 429, 507),
            status=201,
            links=JOB_LINKS,
        ),
        **openapi_responses(
            JobAnswer, "The session has this audio already, or again", links=JOB_LINKS
        ),
        **openapi_responses(
            CollectionAnswer,
            "A playlist, an album or a channel: it will be listed, and its entries"
            " become jobs",
            status=202,
            links=COLLECTION_LINKS,
        ),
    },
)
def create_job(context: ContextDep, session: OwnSession, new_job: NewJob) -> Response:
    """Post a link; the daemon downloads it.

    The same video with the same options is the same job, and the status is 200 then. A
    job that failed, was cancelled, or whose file is gone runs again. A video that the
    archive has is refused with 409 `in_archive`, unless `again` is true. A playlist, an
    album or a channel is a collection: the status is 202, and its entries become jobs
    as it is listed. With `follow` it is looked at again, and what is new in it is
    downloaded, too.
    """
    if new_job.media_type != AUDIO:
        raise Problem(
            422,
            "unsupported_media_type",
            f"media_type {new_job.media_type[:40]!r} is not made here; only audio is.",
            "Leave it out, or say: audio",
        )
    posted = read_posted_link(context, session, new_job)
    collection, link = posted.target.collection, posted.target.link
    job_options = JobOptions.from_options(posted.options)
    if collection is not None:
        new = NewCollection.from_link(
            collection,
            Selection.from_layer(posted.layer),
            Follow.from_layer(posted.layer),
        )
        return post_collection(context, session, new, job_options)
    if link is None:
        raise ValueError("a link that is taken names a video or a collection")
    row, action = _enqueue(context, session.id, link, job_options, again=posted.again)
    headers = {"Location": f"/api/jobs/{row.uuid}"}
    status = 201 if action is LinkAction.QUEUE else 200
    return json_response(api_job(context, row), status, headers)


@router.get(
    "/", responses=openapi_responses(JobPage, "A page of jobs", *OWN_STATUSES, 422)
)
def list_jobs(
    context: ContextDep,
    session: OwnSession,
    statuses: Statuses = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List the session's jobs, the oldest first."""
    last = 0 if after is None else require_own_job(context, session, after).id
    with context.read() as db:
        rows = queries.find_jobs(
            db,
            session_id=session.id,
            states=to_states(statuses or []),
            after_id=last,
            limit=limit + 1,
        )
    page = rows[:limit]
    states = to_states(statuses) if statuses else list(JobState)
    answers = JobAnswers(context)
    document: JobPage = {
        "schema": "ytaudio.jobs/1",
        "jobs": [answers.answer(row) for row in page],
        "total": sum(session.counts[state] for state in states),
        "next": page[-1].uuid if len(rows) > limit else None,
    }
    return json_response(document)


@router.get(
    "/{job_id}", responses=openapi_responses(JobAnswer, "The job", *OWN_ITEM_STATUSES)
)
async def get_job(
    polled: PolledDep, key: SessionKey, sent_by_operator: SentByOperator, job_id: JobId
) -> Response:
    """Return a job: status, progress, result or error."""
    # Not by `OwnJob`, which reads the ledger for each request: clients poll this route.
    poll = JobPoll(key=key, sent_by_operator=sent_by_operator, job_id=job_id)
    return json_response(await polled.answer(poll))


@router.get(
    "/{job_id}/paths",
    responses=openapi_responses(JobPaths, "The paths", *OWN_ITEM_STATUSES),
)
def get_paths(context: ContextDep, row: OwnJob) -> Response:
    """Return the paths of a job's files on the server, existing or not."""
    folder = context.layout.job_dir(row.session_uuid, row.uuid)
    is_done = row.state is JobState.COMPLETED
    document: JobPaths = {
        "job_uuid": row.uuid,
        "session_uuid": row.session_uuid,
        "session_dir": str(context.layout.session_downloads(row.session_uuid)),
        "job_dir": str(folder),
        "audio_dir": str(folder / "audio"),
        "job_file": str(folder / "job.json"),
        "output_path": row.output_path if is_done else None,
        "file_exists": is_done and not audio_is_gone(row.output_path),
    }
    return json_response(document)


@router.put(
    "/{job_id}/status",
    responses={
        **openapi_responses(
            JobAnswer,
            "The job as it is now",
            *(*OWN_ITEM_STATUSES, 409, 413, 422, 429, 507),
        ),
        **openapi_responses(
            JobAnswer, "It is running; it is being stopped", status=202
        ),
    },
)
def put_status(context: ContextDep, row: OwnJob, new_status: NewStatus) -> Response:
    """Change the status: to `cancelled`, or of a finished job to `pending`."""
    if new_status.status is Status.CANCELLED:
        return cancel_job(context, row)
    if new_status.status is Status.PENDING:
        return retry_job(context, row)
    raise Problem(
        409,
        "illegal_move",
        f"Only the daemon makes a job {new_status.status}.",
        "Ask for cancelled, or for pending to run a finished job again.",
    )


@router.delete(
    "/{job_id}",
    responses={
        **openapi_responses(
            JobAnswer, "The cancelled job", *OWN_ITEM_STATUSES, 409, 507
        ),
        **openapi_responses(
            JobAnswer, "It is running; it is being stopped", status=202
        ),
    },
)
def cancel_job(context: ContextDep, row: OwnJob) -> Response:
    """Cancel a job: at once, or by a request to the daemon that runs it."""
    with context.write() as (db, now):
        quota = context.settings.sessions.quota
        result = job_changes.cancel_job(db, row.id, now, quota)
        fresh = queries.job_by_id(db, row.id)
    if result.is_too_late:
        raise Problem(
            409, "illegal_move", f"The job is {result}; it can no longer be cancelled."
        )
    status = 202 if result is CancelResult.REQUESTED else 200
    return json_response(api_job(context, fresh), status)


@router.post(
    "/{job_id}/retry",
    responses=openapi_responses(
        JobAnswer, "The job, queued again", *OWN_ITEM_STATUSES, 409, 429, 507
    ),
)
def retry_job(context: ContextDep, row: OwnJob) -> Response:
    """Run a job again that failed or was cancelled, or whose file is gone."""
    job_options = JobOptions.from_options(Options.from_json(row.options))
    fresh, action = _enqueue(
        context, row.session_id, Link(row.video_id), job_options, again=True
    )
    if action not in {LinkAction.RETRY, LinkAction.WITHDRAW_CANCELLATION}:
        state = "completed and its file is there" if fresh.output_path else fresh.state
        raise Problem(409, "illegal_move", f"The job is {state}; it cannot run again.")
    return json_response(api_job(context, fresh))


def _enqueue(
    context: ApiContext,
    session_id: int,
    link: Link,
    job_options: JobOptions,
    *,
    again: bool,
) -> tuple[JobRow, LinkAction]:
    new = NewVideo(
        video_id=link.video_id,
        job_options=job_options,
        is_music=link.is_music,
        ignores_archive=again,
    )
    with context.write() as (db, now):
        quota = context.settings.sessions.quota
        posted = enqueue_link(db, session_id, new, quota=quota, now=now)
        row = None if posted.job_id is None else queries.job_by_id(db, posted.job_id)
    if posted.action is LinkAction.ARCHIVED:
        raise Problem(
            409,
            posted.code,
            f"This video is {posted.message}.",
            'To download it anyway, post it with "again": true.',
        )
    if row is None:
        raise Problem(
            429,
            posted.code,
            f"Over the quota: {posted.message}.",
            "Wait until a job has ended, or use another session.",
        )
    return row, posted.action

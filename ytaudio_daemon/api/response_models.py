"""The documents that the API answers with, beside those of the status files.

An answer about a job, a session or the daemon is the document that `schemas` describes,
with fields in the API's own words beside it.
"""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.api.request_models import EXAMPLE_URL, EXAMPLE_UUID
from ytaudio_daemon.api.vocabulary import AUDIO, Status
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.schemas.collection import CollectionDocument, CollectionEntry
from ytaudio_daemon.schemas.daemon import DaemonFile
from ytaudio_daemon.schemas.fields import Count, Keywords, one_of
from ytaudio_daemon.schemas.job import JobCounts, JobDocument
from ytaudio_daemon.schemas.preview import PreviewDocument
from ytaudio_daemon.schemas.session import SessionSummary

_UUID_EXAMPLE = Keywords(examples=(EXAMPLE_UUID,))
_NEXT = "`after` of the next page; null: no more."


class JobWords(TypedDict):
    """A job in the API's words."""

    job_uuid: Annotated[str, _UUID_EXAMPLE, "The same as `id`."]
    status: Annotated[
        str,
        Keywords(enum=tuple(map(str, Status)), examples=("completed",)),
        "`pending`: queued, held, or waiting for its next try; `processing`: running.",
    ]
    progress_percent: Annotated[
        float,
        Keywords(minimum=0, maximum=100, examples=(42.5,)),
        "Of the download; 99 while converting, 100 when completed.",
    ]
    media_type: Annotated[str, Keywords(const=AUDIO)]
    quality: Annotated[str, "The same as `options.quality`."]
    output_format: Annotated[str, "The same as `options.format`."]
    error_message: Annotated[str | None, "The same as `error.message`."]
    note: Annotated[str | None, "What to know while it waits, if anything."]


class JobAnswer(JobDocument, JobWords):
    """A job."""


class JobPage(TypedDict):
    """A page of jobs, in the order they were accepted."""

    schema: Literal["ytaudio.jobs/1"]
    jobs: list[JobAnswer]
    total: Annotated[Count, "On all pages together."]
    next: Annotated[str | None, _NEXT]


class SubscriptionPage(TypedDict):
    """A page of followed collections, in the order they were asked for."""

    schema: Literal["ytaudio.subscriptions/1"]
    subscriptions: list[CollectionDocument]
    next: Annotated[str | None, _NEXT]


class JobPaths(TypedDict):
    """Absolute paths on the server."""

    job_uuid: str
    session_uuid: str
    session_dir: Annotated[
        str,
        Keywords(examples=(f"/srv/ytaudio/downloads/{EXAMPLE_UUID}",)),
        "The session's results.",
    ]
    job_dir: Annotated[str, "This job's."]
    audio_dir: Annotated[str, "Where the audio is, or will be."]
    job_file: Annotated[str, "How it was made: codecs, tags, hash."]
    output_path: Annotated[str | None, "The audio; null unless completed."]
    file_exists: Annotated[bool, "Whether it is still there."]


class CollectionWords(TypedDict):
    """A collection in the API's words."""

    collection_uuid: Annotated[str, _UUID_EXAMPLE, "The same as `id`."]
    note: Annotated[str | None, "What to know while it is to be listed, if anything."]


class CollectionAnswer(CollectionDocument, CollectionWords):
    """A playlist, an album or a channel."""


class CollectionPage(TypedDict):
    """A page of collections, in the order they were asked for."""

    schema: Literal["ytaudio.collections/1"]
    collections: list[CollectionAnswer]
    next: Annotated[str | None, _NEXT]


class EntryPage(TypedDict):
    """A page of a collection's entries, in the order of the list."""

    collection_uuid: Annotated[str, _UUID_EXAMPLE, "The collection's."]
    entries: list[CollectionEntry]
    next: Annotated[str | None, _NEXT]


class StatusCounts(TypedDict):
    """Jobs by status."""

    pending: Count
    processing: Count
    completed: Count
    failed: Count
    cancelled: Count


class SessionWords(TypedDict):
    """A session in the API's words."""

    session_uuid: Annotated[
        str,
        _UUID_EXAMPLE,
        "What to send as `X-Session-ID`: the session's key. Where the operator lists"
        " sessions, their `uuid`.",
    ]
    status: Annotated[str, one_of(SessionState)]
    total_jobs: Count
    jobs_by_status: StatusCounts


class SessionAnswer(SessionSummary, SessionWords):
    """A session."""


class SessionPage(TypedDict):
    """A page of sessions, the oldest first."""

    sessions: list[SessionAnswer]
    next: Annotated[str | None, _NEXT]


class Overview(TypedDict):
    """Sessions and jobs, counted."""

    total_sessions: Count
    active_sessions: Count
    expired_sessions: Count
    total_jobs: Count
    jobs_by_status: StatusCounts
    counts: JobCounts
    used_bytes: Annotated[Count, "Finished audio."]


class DaemonHealth(TypedDict):
    """The daemon."""

    is_up: bool
    note: str | None


class Health(TypedDict):
    """Whether jobs are taken, and run."""

    status: Annotated[
        str, one_of(("ok", "degraded")), "degraded: jobs wait for a daemon."
    ]
    live: bool
    ready: Annotated[bool, "The ledger can be read."]
    version: str
    daemon: DaemonHealth


class DaemonWords(TypedDict):
    """What this server says about it."""

    is_up: Annotated[bool, "Whether it is running just now."]
    note: Annotated[str | None, "Why not, and what to do."]


class DaemonAnswer(DaemonFile, DaemonWords):
    """The daemon."""


class ProblemDetails(TypedDict):
    """Problem details (RFC 9457)."""

    type: Annotated[str, "`urn:ytaudio:problem:` and the code."]
    title: Annotated[str, "The status in words."]
    status: Annotated[int, Keywords(minimum=400, maximum=599)]
    detail: Annotated[str, "One sentence for people."]
    code: Annotated[str, "Stable, for programs."]
    hint: Annotated[str, 'What to do, or "".']


PROBLEM_EXAMPLE: ProblemDetails = {
    "type": "urn:ytaudio:problem:not_a_url",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": f"this is not a link; write one such as {EXAMPLE_URL}",
    "code": "not_a_url",
    "hint": "",
}

#: The types by their name among the components of the OpenAPI description.
COMPONENTS: dict[str, type] = {
    "Job": JobDocument,
    "Session": SessionSummary,
    "Daemon": DaemonFile,
    "JobAnswer": JobAnswer,
    "JobList": JobPage,
    "JobPaths": JobPaths,
    "SessionAnswer": SessionAnswer,
    "SessionList": SessionPage,
    "Collection": CollectionDocument,
    "SubscriptionList": SubscriptionPage,
    "CollectionAnswer": CollectionAnswer,
    "CollectionList": CollectionPage,
    "Entry": CollectionEntry,
    "EntryList": EntryPage,
    "Preview": PreviewDocument,
    "Overview": Overview,
    "Health": Health,
    "DaemonAnswer": DaemonAnswer,
    "Problem": ProblemDetails,
}
#: Answers that are a document with fields beside it.
COMBINED: dict[type, tuple[type, type]] = {
    JobAnswer: (JobDocument, JobWords),
    SessionAnswer: (SessionSummary, SessionWords),
    CollectionAnswer: (CollectionDocument, CollectionWords),
    DaemonAnswer: (DaemonFile, DaemonWords),
}
#: The address of each component in the description.
REFERENCES = {kind: f"#/components/schemas/{name}" for name, kind in COMPONENTS.items()}

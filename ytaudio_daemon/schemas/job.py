"""A job, as every document shows it, and lists of jobs."""

from typing import Annotated, Literal, NotRequired, TypedDict

from ytaudio_daemon.model import JobState, Phase
from ytaudio_daemon.model.options import FORMATS, PRIORITIES, QUALITIES
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    PART,
    Amount,
    CanonicalUrl,
    CollectionKind,
    Count,
    Keywords,
    Positive,
    Time,
    Uuid,
    one_of,
)


class JobSource(TypedDict):
    """The line that asked for it first."""

    file: Annotated[str | None, "Name of the drop; null when it came through the API."]
    line: Annotated[Count | None, "Line in it, from 1."]
    part: Annotated[Positive | None, PART]


class JobOptions(TypedDict):
    """The options in force."""

    format: Annotated[str, one_of(FORMATS), "Format of the audio."]
    quality: Annotated[str, one_of(QUALITIES), "Which source is taken."]
    bitrate: Annotated[
        str | None,
        "Such as 192k; null where the source may be copied or the format is lossless.",
    ]
    filename: Annotated[str, "Template of the file's name."]
    tags: Annotated[dict[str, str], "Tags asked for, by name."]
    priority: Annotated[
        int,
        Keywords(minimum=PRIORITIES[0], maximum=PRIORITIES[-1]),
        "Higher goes first inside its session.",
    ]


class JobProgress(TypedDict):
    """How far a running attempt is; null when it is not running."""

    percent: Annotated[Amount | None, "0 to 100, of the present phase."]
    downloaded_bytes: Annotated[Count | None, "Fetched so far."]
    total_bytes: Annotated[Count | None, "To be fetched in all; may be an estimate."]
    speed_bps: Annotated[Amount | None, "Bytes a second."]
    eta_s: Annotated[Amount | None, "Seconds still to go."]


class JobAttempts(TypedDict):
    """Tries so far."""

    number: Annotated[Count, "Number of the latest try; 0 before the first."]
    charged: Annotated[Count, "Tries that count against max."]
    max: Annotated[Count, "Counted tries after which the job has failed."]
    retry_at: Annotated[Time | None, "When a waiting job is tried again."]


class JobError(TypedDict):
    """Why the latest try failed; null when none did."""

    kind: Annotated[str, "What follows from it, e.g. unavailable, transient, blocked."]
    code: Annotated[str, "Stable name of the cause, e.g. private_video."]
    message: Annotated[str, "One plain sentence."]
    hint: Annotated[str, "What a person can do, or empty."]


class AttemptDetails(TypedDict):
    """One try."""

    number: Annotated[Count, "From 1."]
    host: Annotated[str, "Where it ran."]
    engine: Annotated[str | None, "yt-dlp's version."]
    started_at: Annotated[Time, "When it began."]
    ended_at: Annotated[Time | None, "When it ended; null while it runs."]
    downloaded_bytes: Annotated[Count | None, "Fetched from the network."]
    kind: Annotated[
        str | None,
        "completed, interrupted, cancelled, or what kind of failure; null while it runs.",
    ]
    code: Annotated[str | None, "Stable name of the cause."]
    message: Annotated[str | None, "The same in a sentence."]
    log_tail: Annotated[str | None, "The last lines of the tools, without secrets."]
    charged: Annotated[Count, "1 when it counts against the job's tries, else 0."]
    egress: Annotated[
        str | None,
        "The key of the `[youtube] egress` it used; empty where there is but one, null"
        " before there were several.",
    ]


class JobEvent(TypedDict):
    """One change."""

    at: Annotated[Time, "When."]
    from_state: Annotated[str | None, "The state before; null when it did not change."]
    to_state: Annotated[str | None, "The state after; null when it did not change."]
    attempt: Annotated[Count | None, "The try it belongs to."]
    reason: Annotated[str, "Why it happened."]


class JobLine(TypedDict):
    """One line."""

    file: Annotated[str, "Name of the drop."]
    line: Annotated[Count, "Line in it, from 1."]
    part: Annotated[Positive | None, PART]


class JobCollection(TypedDict):
    """The playlist, album or channel that made the job; null for a single link."""

    id: Annotated[Uuid, "The collection's UUID."]
    title: Annotated[str | None, "As YouTube names it; null until known."]
    kind: CollectionKind
    position: Annotated[Positive, "The job's place in it, from 1."]
    count: Annotated[Count | None, "How many entries it has; null until known."]


class JobDocument(TypedDict):
    """One video with one set of options in one session."""

    schema: NotRequired[
        Annotated[
            Literal["ytaudio.job/1"], "Only where a job is a document of its own."
        ]
    ]
    id: Annotated[Uuid, "The job's UUID."]
    session: Annotated[str, "Its session's name."]
    session_uuid: Annotated[Uuid, "Its session's UUID."]
    url: CanonicalUrl
    video_id: Annotated[
        str, Keywords(pattern="^[A-Za-z0-9_-]{11}$"), "YouTube's 11 characters."
    ]
    source: JobSource
    collection: JobCollection | None
    options: JobOptions
    state: Annotated[str, one_of(JobState), "Where the job stands."]
    phase: Annotated[
        Annotated[str, one_of(Phase)] | None,
        "What a running job is doing; null when it is not running, or not known.",
    ]
    title: Annotated[str | None, "As YouTube names it; null until known."]
    artist: Annotated[str | None, "As YouTube names it; null until known."]
    duration_s: Annotated[Amount | None, "Length in seconds."]
    view_count: Annotated[Count | None, "Views when it was fetched."]
    progress: JobProgress | None
    attempt: JobAttempts
    position: Annotated[
        Count | None,
        "Place in its session's queue, from 1, held jobs last; null when it is not queued"
        " or held, or too far back to be counted.",
    ]
    cancel_requested: Annotated[
        bool, "A person asked to cancel it while it was running."
    ]
    output_path: Annotated[
        str | None, "The audio file, absolute; null unless completed."
    ]
    file_size_bytes: Annotated[Count | None, "Its size; null unless completed."]
    sha256: Annotated[str | None, "Of its content, hex; null unless completed."]
    with_cookies: Annotated[
        bool, "An account's cookies fetched it: it is for its session alone."
    ]
    error: JobError | None
    created_at: Annotated[Time, "When it was accepted."]
    started_at: Annotated[Time | None, "When its latest try began."]
    finalized_at: Annotated[Time | None, "When it was completed, failed or cancelled."]
    attempts: NotRequired[
        Annotated[
            list[AttemptDetails],
            "Every try, the first first. Only from `ytaudio show --json`.",
        ]
    ]
    events: NotRequired[
        Annotated[
            list[JobEvent], "Every change, in order. Only from `ytaudio show --json`."
        ]
    ]
    lines: NotRequired[
        Annotated[
            list[JobLine],
            "Every line that asked for it. Only from `ytaudio show --json`.",
        ]
    ]


class JobList(TypedDict):
    """A list of jobs, from `ytaudio jobs --json`."""

    schema: Annotated[Literal["ytaudio.jobs/1"], NAME_OF_FORM]
    jobs: Annotated[list[JobDocument], "In the order they were accepted."]


class JobCounts(TypedDict):
    """Jobs by state."""

    queued: Annotated[Count, "Jobs that may be started when their turn comes."]
    held: Annotated[Count, "Jobs that are over the session's quota."]
    running: Annotated[Count, "Jobs that are being worked on."]
    waiting: Annotated[Count, "Jobs that are to be tried again."]
    completed: Annotated[Count, "Jobs that are done."]
    failed: Annotated[Count, "Jobs that failed for good."]
    cancelled: Annotated[
        Count, "Jobs that were cancelled, by a person or with their session."
    ]

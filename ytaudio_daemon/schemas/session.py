"""Sessions: the status document, lists, and one session in full."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.cookies import CookiesState
from ytaudio_daemon.schemas.collection import SessionCollection
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    Amount,
    Count,
    Positive,
    Time,
    Uuid,
    one_of,
)
from ytaudio_daemon.schemas.job import JobCounts, JobDocument
from ytaudio_daemon.schemas.receipt import LineCounts


class SessionQuota(TypedDict):
    """What it may use."""

    max_jobs: Annotated[
        Count, "How many unfinished jobs a session may have; 0 is no limit."
    ]
    used_jobs: Annotated[Count, "Queued, running and waiting jobs."]
    max_bytes: Annotated[Count, "Finished audio in bytes; 0 is no limit."]
    used_bytes: Annotated[Count, "Finished audio in bytes."]


class IgnoredFile(TypedDict):
    """One file."""

    file: Annotated[str, "Its name."]
    reason: Annotated[str, "Why, and what to do."]


class SessionCookies(TypedDict):
    """Its own cookies, never their content; null when it was given none."""

    given_at: Annotated[Time | None, "When they came; null when none are in use."]
    state: Annotated[
        Annotated[str, one_of(CookiesState)] | None,
        "How their latest use went; null before the first. rotated, refused: others are"
        " needed.",
    ]
    problem: Annotated[
        str | None, "Why the file that was dropped last is not in use; null when it is."
    ]


class SessionSummary(TypedDict):
    """One session, as in its status document."""

    name: Annotated[str, "Its folder in the inbox."]
    uuid: Annotated[Uuid, "Its UUID; names its folder in downloads."]
    state: Annotated[
        str,
        one_of(SessionState),
        "expired takes no more drops: the next one opens a new session.",
    ]
    created_at: Annotated[Time, "When it was opened."]
    last_activity_at: Annotated[Time, "When something last came in or was finished."]
    expires_at: Annotated[
        Time | None,
        "When it ends if nothing more comes and the daemon keeps running; null while"
        " anything is unfinished, and when it never ends or has ended.",
    ]
    quota: SessionQuota
    counts: Annotated[JobCounts, "All its jobs, by state."]
    cookies: SessionCookies | None


class SessionWithIgnored(SessionSummary):
    """The session."""

    ignored: Annotated[list[IgnoredFile], "Files in its folder that are not taken."]


class SessionDocument(TypedDict):
    """A session's document before it is written to its file."""

    schema: Annotated[Literal["ytaudio.session/1"], NAME_OF_FORM]
    session: SessionWithIgnored
    jobs: Annotated[
        list[JobDocument], "All running ones, the next 200, the latest 100 that ended."
    ]
    truncated: Annotated[bool, "There are more jobs than are listed."]
    collections: Annotated[
        list[SessionCollection], "Its latest 100 playlists, albums and channels."
    ]


class FileHead(TypedDict):
    """The fields that the file of a status document has besides."""

    seq: Annotated[
        Positive, "Grows with every writing of this file, across restarts too."
    ]
    written_at: Annotated[Time, "When this file was written."]


class SessionFile(SessionDocument, FileHead):
    """status/sessions/<name>.json: a session and its jobs.

    Of several sessions of one name, the newest.
    """


class SessionList(TypedDict):
    """What `ytaudio session list --json` prints."""

    schema: Annotated[Literal["ytaudio.sessions/1"], NAME_OF_FORM]
    sessions: Annotated[list[SessionSummary], "The oldest first."]


class SessionLimits(TypedDict):
    """Limits of its own; null where the config's holds."""

    max_jobs: Annotated[
        Count | None, "How many unfinished jobs a session may have; 0 is no limit."
    ]
    ttl_s: Annotated[Amount | None, "Time to live in seconds; 0 is for ever."]
    on_expiry: Annotated[
        Annotated[str, one_of(("keep", "delete"))] | None,
        "What becomes of its audio at its end.",
    ]
    max_bytes: Annotated[Count | None, "Finished audio in bytes; 0 is no limit."]


class SessionDrop(TypedDict):
    """One drop."""

    file: Annotated[str, "Its name as it was dropped."]
    filed_as: Annotated[
        str | None, "Its name in processed/ or rejected/; null while it is in neither."
    ]
    state: Annotated[
        str,
        one_of(("recording", "recorded", "filed", "kept", "rejected")),
        "recording and recorded: on its way; the others as in its receipt.",
    ]
    reason: Annotated[
        str | None, "Why nothing in it was usable, or why it ended early."
    ]
    counts: Annotated[LineCounts, "Its lines so far."]
    unfinished: Annotated[Count, "Jobs of its lines that are not finalized."]


class SessionDetails(SessionSummary):
    """What `ytaudio session show --json` prints: a session, its own limits and its drops."""

    schema: Annotated[Literal["ytaudio.session-details/1"], NAME_OF_FORM]
    own_limits: SessionLimits
    inbox: Annotated[str, "Its folder in the inbox, absolute."]
    drops: Annotated[list[SessionDrop], "Its drops, in the order they came."]

"""Notices, as [notify] webhook and command receive them."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model import SessionState
from ytaudio_daemon.schemas.collection import CollectionDocument
from ytaudio_daemon.schemas.daemon import ProblemDocument
from ytaudio_daemon.schemas.fields import Count, Time, Uuid, one_of
from ytaudio_daemon.schemas.job import JobDocument


class NoticeSession(TypedDict):
    """Of session_expired: the ended session."""

    name: Annotated[str, "Its folder in the inbox."]
    uuid: Annotated[Uuid, "Its folder in downloads."]
    state: Annotated[str, one_of(SessionState), "As it stands when told."]
    counts: Annotated[dict[str, Count], "Its jobs by state."]
    audio: Annotated[
        str, one_of(("kept", "removed")), "What becomes of its finished audio."
    ]


class NoticeDrop(TypedDict):
    """Of refused: the drop."""

    file: Annotated[str, "Its name as it was dropped."]
    session: Annotated[str, "Its session's folder in the inbox."]
    session_uuid: Annotated[Uuid, "Its session's folder in downloads."]
    accepted: Annotated[Count, "Lines that became jobs."]
    duplicate: Annotated[
        Count, "Lines that had jobs already, or whose video the archive has."
    ]
    rejected: Annotated[Count, "Lines that were refused; the receipt says why."]
    reason: Annotated[str | None, "Why all of it was refused, or null."]


class NoticeDocument(TypedDict):
    """What [notify] webhook and command are told."""

    schema: Annotated[Literal["ytaudio.notice/1"], "What this document is."]
    id: Annotated[
        str,
        "The same when a notice is told again, which may happen after a crash or a lost"
        " answer.",
    ]
    event: Annotated[
        str,
        one_of(
            (
                "completed",
                "failed",
                "refused",
                "session_expired",
                "degraded",
                "recovered",
                "test",
            )
        ),
        "What happened; test: sent by `ytaudio notify test`.",
    ]
    at: Annotated[Time, "When it happened."]
    host: Annotated[str, "Name of the daemon's machine."]
    message: Annotated[str, "The same for people; its wording may change."]
    job: Annotated[
        JobDocument | None,
        "Of completed and failed: the Job as it stands when told. With failed its state"
        " may be cancelled: its session's time was over.",
    ]
    session: NoticeSession | None
    drop: NoticeDrop | None
    collection: Annotated[
        CollectionDocument | None,
        "Of completed and failed: the collection of which all is done; its jobs have no"
        " notices of their own.",
    ]
    problems: Annotated[
        list[ProblemDocument],
        "Of degraded: what delays or stops the work; at most five.",
    ]

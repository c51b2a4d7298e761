"""A drop's receipt for programs."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.listing import Unavailable
from ytaudio_daemon.schemas.collection import CollectionSubscription
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    PART,
    SWITCHED_OFF,
    CanonicalUrl,
    CollectionKind,
    Count,
    LineNumber,
    Positive,
    Time,
    Uuid,
    one_of,
)
from ytaudio_daemon.schemas.job import JobError

LINE_RESULTS = one_of(("accepted", "duplicate", "rejected"))


class LineCounts(TypedDict):
    """Lines by verdict."""

    accepted: Annotated[Count, "Lines that become, or became, jobs."]
    duplicate: Annotated[
        Count, "Lines whose audio is asked for already, or in the archive."
    ]
    rejected: Annotated[Count, "Lines that are refused."]


class ReceiptHead(TypedDict):
    """The fields of a receipt above its lines."""

    schema: Annotated[Literal["ytaudio.receipt/1"], NAME_OF_FORM]
    file: Annotated[str, "The drop's name where it is now."]
    sha256: Annotated[str, "Of its content, hex."]
    session: Annotated[str, "The session's name."]
    session_uuid: Annotated[Uuid, "The session's UUID."]
    received_at: Annotated[Time, "When it was taken."]
    state: Annotated[
        str,
        one_of(("filed", "kept", "rejected")),
        "filed: moved to processed/; kept: it stays in the inbox; rejected: moved to"
        " rejected/.",
    ]
    reason: Annotated[
        str | None, "Why nothing in it was usable; null when something was."
    ]


class ReceiptItem(TypedDict):
    """An entry of a collection that has a job, or cannot be fetched."""

    position: Annotated[Positive, "Its place in the collection, from 1."]
    video_id: Annotated[str, "YouTube's 11 characters."]
    title: Annotated[str | None, "As the list or the video names it."]
    unavailable: Annotated[
        Annotated[str, one_of(Unavailable)] | None,
        "Why YouTube does not hand it out; null when it has a job.",
    ]
    job: Annotated[Uuid | None, "UUID of its job."]
    state: Annotated[Annotated[str, one_of(JobState)] | None, "Where that job stands."]
    output_path: Annotated[
        str | None, "The audio file, absolute; null unless completed."
    ]
    error: Annotated[
        JobError | None, "Why the job's latest try failed; null when none did."
    ]


class ReceiptCollection(TypedDict):
    """A playlist, album or channel that a line names."""

    id: Annotated[Uuid, "The collection's UUID."]
    kind: CollectionKind
    url: CanonicalUrl
    title: Annotated[str | None, "As YouTube names it; null until known."]
    state: Annotated[
        str,
        one_of(CollectionState),
        "How far its listing is: completed when every entry has a job or a reason.",
    ]
    count: Annotated[Count | None, "How many entries it has; null until known."]
    is_cut: Annotated[bool, "The list goes on behind what was looked at."]
    error: Annotated[
        JobError | None, "Why it could not be listed the last time; null when it could."
    ]
    subscription: CollectionSubscription | None
    skipped: Annotated[
        dict[str, int], "Entries that are not selected: how many, by reason."
    ]
    items: Annotated[list[ReceiptItem], "The entries that are, by position."]


class ReceiptLine(TypedDict):
    """A line."""

    line: Annotated[Count, "Its number, from 1."]
    part: Annotated[Positive | None, PART]
    text: Annotated[str, "What was written, shortened."]
    result: Annotated[str, LINE_RESULTS, "What intake made of it."]
    code: Annotated[
        str | None, "Why it was rejected; `in_archive` where the archive has the video."
    ]
    message: Annotated[
        str | None,
        "The same in a sentence; of a line that was taken, a remark, such as `read as` and"
        " the link where it was corrected.",
    ]
    job: Annotated[
        Uuid | None,
        "UUID of its job; of a duplicate, the one that has the audio, if any.",
    ]
    state: Annotated[Annotated[str, one_of(JobState)] | None, "Where that job stands."]
    output_path: Annotated[
        str | None, "The audio file, absolute; null unless completed."
    ]
    error: Annotated[
        JobError | None, "Why the job's latest try failed; null when none did."
    ]
    collection: Annotated[
        ReceiptCollection | None, "What it names, if that is no single video."
    ]


class ReceiptCounts(TypedDict):
    """Lines, by what became of them; jobs of collections are counted each."""

    lines: Annotated[Count, "All."]
    accepted: Annotated[Count, "Became or woke a job."]
    duplicate: Annotated[
        Count, "Asked for audio the session has already, or the archive."
    ]
    rejected: Annotated[Count, "Refused."]
    completed: Annotated[Count, "Whose job is done."]
    failed: Annotated[Count, "Whose job failed for good."]
    cancelled: Annotated[Count, "Whose job was cancelled."]
    unfinished: Annotated[Count, "Whose job is not finished yet."]
    unavailable: Annotated[Count, "Entries of collections that cannot be fetched."]
    archived: Annotated[Count, "Lines whose video the archive has."]
    switched_off: Annotated[Count, "Links in comments; no lines of the receipt."]


class ReceiptDocument(ReceiptHead):
    """status/receipts/<session>/<drop>.json: a drop, and what became of every line.

    With more than 1,000 lines it is written at intake and at the end only.
    """

    lines: Annotated[
        list[ReceiptLine],
        "Every line that is not blank or a comment; of several links in a line, each.",
    ]
    switched_off: Annotated[list[LineNumber], SWITCHED_OFF]
    counts: ReceiptCounts

"""Collections: those of a session, lists of them, and one in full."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.collection import CollectionState
from ytaudio_daemon.model.subscription import Removal, SubscriptionState
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
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
from ytaudio_daemon.schemas.job import JobError, JobSource


class CollectionSubscription(TypedDict):
    """How it is followed; null when it never was."""

    state: Annotated[
        str,
        one_of(SubscriptionState),
        "active: it is looked at again; paused: until it is resumed; stopped: no more.",
    ]
    every_s: Annotated[Amount, "Seconds from one look to the next."]
    keep_last: Annotated[
        Positive | None, "So many of the files that it brought stay; null: all."
    ]
    next_look_at: Annotated[
        Time | None,
        "When it is looked at next, if the daemon keeps running; null unless active.",
    ]
    looked_at: Annotated[Time | None, "When it was looked at last."]
    failures: Annotated[Count, "Looks in a row that failed."]


class SessionCollection(TypedDict):
    """A playlist, album or channel."""

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
    retry_at: Annotated[Time | None, "When a waiting listing is tried again."]
    error: JobError | None
    subscription: CollectionSubscription | None


class CollectionCounts(TypedDict):
    """Its entries by what became of them."""

    completed: Annotated[Count, "Entries whose job is done."]
    failed: Annotated[Count, "Entries whose job failed for good."]
    cancelled: Annotated[Count, "Entries whose job was cancelled."]
    unfinished: Annotated[Count, "Entries whose job is not finalized."]
    unavailable: Annotated[Count, "Selected entries that YouTube does not hand out."]
    not_selected: Annotated[Count, "All other entries."]


class CollectionDocument(SessionCollection):
    """A playlist, album or channel with its session and its counts."""

    session: Annotated[str, "Its session's name."]
    session_uuid: Annotated[Uuid, "Its session's UUID."]
    source: JobSource
    channel: Annotated[str | None, "Whose it is; null until known."]
    counts: CollectionCounts
    is_cut: Annotated[bool, "The list goes on behind the last entry that was read."]
    created_at: Annotated[Time, "When its line was accepted."]
    listed_at: Annotated[Time | None, "When its list was last read to the end."]


class CollectionEntry(TypedDict):
    """A video of the collection."""

    position: Annotated[Positive, "Its place in the list, from 1."]
    video_id: Annotated[str, Keywords(pattern="^[0-9A-Za-z_-]{11}$"), "YouTube's ID."]
    url: CanonicalUrl
    title: Annotated[str | None, "As the list names it."]
    duration_s: Annotated[Amount | None, "Length in seconds, if the list names it."]
    upload_date: Annotated[
        Annotated[str, Keywords(format="date")] | None,
        "The day of its upload, about right; null where the list names none.",
    ]
    job: Annotated[Uuid | None, "Its job; null when it has none."]
    state: Annotated[
        Annotated[str, one_of(JobState)] | None, "The job's; null when it has none."
    ]
    reason: Annotated[
        str | None, "Why it has no job, such as `private` or `shorter than 2m`."
    ]
    first_seen_at: Annotated[Time, "When a listing found it first."]
    gone_at: Annotated[Time | None, "When a listing no longer found it."]
    removal: Annotated[
        Annotated[str, one_of(Removal)] | None,
        "What keep_last did to its file: pending, removed, or moved (a person has moved"
        " or changed it, and it stays); null: nothing.",
    ]
    pinned: Annotated[bool, "keep_last leaves its file alone."]


class CollectionDetailsDocument(CollectionDocument):
    """What `ytaudio show COLLECTION --json` prints: one collection with its entries."""

    schema: Annotated[Literal["ytaudio.collection/1"], NAME_OF_FORM]
    entries: Annotated[list[CollectionEntry], "In the order of the list."]


class CollectionList(TypedDict):
    """What `ytaudio collections --json` prints."""

    schema: Annotated[Literal["ytaudio.collections/1"], NAME_OF_FORM]
    collections: Annotated[
        list[CollectionDocument], "In the order they were asked for."
    ]


class SubscriptionList(TypedDict):
    """What `ytaudio subscriptions --json` prints."""

    schema: Annotated[Literal["ytaudio.subscriptions/1"], NAME_OF_FORM]
    subscriptions: Annotated[
        list[CollectionDocument],
        "Collections that are or were followed, in the order they were asked for.",
    ]

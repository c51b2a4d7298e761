"""The document that `ytaudio download` prints."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    PART,
    SWITCHED_OFF,
    Amount,
    CanonicalUrl,
    CollectionKind,
    Count,
    LineNumber,
    Positive,
    one_of,
)
from ytaudio_daemon.schemas.job import JobError, JobOptions


class DownloadCounts(TypedDict):
    """Items by what became of them."""

    completed: Annotated[Count, "Done."]
    failed: Annotated[Count, "Not to be had, or out of tries."]
    rejected: Annotated[Count, "Refused unread: no link, or a bad option."]
    duplicate: Annotated[Count, "The same as an item before it."]
    unavailable: Annotated[
        Count, "Entries of collections that YouTube does not hand out."
    ]
    skipped: Annotated[
        Count, "Not begun: interrupted, or a failure that would have met it as well."
    ]


class EntryCollection(TypedDict):
    """The playlist, album or channel that an item is an entry of, or names."""

    url: CanonicalUrl
    kind: CollectionKind
    title: Annotated[str | None, "As YouTube names it."]
    position: Annotated[
        Positive | None,
        "The entry's place in it, from 1; null for a collection that cannot be listed.",
    ]
    count: Annotated[Count | None, "How many entries it has; null if unknown."]


class DownloadCollection(TypedDict):
    """A playlist, album or channel that was asked for."""

    url: CanonicalUrl
    kind: CollectionKind
    title: Annotated[str | None, "As YouTube names it."]
    count: Annotated[Count | None, "How many entries it has; null if unknown."]
    wanted: Annotated[Count, "Entries that are items of this document."]
    unavailable: Annotated[Count, "Likewise; YouTube does not hand them out."]
    skipped: Annotated[
        dict[str, int], "Entries that are not selected: how many, by reason."
    ]
    is_cut: Annotated[bool, "The list goes on behind what was looked at."]
    error: Annotated[JobError | None, "Why it could not be listed to its end."]


class DownloadItem(TypedDict):
    """One item."""

    result: Annotated[
        str,
        one_of(
            ("completed", "failed", "rejected", "duplicate", "unavailable", "skipped")
        ),
        "What became of it.",
    ]
    file: Annotated[
        str | None, "The list it stands in; null for a link from the command line."
    ]
    line: Annotated[Positive | None, "Its line there."]
    part: Annotated[Positive | None, PART]
    text: Annotated[str, "As it was given."]
    url: Annotated[str | None, "The canonical link; null where there is none."]
    video_id: Annotated[str | None, "YouTube's ID of the video."]
    options: Annotated[
        JobOptions | None,
        "The options in force; null when there is nothing to download.",
    ]
    collection: EntryCollection | None
    duplicate_of: Annotated[
        Count | None, "Which item of this list it repeats, counted from 0."
    ]
    output_path: Annotated[str | None, "The finished file, absolute."]
    file_size_bytes: Annotated[Count | None, "Of that file."]
    title: Annotated[str | None, "As YouTube names it."]
    artist: Annotated[str | None, "As YouTube names it."]
    duration_s: Annotated[Amount | None, "Seconds of audio."]
    view_count: Annotated[Count | None, "At the time."]
    attempts: Annotated[Count, "Tries it took."]
    error: JobError | None


class DownloadDocument(TypedDict):
    """What `ytaudio download --json` prints when all is over."""

    schema: Annotated[Literal["ytaudio.download/1"], NAME_OF_FORM]
    output_dir: Annotated[str, "Where the files are, absolute."]
    counts: DownloadCounts
    downloads: Annotated[list[DownloadItem], "In the order they were asked for."]
    collections: Annotated[
        list[DownloadCollection], "Those that were listed, in their order."
    ]
    switched_off: Annotated[list[LineNumber], SWITCHED_OFF]

"""Documents that `ytaudio archive` and `ytaudio adopt` print."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model.archived_video import FoundIn
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    CanonicalUrl,
    Count,
    Keywords,
    Positive,
    Time,
    one_of,
)

#: Named at most so often; all are counted.
_FIRST = "The first 1,000 of them."


class ImportProblem(TypedDict):
    """A line or file that cannot be used."""

    file: Annotated[str, "As it was named, or absolute in a folder."]
    line: Annotated[Positive | None, "The line's number; null of a file."]
    text: Annotated[str | None, "The line, shortened; null of a file."]
    message: Annotated[str, Keywords(min_length=1), "What is wrong, and what helps."]


class ArchiveImportDocument(TypedDict):
    """What `ytaudio archive import --json` and `ytaudio adopt --json` did."""

    schema: Annotated[Literal["ytaudio.archive-import/1"], NAME_OF_FORM]
    session: Annotated[
        str | None, "The session in which they count as had; null: in all."
    ]
    looked_at: Annotated[Count, "Lines and files, without comments."]
    added: Annotated[Count, "Videos that are new in the archive."]
    known: Annotated[Count, "Videos that it had, or that were named before."]
    moved: Annotated[
        Count, "Of the known: those whose file is another one now, or has become known."
    ]
    other_sites: Annotated[
        dict[str, int], "Videos of other sites: how many, by yt-dlp's extractor."
    ]
    unmarked: Annotated[Count, "Audio files that say nowhere which video they are."]
    unmarked_files: Annotated[list[Annotated[str, "A path."]], _FIRST]
    bad: Annotated[Count, "Lines and files that cannot be used (exit status 1)."]
    problems: Annotated[list[ImportProblem], _FIRST]


class ArchiveEntryDocument(TypedDict):
    """A video that counts as had."""

    video_id: Annotated[str, "YouTube's 11 characters."]
    url: CanonicalUrl
    session: Annotated[
        str | None, "The session in which it counts as had; null: in all."
    ]
    added_at: Annotated[Time, "Since when it is in the archive."]
    found_in: Annotated[str, one_of(FoundIn), "What named the video."]
    path: Annotated[str | None, "The adopted audio file, absolute; null without one."]


class ArchiveDocument(TypedDict):
    """What `ytaudio archive list --json` prints."""

    schema: Annotated[Literal["ytaudio.archive/1"], NAME_OF_FORM]
    entries: Annotated[
        list[ArchiveEntryDocument], "By video; one for each session that has its own."
    ]


class ArchiveForgetDocument(TypedDict):
    """What `ytaudio archive forget --json` did."""

    schema: Annotated[Literal["ytaudio.archive-forget/1"], NAME_OF_FORM]
    forgotten: Annotated[Count, "Entries that were taken out."]
    unknown: Annotated[
        list[Annotated[str, "A video's ID."]],
        "Videos that were not in the archive (exit status 1).",
    ]

"""Documents that `ytaudio library relayout` prints."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.schemas.fields import NAME_OF_FORM, Count, Uuid


class RelaidFile(TypedDict):
    """A file of the library."""

    session: Annotated[str, "Its session's name."]
    job: Annotated[Uuid, "The job whose audio it is."]
    path: Annotated[str, "Where it was, from the session's folder in the library."]
    new_path: Annotated[
        str | None,
        "Where it is, or would be if the name is free; null when it stays.",
    ]
    error: Annotated[str | None, "Why it could not be moved; null otherwise."]


class LibraryRelayoutDocument(TypedDict):
    """What `ytaudio library relayout --json` did, or would do."""

    schema: Annotated[Literal["ytaudio.library-relayout/1"], NAME_OF_FORM]
    library: Annotated[str, "The library's folder, absolute."]
    applied: Annotated[bool, "Whether files were moved (--apply)."]
    in_place: Annotated[Count, "Files that are where they belong."]
    moved: Annotated[list[RelaidFile], "Files that were moved, or would be."]
    kept: Annotated[
        list[RelaidFile],
        "Files that somebody has changed, moved or removed: they stay so.",
    ]
    failed: Annotated[list[RelaidFile], "Files that cannot be moved (exit status 1)."]

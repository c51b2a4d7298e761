"""The bodies and parameters of requests, with their types and lengths.

`model.options` checks the values of options.
"""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from ytaudio_daemon.api.vocabulary import AUDIO, Listed, Status
from ytaudio_daemon.model.collection_options import (
    MAX_WORDS_CHARS,
    ORDERS,
    POSITIONS,
    YES_OR_NO,
)
from ytaudio_daemon.model.options import (
    BITRATES,
    FORMATS,
    MAX_TAG_CHARS,
    MAX_TEMPLATE_CHARS,
    PRIORITIES,
    QUALITIES,
    TAGS,
)
from ytaudio_daemon.urls import MAX_LINK_CHARS

EXAMPLE_URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
EXAMPLE_LIST_URL = (
    "https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
)
EXAMPLE_UUID = "6f1e2d3c-4b5a-4987-8a6b-0c1d2e3f4a5b"
#: Jobs or sessions on a page, at most.
MAX_PAGE = 500

_STRICT = ConfigDict(extra="forbid", strict=True)


def _one_of(words: tuple[str, ...], example: str) -> Any:
    """Return the schema of a choice; `model.options` checks the value."""
    schema = {"type": ["string", "null"], "enum": [*words, None], "examples": [example]}
    return WithJsonSchema(schema)


Tags = create_model(
    "Tags",
    __config__=_STRICT,
    __doc__="Tags to be written instead of YouTube's own.",
    **{
        name: (
            Annotated[str | None, Field(min_length=1, max_length=MAX_TAG_CHARS)],
            None,
        )
        for name in TAGS
    },
)  # type: ignore[call-overload] # names from a list are beyond the stubs


_LENGTH = "Such as 90s, 2m, 1h30m or 1:30:00."
_DAY = "Such as 2026-01-31; lists name days about right."
Words = Annotated[str | None, Field(min_length=1, max_length=MAX_WORDS_CHARS)]
Length = Annotated[str | None, Field(max_length=20, description=_LENGTH)]
Day = Annotated[str | None, Field(max_length=10, description=_DAY)]


class SelectionBody(BaseModel):
    """Which entries of a playlist, an album or a channel become jobs; all by default."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"items": "1-12,15", "max": "10m"}]},
    )

    items: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="Positions in the list, such as 1-12,15 or 20-.",
            examples=["1-12,15"],
        ),
    ] = None
    order: Annotated[
        str | None,
        _one_of(ORDERS, "newest"),
        Field(description="Which come first; all but list wait for the whole list."),
    ] = None
    min: Length = None
    max: Length = None
    since: Day = None
    until: Day = None
    match: Words = None
    not_: Annotated[Words, Field(alias="not")] = None
    max_items: Annotated[
        int | None, Field(ge=POSITIONS[0], le=POSITIONS[-1], description="At most.")
    ] = None
    list_: Annotated[
        str | None,
        _one_of(YES_OR_NO, "yes"),
        Field(
            alias="list",
            description="yes: the list in a link such as watch?v=\u2026&list=\u2026 is meant.",
        ),
    ] = None

    def given_options(self) -> dict[str, Any]:
        """Return the options in the request, as drops name them."""
        return self.model_dump(by_alias=True, exclude_none=True)


#: Options of collections that stand beside `selection` in the body.
_BESIDE_SELECTION = {"again", "follow", "keep_last"}


class NewJob(BaseModel):
    """A link to be downloaded, and how."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "url": EXAMPLE_URL,
                    "media_type": AUDIO,
                    "quality": "bestaudio",
                    "output_format": "mp3",
                },
                {"url": "https://youtu.be/dQw4w9WgXcQ", "output_format": "opus"},
            ]
        },
    )

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_LINK_CHARS,
            description="A link to a YouTube video, in any of its forms; or to a"
            " playlist, an album or a channel, whose entries become jobs.",
        ),
    ]
    media_type: Annotated[
        str,
        WithJsonSchema({"type": "string", "enum": [AUDIO]}),
        Field(description="Only audio is made here."),
    ] = AUDIO
    quality: Annotated[
        str | None,
        _one_of(QUALITIES, "bestaudio"),
        Field(description="Which source is taken; null = as in the config."),
    ] = None
    output_format: Annotated[
        str | None,
        _one_of(FORMATS, "mp3"),
        Field(description="The audio's format; null = as in the config."),
    ] = None
    bitrate: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{2,3}k$",
            description=f"{BITRATES[0]}k to {BITRATES[-1]}k, for lossy formats.",
            examples=["192k"],
        ),
    ] = None
    filename: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_TEMPLATE_CHARS,
            description="Template of the file's name: words and %(title)s, %(artist)s, …",
            examples=["%(artist)s - %(title)s"],
        ),
    ] = None
    tags: Tags | None = None  # type: ignore[valid-type] # made by create_model
    selection: Annotated[
        SelectionBody | None,
        Field(
            description="Of a playlist, an album or a channel; with a video's link"
            " only `list` has a meaning."
        ),
    ] = None
    priority: Annotated[
        int,
        Field(
            ge=PRIORITIES[0],
            le=PRIORITIES[-1],
            description="Higher goes first inside its session.",
        ),
    ] = 0

    again: Annotated[
        bool | None,
        Field(
            description="Download it although the archive has the video; null = as the"
            " session's `defaults.toml` says."
        ),
    ] = None

    follow: Annotated[
        str | None,
        Field(
            max_length=20,
            description="Look at a playlist, an album or a channel again every so often,"
            " and download what is new in it: 15m to 90d.",
            examples=["6h"],
        ),
    ] = None
    keep_last: Annotated[
        int | None,
        Field(
            ge=POSITIONS[0],
            le=POSITIONS[-1],
            description="With `follow`: so many of the files that it brought stay.",
        ),
    ] = None

    def given_collection_options(self) -> dict[str, Any]:
        """Return the options of collections in the request, as drops name them."""
        selection = self.selection.given_options() if self.selection else {}
        beside = self.model_dump(include=_BESIDE_SELECTION, exclude_none=True)
        return {**selection, **beside}

    def given_options(self) -> dict[str, Any]:
        """Return the options in the request, by the API's names."""
        given = self.model_dump(
            exclude={"url", "media_type", "selection", *_BESIDE_SELECTION},
            exclude_none=True,
        )
        return {name: value for name, value in given.items() if value != {}}


class PreviewWish(NewJob):
    """A playlist, an album or a channel to look at, and how it would be downloaded."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"url": EXAMPLE_LIST_URL, "selection": {"max": "10m"}}]
        },
    )


class NewStatus(BaseModel):
    """The status a client asks for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "cancelled"}]}
    )

    status: Annotated[
        Status,
        Field(
            description="`cancelled` stops the job, `pending` runs a finished one again."
            " The others are the daemon's to give."
        ),
    ]


def _uuid_path(description: str) -> Any:
    return Path(
        description=description,
        examples=[EXAMPLE_UUID],
        json_schema_extra={"format": "uuid"},
    )


JobId = Annotated[str, _uuid_path("The job's UUID.")]
CollectionId = Annotated[str, _uuid_path("The collection's UUID.")]
SessionId = Annotated[str, _uuid_path("The session's UUID.")]
Limit = Annotated[
    int, Query(ge=1, le=MAX_PAGE, description="At most so many on a page.")
]
After = Annotated[
    str | None,
    Query(
        description="The last UUID of the page before: `next` of its answer.",
        examples=[EXAMPLE_UUID],
        json_schema_extra={"format": "uuid"},
    ),
]
AfterEntry = Annotated[
    str | None,
    Query(
        description="`next` of the page before.",
        pattern=r"^[0-9]{1,6}:[A-Za-z0-9_-]{11}$",
        examples=["100:dQw4w9WgXcQ"],
    ),
]
Statuses = Annotated[
    list[Status] | None,
    Query(alias="status", description="Only these; may be given more than once."),
]
State = Annotated[Listed, Query(description="Only sessions in this state.")]

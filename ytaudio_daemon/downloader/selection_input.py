"""Validates the links and selections that callers of the Python API pass."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypedDict

from ytaudio_daemon.downloader.options_input import require_text
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.collection_options import (
    check_collection_option,
    find_empty_range,
)
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.urls import CollectionLink, LinkError, parse_collection

#: `not` is a word of Python's own.
_KEY_OF_NAME = {"not_match": "not"}


class SelectionOptions(TypedDict, total=False):
    """Which entries of a playlist, album or channel are wanted; all that are left out.

    Attributes:
        items: Positions in the list, such as "1-12,15" or "20-".
        order: Which come first; all but "list" wait until the whole list was read.
        min: The shortest length: "90s", "2m", or seconds.
        max: The longest.
        since: The first day of upload: a date, or "2026-01-31".
        until: The last.
        match: Words that a title must have, in any case.
        not_match: Words that it must not have.
        max_items: At most so many; by default the config's 500.
    """

    items: str | int
    order: Literal["list", "reverse", "newest", "oldest"]
    min: str | int
    max: str | int
    since: str | date
    until: str | date
    match: str
    not_match: str
    max_items: int


def checked_selection(given: Mapping[str, Any]) -> Selection:
    """Return the selection that a caller asks for.

    Raises:
        UsageError: An option is not on the list, its value is not allowed, or no video
            can be between two limits.
    """
    known = SelectionOptions.__annotations__
    layer: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"unknown option {name[:40]!r}; known: {', '.join(known)}")
        key = _KEY_OF_NAME.get(name, name)
        try:
            layer[key] = check_collection_option(key, value)
        except OptionError as error:
            raise UsageError(error.message) from error
    if (problem := find_empty_range(layer)) is not None:
        raise UsageError(problem.message) from problem
    return Selection.from_layer(layer)


def parse_collection_url(url: object) -> CollectionLink:
    """Return the collection that a link names, alone or beside a video.

    Raises:
        LinkError: It names none, or is no link.
    """
    found = parse_collection(require_text(url))
    if found is None:
        raise LinkError(
            "not_a_collection",
            "this link names no playlist, album or channel; download_audio takes the "
            "link of one video",
        )
    return found

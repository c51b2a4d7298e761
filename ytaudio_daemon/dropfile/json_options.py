"""The options in an object of the JSON form. Pure."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ytaudio_daemon.dropfile.option_keys import MIN_SIMILARITY
from ytaudio_daemon.dropfile.option_syntax import add_option, layer_problem
from ytaudio_daemon.dropfile.parts import LinkOptions
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.collection_options import COLLECTION_KEYS, YES_OR_NO
from ytaudio_daemon.model.options import OPTION_KEYS

#: Keys of our own that are no tags: `title` and `artist` stand in every export.
_PLAIN_KEYS = [key for key in OPTION_KEYS if "." not in key]


def json_options(
    fields: Mapping[str, Any], *, names_collection: bool = False
) -> LinkOptions:
    """Return the options in the fields of an object; a field that is null is none.

    Exports have fields named like the options of collections. Such a field counts in our
    own form, beside `list` with yes or no, and in `options`; `again` with yes or no.

    Args:
        fields: The fields of the object.
        names_collection: It has our own form, and its link is a collection's.
    """
    own: dict[str, object] = {}
    problem: OptionError | None = None
    for key, value in _option_fields(fields, names_collection=names_collection):
        if value is None:
            continue
        try:
            add_option(key, value, own)
        except OptionError as error:
            problem = problem or error
    return LinkOptions(options=own, problem=problem or layer_problem(own))


def is_option_field(key: str) -> bool:
    """Return whether a field of an object holds options."""
    return key in {"tag", "tags", "options"} or _is_option(key)


def _option_fields(
    fields: Mapping[str, Any], *, names_collection: bool
) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are, or should be, options; a Job has them in `options`."""
    given = fields.get("options")
    has_collection_options = (
        names_collection or isinstance(given, dict) or _has_list_choice(fields)
    )
    for key, value in (given if isinstance(given, dict) else fields).items():
        if key in {"tag", "tags"} and isinstance(value, dict):
            yield from ((f"tag.{name}", tag) for name, tag in value.items())
        elif (
            _is_option(key)
            or (has_collection_options and key.lower() in COLLECTION_KEYS)
            or (key.lower() == "again" and _is_yes_or_no(value))
        ):
            yield key.lower(), value


def _has_list_choice(fields: Mapping[str, Any]) -> bool:
    return _is_yes_or_no(fields.get("list"))


def _is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool) or value in YES_OR_NO


def _is_option(key: str) -> bool:
    lower = key.lower()
    return (
        lower in OPTION_KEYS
        or lower == "tag"
        or lower.startswith("tag.")
        or bool(get_close_matches(lower, _PLAIN_KEYS, 1, MIN_SIMILARITY))
    )

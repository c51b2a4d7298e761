"""The keys of options, and which misspellings mean them. Pure."""

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.collection_options import (
    COLLECTION_KEYS,
    check_collection_option,
)
from ytaudio_daemon.model.options import OPTION_KEYS, TAGS, check_option

#: Every key that a drop may have: those of jobs, then those of collections.
DROP_OPTION_KEYS = (*OPTION_KEYS, *COLLECTION_KEYS)
#: Shorter keys of collections are too similar to words: `note` does not mean `not`.
_MIN_KEY_CHARS = 5
_LIKELY_KEYS = (
    *OPTION_KEYS,
    *(key for key in COLLECTION_KEYS if len(key) >= _MIN_KEY_CHARS),
)
#: `formt` and `bit_rate` are that similar to a key, `from` and `codec` are not.
MIN_SIMILARITY = 0.8
#: The least length of a prefix that means an option: `prio=5`, `tag.titl=x`.
_MIN_PREFIX_CHARS = 4
_TAG_PREFIX = re.compile(r"^tags?[._-]")
_LISTED_KEYS = ", ".join(
    [*(key for key in DROP_OPTION_KEYS if "." not in key), f"tag.<{'|'.join(TAGS)}>"]
)


def is_option_key(key: str) -> bool:
    """Return whether `key=` is an option, spelled right or wrong."""
    return (
        key in DROP_OPTION_KEYS
        or key.startswith("tag.")
        or closest_key(key) is not None
    )


@lru_cache(maxsize=512)
def closest_key(key: str) -> str | None:
    """Return the option that a key in lower case most likely means; None for a word."""
    dotted = _TAG_PREFIX.sub("tag.", key)
    close = get_close_matches(dotted, _LIKELY_KEYS, 1, MIN_SIMILARITY)
    if close:
        return close[0]
    if tag := get_close_matches(key, TAGS, 1, MIN_SIMILARITY):
        return f"tag.{tag[0]}"
    if len(key) >= _MIN_PREFIX_CHARS:
        return next((known for known in _LIKELY_KEYS if known.startswith(key)), None)
    return None


def misspelled_key_error(key: str) -> OptionError:
    """Return the refusal of a key that is close to an option's."""
    return OptionError(
        "unknown_option",
        f"unknown option {key[:40]!r}: did you mean {closest_key(key)}? "
        f"known: {_LISTED_KEYS}",
    )


def checked_option(key: str, value: object) -> Any:
    """Return an option's canonical value, as a drop may give it.

    Raises:
        OptionError: The key is unknown or misspelled, or the value not allowed.
    """
    if key in COLLECTION_KEYS:
        return check_collection_option(key, value)
    if key not in OPTION_KEYS and closest_key(key) is not None:
        raise misspelled_key_error(key)
    checked = check_option(key, value)
    if key == "filename" and ("/" in checked or "\\" in checked):
        raise OptionError(
            "bad_option",
            "filename is one name without folders, so it has no / and no \\: "
            "write - instead, such as %(artist)s - %(title)s",
        )
    return checked

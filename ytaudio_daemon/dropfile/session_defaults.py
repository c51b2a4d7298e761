"""Parses a session's `defaults.toml`: options of its drops, and its library. Pure."""

import re
import tomllib
from typing import Any

from ytaudio_daemon.model import Layer
from ytaudio_daemon.model.collection_options import (
    COLLECTION_KEYS,
    check_collection_option,
    find_empty_range,
)
from ytaudio_daemon.model.library_rules import LIBRARY_TABLE, check_library_table
from ytaudio_daemon.model.options import check_layer

FILE_NAME = "defaults.toml"
#: 64 KiB; every option with its longest value needs a third of it.
MAX_BYTES = 64 << 10
#: tomllib takes time quadratic in the depth of dotted keys: 15 s for 60 kB of
#: `a.a.a.a…`. No option's key has more than one dot.
MAX_DOTS_IN_KEYS = 16
#: A tag has at most 500 characters, so no valid line has more dots.
MAX_DOTS_IN_A_LINE = 512
#: A basic or a literal string of TOML; an unfinished one reaches to the line's end.
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"?|'[^']*'?""")


def parse_session_defaults(content: bytes) -> Layer:
    """Return the options in a `defaults.toml`; its table `[library]` is checked, too.

    Args:
        content: The file, at most `MAX_BYTES`.

    Raises:
        OptionError: An option is unknown, or its value is not allowed.
        ValueError: The file is not UTF-8, or not TOML.
    """
    given = _parse_toml(content)
    check_library_table(given.pop(LIBRARY_TABLE, {}))
    checked = {
        key: check_collection_option(key, given.pop(key))
        for key in COLLECTION_KEYS
        if key in given
    }
    if (problem := find_empty_range(checked)) is not None:
        raise problem
    return {**check_layer(given), **checked}


def parse_session_library(content: bytes) -> dict[str, Any]:
    """Return the table `[library]` of a `defaults.toml`, {} when there is none.

    Raises:
        OptionError: A key is unknown, or its value is not allowed.
        ValueError: The file is not UTF-8, or not TOML.
    """
    return check_library_table(_parse_toml(content).get(LIBRARY_TABLE, {}))


def _parse_toml(content: bytes) -> dict[str, Any]:
    """Parse TOML in UTF-8, with or without a byte order mark."""
    text = content.decode("utf-8-sig")
    if any(map(_nests_too_deeply, text.split("\n"))):
        raise ValueError("a key has too many dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:  # "[[[[…"
        raise ValueError("it nests too deeply") from error


def _nests_too_deeply(line: str) -> bool:
    if line.lstrip().startswith("#"):
        return False
    return (
        line.count(".") > MAX_DOTS_IN_A_LINE
        or _STRING.sub("", line).count(".") > MAX_DOTS_IN_KEYS
    )

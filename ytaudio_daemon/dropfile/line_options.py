"""Finds the options among the words of a line. Pure.

`key=value` is an option if its key is known, a misspelled option if the key is similar
to a known one, and otherwise words.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ytaudio_daemon.dropfile.drop_line import printable
from ytaudio_daemon.dropfile.option_keys import (
    DROP_OPTION_KEYS,
    is_option_key,
    misspelled_key_error,
)
from ytaudio_daemon.dropfile.option_syntax import (
    VALUE,
    add_option,
    quotes_error,
    token_value,
)
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.urls import LINK_START, LINK_START_FLAGS

_KEY = re.compile(
    r"(?<!\S) (?P<key>[A-Za-z_][A-Za-z0-9_.-]{0,40}) (?P<equals> = | \s+=(?=\s) )",
    re.VERBOSE,
)
_VALUE = re.compile(VALUE, re.VERBOSE)
_LINK = re.compile(LINK_START, LINK_START_FLAGS)
#: Options whose values may be several words.
_FREE_TEXTS = frozenset({"filename", "match", "not"})
_OPENING_QUOTES = "\u201c\u201e\u00ab\u2018\u201a"
_NEXT_WORD = re.compile(r"[ \t]+(?=\w)(?P<word>\S+)")
_NO_WORD = re.compile(rf"{LINK_START} | [A-Za-z_][A-Za-z0-9_.-]*=", LINK_START_FLAGS)


class LineOption(NamedTuple):
    """An option as it stands in a line.

    Attributes:
        key: In lower case.
        value: As written, without its quotes.
        start: Where it begins.
        end: Where it ends.
        problem: What is wrong with how it is written, or None.
    """

    key: str
    value: str
    start: int
    end: int
    problem: OptionError | None = None


def find_options(line: str) -> list[LineOption]:
    """Return the options of a line, in their order."""
    return list(_options(line)) if "=" in line else []


def _options(line: str) -> Iterator[LineOption]:
    at = 0
    while found := _KEY.search(line, at):
        at = found.end()
        key = found["key"].lower()
        if found["equals"] != "=":
            if key in DROP_OPTION_KEYS:
                problem = _spaced_error(found[0])
                yield LineOption(key, "", found.start(), at, problem)
        elif is_option_key(key):
            option = _read_option(line, key, found)
            yield option
            at = option.end


def _read_option(line: str, key: str, found: re.Match[str]) -> LineOption:
    value = _VALUE.match(line, found.end())
    if _LINK.match(line, found.end()) and not key.startswith("tag."):
        problem = OptionError("bad_option", f"{key} cannot be a link")
        if key not in DROP_OPTION_KEYS:
            problem = misspelled_key_error(key)
        return LineOption(key, "", found.start(), found.end(), problem)
    if value is None:
        problem = quotes_error(line[found.start() :])
        return LineOption(key, "", found.start(), found.end(), problem)
    return LineOption(
        key,
        token_value(value),
        found.start(),
        value.end(),
        _bare_value_problem(line, key, value),
    )


def _bare_value_problem(
    line: str, key: str, value: re.Match[str]
) -> OptionError | None:
    """Return the refusal of a text of several words without quotes, or None."""
    bare = value["bare"]
    if not bare or not (key in _FREE_TEXTS or key.startswith("tag.")):
        return None
    if bare[0] in _OPENING_QUOTES:
        return OptionError(
            "bad_option", f"{key} has curly quotes: write straight ones, \" or '"
        )
    following = _NEXT_WORD.match(line, value.end())
    if following is None or _NO_WORD.match(following["word"]):
        return None
    return OptionError(
        "bad_option",
        f"does {printable(following['word'], 40)!r} belong to {key}? Put a value with "
        f'spaces in straight quotes, such as {key}="Nina Simone", and other words '
        "before the link",
    )


def apply_options(
    options: list[LineOption], into: dict[str, object]
) -> OptionError | None:
    """Add options to a layer; return the first problem, after reading all."""
    problem: OptionError | None = None
    for option in options:
        try:
            if option.problem is not None:
                raise option.problem
            add_option(option.key, option.value, into)
        except OptionError as error:
            problem = problem or error
    return problem


def blank_out(line: str, options: list[LineOption]) -> str:
    """Return the line with spaces where its options stand."""
    pieces, at = [], 0
    for option in options:
        pieces += [line[at : option.start], " " * (option.end - option.start)]
        at = option.end
    return "".join([*pieces, line[at:]])


def _spaced_error(written: str) -> OptionError:
    key = written.split(None, 1)[0]
    return OptionError(
        "bad_option", f"write {key}= and the value at once, without spaces between"
    )

"""Options as people write them behind a link, read and written. Pure.

`key=value`, separated by white space. A value with white space stands in double or
single quotes; the same quote inside is written twice. `#` after white space, outside
quotes, starts a comment.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from ytaudio_daemon.dropfile.drop_line import printable
from ytaudio_daemon.dropfile.option_keys import checked_option
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.collection_options import find_empty_range
from ytaudio_daemon.model.options import LOSSLESS, OPTION_KEYS, refuse_contradictions
from ytaudio_daemon.urls import CollectionLink, Link

#: What stands behind the `=`; to be compiled with `re.VERBOSE`.
VALUE = r"""
    (?: " (?P<double> (?: [^"] | "" )*+ ) "
      | ' (?P<single> (?: [^'] | '' )*+ ) '
      | (?P<bare> (?: [^\s"'] \S* )? )
    ) (?= \s | $ )
"""
_TOKEN = re.compile(
    rf"""
    \s* (?:
      (?P<comment> \# .* )
    | (?P<key> [A-Za-z_][A-Za-z0-9_.-]* ) = {VALUE}
    | (?P<stray> \S+ )
    )
    """,
    re.VERBOSE,
)
#: Every character here stands for itself in a bare value, wherever it stands.
_BARE_VALUE = re.compile(r"[A-Za-z0-9%()+,./:_-]+")


def read_options(text: str, into: dict[str, object]) -> OptionError | None:
    """Read options into a layer; return the first problem, after reading all.

    Args:
        text: What follows a link, or stands on a line of its own.
        into: Takes every good option in its canonical form.
    """
    problem: OptionError | None = None
    for key, value in tokenize(text):
        try:
            if not key:
                _refuse_stray(value)
            add_option(key, value, into)
        except OptionError as error:
            problem = problem or error
    return problem


def merge_layers(lower: Layer, upper: Layer) -> Layer:
    """Return both layers as one; a lossless format drops a bitrate meant for others."""
    layer = {**lower, **upper}
    if layer.get("format") in LOSSLESS:
        layer.pop("bitrate", None)
    return layer


def layer_problem(layer: Layer) -> OptionError | None:
    """Return what contradicts itself in the options of one line."""
    try:
        refuse_contradictions(layer)
    except OptionError as error:
        return error
    return find_empty_range(layer)


def render_line(link: Link | CollectionLink, options: Layer) -> str:
    """Return a line of a text drop that `parse` reads back to the same.

    Args:
        link: The video or collection.
        options: Canonical options, as an `Entry` has them.
    """
    options_words = [f"{key}={_quoted(str(options[key]))}" for key in sorted(options)]
    return " ".join([link.url, *options_words])


def job_options_of_line(line: str) -> Layer:
    """Return a job's options that `render_line` wrote; not those that select entries."""
    layer: dict[str, object] = {}
    read_options(line.partition(" ")[2], layer)
    return {key: value for key, value in layer.items() if key in OPTION_KEYS}


def tokenize(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values; a stray word comes as the value of the key ""."""
    for found in _TOKEN.finditer(text):
        if found["stray"] is not None:
            yield "", found["stray"]
        elif found["key"] is not None:
            yield found["key"].lower(), token_value(found)


def token_value(found: re.Match[str]) -> str:
    """Return the value that `VALUE` matched, without its quotes."""
    if found["double"] is not None:
        return found["double"].replace('""', '"')
    if found["single"] is not None:
        return found["single"].replace("''", "'")
    return found["bare"] or ""


def add_option(key: str, value: object, into: dict[str, object]) -> None:
    """Add an option to a layer, in its canonical form.

    Raises:
        OptionError: It is unknown, bad, or there already.
    """
    checked = checked_option(key, value)
    if key in into:
        raise OptionError("bad_option", f"{key} is given twice")
    into[key] = checked


def _refuse_stray(word: str) -> NoReturn:
    raise OptionError("bad_option", _stray_message(word))


def _stray_message(word: str) -> str:
    shown_word = repr(printable(word, 40))
    if word.lower() in OPTION_KEYS:
        return f"write {word.lower()}=VALUE, without spaces around the ="
    if re.match(r"[\w.-]+=[\"']", word):
        return (
            f"the quotes do not match at {shown_word}: close them, and write a quote "
            "inside them twice"
        )
    return (
        f"{shown_word} is no option: write key=value, and put values with spaces in "
        'straight quotes, such as tag.artist="Nina Simone"; other words are allowed '
        "beside a link only"
    )


def _quoted(value: str) -> str:
    """Quote a value where it must be, with the quote that it holds less often."""
    if _BARE_VALUE.fullmatch(value):
        return value
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + value.replace(quote, quote * 2) + quote

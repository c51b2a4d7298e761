"""Parses and renders options as people write them behind a link. Pure.

`key=value`, separated by white space. A value with white space stands in double or
single quotes; the same quote inside is written twice. `#` after white space, outside
quotes, starts a comment.
"""

import re
from collections.abc import Iterator

from ytaudio_daemon.dropfile.drop_line import printable
from ytaudio_daemon.dropfile.option_keys import checked_option
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.collection_options import find_empty_range
from ytaudio_daemon.model.options import LOSSLESS, OPTION_KEYS, refuse_contradictions
from ytaudio_daemon.urls import CollectionLink, Link

#: A pattern of the value behind the `=`, for `re.VERBOSE`.
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
#: A value of these characters needs no quotes.
_BARE_VALUE = re.compile(r"[A-Za-z0-9%()+,./:_-]+")


def read_options(text: str, into: dict[str, object]) -> OptionError | None:
    """Read options into a layer; return the first problem, after reading all.

    Args:
        text: The text behind a link, or a line of options.
        into: Every good option is added, in its canonical form.
    """
    problem: OptionError | None = None
    for key, value in tokenize(text):
        try:
            if not key:
                raise _stray_word_error(value)
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
    """Return the refusal of options of one line that contradict one another, or None."""
    try:
        refuse_contradictions(layer)
    except OptionError as error:
        return error
    return find_empty_range(layer)


def render_line(link: Link | CollectionLink, options: Layer) -> str:
    """Return a line of a text drop that `parse` reads back to the same.

    Args:
        link: The video or collection.
        options: Canonical options, as in `DropLine.layer`.
    """
    options_words = [f"{key}={_quoted(str(options[key]))}" for key in sorted(options)]
    return " ".join([link.url, *options_words])


def job_options_of_line(line: str) -> Layer:
    """Return the job's options in a line of `render_line`, without those of collections."""
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


def quotes_error(text: str) -> OptionError:
    """Return the refusal of a value whose quotes do not match.

    Args:
        text: Begins with the option.
    """
    return OptionError(
        "bad_option",
        f"the quotes do not match at {printable(text.split(None, 1)[0], 40)!r}: close "
        "them, and write a quote inside them twice",
    )


def _stray_word_error(word: str) -> OptionError:
    if re.match(r"[\w.-]+=[\"']", word):
        return quotes_error(word)
    if word.lower() in OPTION_KEYS:
        message = f"write {word.lower()}=VALUE, without spaces around the ="
    else:
        message = (
            f"{printable(word, 40)!r} is no option: write key=value, and put values with "
            'spaces in straight quotes, such as tag.artist="Nina Simone"; other words are '
            "allowed beside a link only"
        )
    return OptionError("bad_option", message)


def _quoted(value: str) -> str:
    """Quote a value where it must be, with the quote that it holds less often."""
    if _BARE_VALUE.fullmatch(value):
        return value
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + value.replace(quote, quote * 2) + quote

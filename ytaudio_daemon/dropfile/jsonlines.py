"""The JSON form: one object a line. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from ytaudio_daemon.dropfile.drop_line import Entry, shown, too_long
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS
from ytaudio_daemon.dropfile.line_syntax import layer_problem
from ytaudio_daemon.dropfile.option_syntax import add_option, laid_over
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.urls import Link, LinkError, parse_link

_EXAMPLE = '{"url": "https://youtu.be/dQw4w9WgXcQ", "format": "mp3"}'


def read_json_lines(lines: Iterator[str]) -> Iterator[Entry]:
    """Yield an entry for every line that is not blank and no `#` comment."""
    for number, line in enumerate(lines, 1):
        bare = line.strip("\ufeff \t")
        if len(line) > MAX_LINE_CHARS:
            yield too_long(number, line)
        elif bare and not bare.isspace() and not bare.startswith("#"):
            yield _entry(number, bare)


def _entry(number: int, bare: str) -> Entry:
    own: dict[str, object] = {}
    link: Link | None = None
    problem: LinkError | OptionError | None = None
    try:
        asked = _object(bare)
        problem = _read_options(asked, own) or layer_problem(own)
        link = _link(asked)
    except (LinkError, OptionError) as error:
        problem = error
    return Entry(
        line=number,
        text=shown(bare),
        link=link,
        layer=laid_over({}, own),
        code=problem.code if problem else None,
        message=problem.message if problem else "",
    )


def _object(bare: str) -> Mapping[str, Any]:
    """Read one JSON object.

    Raises:
        LinkError: It is none, so there is no link in it.
        OptionError: A key is given twice.
    """
    try:
        asked = json.loads(
            bare, object_pairs_hook=_without_repeats, parse_constant=_no_number
        )
    except OptionError:
        raise
    except (ValueError, RecursionError) as exc:
        reason = exc.msg if isinstance(exc, json.JSONDecodeError) else "unusual values"
        raise LinkError(
            "not_a_url", f"this is not JSON ({reason}); write {_EXAMPLE}"
        ) from exc
    if not isinstance(asked, dict):
        raise LinkError("not_a_url", f"this is no JSON object; write {_EXAMPLE}")
    return asked


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what json.loads would settle silently: the last one wins."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise OptionError("bad_option", f"{shown(twice, 40)!r} is given twice")
    return found


def _no_number(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def _link(asked: Mapping[str, Any]) -> Link:
    url = asked.get("url")
    if not isinstance(url, str):
        raise LinkError("not_a_url", f'there is no "url" text in it; write {_EXAMPLE}')
    return parse_link(url)


def _read_options(
    asked: Mapping[str, Any], into: dict[str, object]
) -> OptionError | None:
    problem: OptionError | None = None
    for key, value in _flat(asked):
        try:
            add_option(key, value, into)
        except OptionError as error:
            problem = problem or error
    return problem


def _flat(asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options; `{"tag": {"artist": …}}` is `tag.artist`."""
    for key, value in asked.items():
        if key == "tag" and isinstance(value, dict):
            yield from ((f"tag.{name}", tag) for name, tag in value.items())
        elif key != "url":
            yield key, value

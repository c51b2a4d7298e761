"""The JSON form: one object a line. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from ytaudio_daemon.dropfile.drop_line import DropLine, printable, too_long_line
from ytaudio_daemon.dropfile.encoding import MAX_LINE_CHARS
from ytaudio_daemon.dropfile.line_syntax import layer_problem
from ytaudio_daemon.dropfile.option_syntax import add_option, merge_layers
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.urls import Link, LinkError, parse_link

_EXAMPLE = '{"url": "https://youtu.be/dQw4w9WgXcQ", "format": "mp3"}'


def read_json_lines(lines: Iterator[str]) -> Iterator[DropLine | None]:
    """Yield an entry for every line that is not blank and no `#` comment; else None."""
    for number, line in enumerate(lines, 1):
        bare = line.strip("\ufeff \t")
        if len(line) > MAX_LINE_CHARS:
            yield too_long_line(number, line)
        elif bare and not bare.isspace() and not bare.startswith("#"):
            yield _parse_line(number, bare)
        else:
            yield None


def _parse_line(number: int, bare: str) -> DropLine:
    own: dict[str, object] = {}
    link: Link | None = None
    problem: LinkError | OptionError | None = None
    try:
        json_object = _parse_object(bare)
        problem = _read_options(json_object, own) or layer_problem(own)
        link = _parse_url(json_object)
    except (LinkError, OptionError) as error:
        problem = error
    return DropLine(
        line=number,
        text=printable(bare),
        link=link,
        layer=merge_layers({}, own),
        code=problem.code if problem else None,
        message=problem.message if problem else "",
    )


def _parse_object(bare: str) -> Mapping[str, Any]:
    """Read one JSON object.

    Raises:
        LinkError: It is none, so there is no link in it.
        OptionError: A key is given twice.
    """
    try:
        json_object = json.loads(
            bare, object_pairs_hook=_reject_duplicates, parse_constant=_reject_constant
        )
    except OptionError:
        raise
    except (ValueError, RecursionError) as exc:
        reason = exc.msg if isinstance(exc, json.JSONDecodeError) else "unusual values"
        raise LinkError(
            "not_a_url", f"this is not JSON ({reason}); write {_EXAMPLE}"
        ) from exc
    if not isinstance(json_object, dict):
        raise LinkError("not_a_url", f"this is no JSON object; write {_EXAMPLE}")
    return json_object


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what json.loads would settle silently: the last one wins."""
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)  # not list.count: that is quadratic
        twice = next(key for key in found if counts[key] > 1)
        raise OptionError("bad_option", f"{printable(twice, 40)!r} is given twice")
    return found


def _reject_constant(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def _parse_url(json_object: Mapping[str, Any]) -> Link:
    url = json_object.get("url")
    if not isinstance(url, str):
        raise LinkError("not_a_url", f'there is no "url" text in it; write {_EXAMPLE}')
    return parse_link(url)


def _read_options(
    json_object: Mapping[str, Any], into: dict[str, object]
) -> OptionError | None:
    problem: OptionError | None = None
    for key, value in _flatten_tags(json_object):
        try:
            add_option(key, value, into)
        except OptionError as error:
            problem = problem or error
    return problem


def _flatten_tags(json_object: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options; `{"tag": {"artist": …}}` is `tag.artist`."""
    for key, value in json_object.items():
        if key == "tag" and isinstance(value, dict):
            yield from ((f"tag.{name}", tag) for name, tag in value.items())
        elif key != "url":
            yield key, value

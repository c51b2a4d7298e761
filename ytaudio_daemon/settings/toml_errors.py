"""Explains why a config is not valid TOML, with the line and the mistake behind it. Pure."""

import re

from ytaudio_daemon.errors import ConfigError

#: A line that opens a table, and one that sets a key; also in quotes, or dotted.
TABLE_LINE = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
KEY_LINE = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*[=.]")
#: Quotes that word processors and chats put in the place of straight ones.
CURLY_QUOTES = "“”„‟‘’‚‛«»″"  # noqa: RUF001 - the search is for these
#: `tomllib.TOMLDecodeError` has attributes for the line from Python 3.14 on only.
_LINE_IN_MESSAGE = re.compile(
    r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
)
#: How the messages of `tomllib` begin for a second table or key of the same name.
_REPETITIONS = ("Cannot overwrite a value", "Cannot declare ")
#: Characters of a line that a message repeats, at most.
MAX_EXCERPT_CHARS = 60
_STRAIGHT_QUOTES = 'texts stand in straight quotes, as in format = "mp3"'


def toml_error(text: str, name: str, error: Exception) -> ConfigError:
    """Return the error for a config that `tomllib` refuses.

    Args:
        text: The config.
        name: The file's name in messages.
        error: What `tomllib` raised.
    """
    found = _LINE_IN_MESSAGE.search(str(error))
    lines = text.splitlines()
    number = int(found["line"] or len(lines)) if found else 0
    if not 0 < number <= len(lines):
        return ConfigError(f"{name} is not valid TOML: {error}", _STRAIGHT_QUOTES)
    location, reason = f"{name}:{number}", _LINE_IN_MESSAGE.sub("", str(error))
    if reason.startswith(_REPETITIONS) and (twice := _repetition(lines, number)):
        return ConfigError(f"{location}: {twice}", "remove one of the two")
    if wrong := [mark for mark in CURLY_QUOTES if mark in lines[number - 1]]:
        return ConfigError(
            f"{location}: {' '.join(wrong)} are not quotes in TOML", _STRAIGHT_QUOTES
        )
    return ConfigError(
        f"{name} is not valid TOML in line {number}: {reason}: {_excerpt(lines[number - 1])}",
        _STRAIGHT_QUOTES,
    )


def _excerpt(line: str) -> str:
    plain = line.strip()
    return plain if len(plain) <= MAX_EXCERPT_CHARS else plain[:MAX_EXCERPT_CHARS] + "…"


def _repetition(lines: list[str], last: int) -> str:
    """Return the message on the table or key of line `last` that an earlier line has.

    It is "" if none is found.
    """
    section, first_lines = "", dict[tuple[str, str], int]()
    for number, line in enumerate(lines[:last], 1):
        if table := TABLE_LINE.match(line):
            section, name = table[1], ""
        elif key := KEY_LINE.match(line):
            name = key[1]
        else:
            continue
        first = first_lines.setdefault((section, name), number)
        if number == last and first != last:
            shown = f"[{section}] {name}" if name and section else name
            return f"{shown or f'[{section}]'} stands twice, first in line {first}"
    return ""

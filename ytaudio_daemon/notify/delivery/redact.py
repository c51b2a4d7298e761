"""Removes a receiver's secrets from messages about it. Pure."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from ytaudio_daemon.notify.delivery.result import MAX_TEXT_CHARS
from ytaudio_daemon.system.text import shortened, single_line

HIDDEN = "***"
#: Shorter pieces are no secrets, and replacing them would break ordinary words.
MIN_SECRET = 4
_SEPARATORS = re.compile(r"[/:@?&=#,;\s]+")


def secrets_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return all that could be a secret in addresses or a command's arguments.

    Errors quote addresses whole, in part, decoded or not. A password may hold any
    character, so the pieces between separators are included; the longest come first.
    """
    found = {piece for word in words for piece in _pieces(word)}
    return tuple(sorted((s for s in found if len(s) >= MIN_SECRET), key=len)[::-1])


def _pieces(word: str) -> Iterator[str]:
    _, is_address, rest = word.partition("://")
    if not is_address:  # an argument: the whole, or what follows `--token=`
        yield from (word, word.partition("=")[2])
        return
    for form in (rest, unquote(rest)):
        yield from (form, *_SEPARATORS.split(form))


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return a text without those secrets, on one line of at most MAX_TEXT_CHARS."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return shortened(single_line(text), MAX_TEXT_CHARS)

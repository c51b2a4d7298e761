"""What a setting that is a list may hold, and addresses that hold secrets. Pure.

In the config file a list is a TOML array; in a variable it is the words of a shell's
command line, so that a word with a space in it can be quoted.
"""

import re
import shlex
from collections.abc import Callable
from urllib.parse import urlsplit

from ytaudio_daemon.settings.value_types import ValueType
from ytaudio_daemon.urls import LinkError, parse_link

#: Each is a process while it has something to say.
MAX_APPRISE_URLS = 20
REDACTED = "***"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S")
#: Slashes, spaces and control characters belong to no host's name.
_HOST = re.compile(r"[^\s/\\\x00-\x20\x7f]+")


def as_text(value: object) -> str:
    """Return a TOML value as the text that `Kind.read` reads.

    Raises:
        ValueError: A list that holds something else than texts.
    """
    if not isinstance(value, list):
        return str(value)
    if not all(isinstance(item, str) for item in value):
        raise ValueError(value)
    return shlex.join(value)


def word_list(*words: str) -> ValueType:
    """Return the kind of a list of some words."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(shlex.split(text)))
        if not set(found) <= set(words):
            raise ValueError(text)
        return found

    return _list_type(f"a list of {' '.join(words)}", read)


def link_list() -> ValueType:
    """Return the kind of a list of links to videos, as their addresses."""

    def read(text: str) -> tuple[str, ...]:
        try:
            return tuple(parse_link(word).url for word in shlex.split(text))
        except LinkError as exc:
            raise ValueError(text) from exc

    return _list_type("a list of links to YouTube videos, or []", read)


def apprise_urls() -> ValueType:
    """Return the kind of a list of Apprise addresses, `service://…`."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(shlex.split(text)))
        if len(found) > MAX_APPRISE_URLS or not all(map(_is_apprise_url, found)):
            raise ValueError(text)
        return found

    allowed = (
        'a list of Apprise addresses such as ["ntfy://topic", "mailto://…"], at most '
        f"{MAX_APPRISE_URLS}"
    )
    return _list_type(allowed, read, redact_apprise_urls)


def command_line() -> ValueType:
    """Return the kind of a command line without a shell: a program and its words."""

    def read(text: str) -> tuple[str, ...]:
        words = tuple(shlex.split(text))
        program = words[0] if words else "/"
        is_findable = bool(program) and ("/" not in program or program[0] == "/")
        if "\0" in text or not is_findable:
            raise ValueError(text)
        return words

    allowed = (
        'a list such as ["/usr/local/bin/hook", "word"]: an absolute path or a name on '
        "PATH, and its arguments; or []"
    )
    return _list_type(allowed, read, redact_command)


def web_url() -> ValueType:
    """Return the kind of an http or https address that may hold secrets, or ""."""

    def read(text: str) -> str:
        if text and web_origin(text) is None:
            raise ValueError(text)
        return text

    return ValueType(
        allowed='an address such as "https://host/path" (https or http), or ""',
        parse=read,
        redact=redact_web_url,
    )


def web_origin(address: str) -> str | None:
    """Return "scheme://host[:port]" of a web address, None when it is none."""
    if not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket left open
        return None
    # An @ behind the host: a password with a slash in it, so all of it may be secret.
    is_clear = "@" not in parts.path + parts.query + parts.fragment
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    where = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    return where if is_clear else None


def redact_web_url(text: str) -> str:
    """Return no more of a web address than its host: paths are secrets, too."""
    host = web_origin(text)
    return f"{host}/{REDACTED}" if host else REDACTED if text else ""


def redact_apprise_urls(text: str) -> str:
    """Return no more of Apprise addresses than which service each is for."""
    return " ".join(map(redact_apprise_url, _split_words(text)))


def redact_apprise_url(address: str) -> str:
    """Return which service an Apprise address is for; all else may be a secret."""
    found = _SCHEME.match(address)
    return f"{found[1].lower()}://{REDACTED}" if found else REDACTED


def redact_command(text: str) -> str:
    """Return a command's program; tokens are given as arguments."""
    words = _split_words(text)
    return " ".join(words[:1] + [REDACTED] * (len(words) > 1))


def _is_apprise_url(text: str) -> bool:
    return _SCHEME.match(text) is not None and text.isprintable()


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote left open: not even the words are known
        return [REDACTED]


def _list_type(
    allowed: str,
    read: Callable[[str], tuple[str, ...]],
    conceal: Callable[[str], str] | None = None,
) -> ValueType:
    return ValueType(
        allowed=allowed,
        parse=read,
        format=shlex.join,
        toml_types=(list,),
        redact=conceal,
    )

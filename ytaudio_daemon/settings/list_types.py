"""Settings that are lists, and addresses that hold secrets. Pure.

In the config file a list is a TOML array; in a variable it is the words of a shell's
command line, so that a word with a space in it can be quoted.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from ytaudio_daemon.settings.value_types import (
    ValueType,
    proxy_url,
    redact_credentials,
    require,
    text_type,
)
from ytaudio_daemon.urls import LinkError, parse_link

#: Each address gets a process of its own while there are messages for it.
MAX_APPRISE_URLS = 20
#: Each proxy has a pace of its own: with many, YouTube is asked very often.
MAX_PROXIES = 32
REDACTED = "***"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S")
#: Slashes, spaces and control characters belong to no host's name.
_HOST = re.compile(r"[^\s/\\\x00-\x20\x7f]+")

Words = tuple[str, ...]


def as_text(value: object) -> str:
    """Return a TOML value as the text that `ValueType.parse` takes.

    Raises:
        ValueError: A list that holds something else than texts.
    """
    if not isinstance(value, list):
        return str(value)
    if not all(isinstance(item, str) for item in value):
        raise ValueError(value)
    return shlex.join(value)


def word_list(*words: str) -> ValueType:
    """Return the type of a list of some words."""

    def parse(text: str) -> Words:
        found = _distinct_words(text)
        require(set(found) <= set(words), text)
        return found

    return replace(_list_type(f"a list of {' '.join(words)}", parse), words=words)


def link_list() -> ValueType:
    """Return the type of a list of links to videos, as their addresses."""

    def parse(text: str) -> Words:
        try:
            return tuple(parse_link(word).url for word in shlex.split(text))
        except LinkError as exc:
            raise ValueError(text) from exc

    return _list_type("a list of links to YouTube videos, or []", parse)


def proxy_list() -> ValueType:
    """Return the type of a list of proxies' addresses, "" for none."""
    one_proxy = proxy_url()

    def parse(text: str) -> Words:
        found = _distinct_words(text)
        require(len(found) <= MAX_PROXIES, text)
        return tuple(one_proxy.parse(word) for word in found)

    allowed = (
        'a list such as ["", "socks5://user:word@host:1080"], at most '
        f"{MAX_PROXIES}: addresses of proxies (http https socks4 socks4a socks5 socks5h), "
        '"" for the ordinary way'
    )
    return _list_type(allowed, parse, _redact_proxies)


def _redact_proxies(text: str) -> str:
    return shlex.join(map(redact_credentials, _split_words(text)))


def apprise_urls() -> ValueType:
    """Return the type of a list of Apprise addresses, `service://…`."""

    def parse(text: str) -> Words:
        found = _distinct_words(text)
        require(len(found) <= MAX_APPRISE_URLS, text)
        require(all(_SCHEME.match(url) and url.isprintable() for url in found), text)
        return found

    allowed = (
        'a list of Apprise addresses such as ["ntfy://topic", "mailto://…"], at most '
        f"{MAX_APPRISE_URLS}"
    )
    return _list_type(allowed, parse, redact_apprise_urls)


def command_line() -> ValueType:
    """Return the type of a command line without a shell: a program and its words."""

    def parse(text: str) -> Words:
        words = tuple(shlex.split(text))
        program = words[0] if words else "/"
        is_findable = bool(program) and ("/" not in program or program[0] == "/")
        require(is_findable and "\0" not in text, text)
        return words

    allowed = (
        'a list such as ["/usr/local/bin/hook", "word"]: an absolute path or a name on '
        "PATH, and its arguments; or []"
    )
    return _list_type(allowed, parse, redact_command)


def web_url() -> ValueType:
    """Return the type of an http or https address that may hold secrets, or ""."""
    allowed = 'an address such as "https://host/path" (https or http), or ""'
    address = text_type(allowed, lambda text: not text or web_origin(text))
    return replace(address, redact=redact_web_url)


def web_origin(address: str) -> str | None:
    """Return "scheme://host[:port]" of a web address; None if it is not valid."""
    if not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket left open
        return None
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return None
    # An @ behind the host: a password with a slash in it, so all of it may be secret.
    if "@" in parts.path + parts.query + parts.fragment:
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def service_url() -> ValueType:
    """Return the type of the address of a service without secrets in it, or ""."""

    def parse(text: str) -> str:
        origin = web_origin(text) if text else ""
        require(not text or (origin and text.removesuffix("/") == origin), text)
        return origin or ""

    allowed = 'an address such as "http://127.0.0.1:4416" (http or https), or ""'
    return ValueType(allowed=allowed, parse=parse, redact=redact_credentials)


def redact_web_url(text: str) -> str:
    """Return a web address without its path and query, which may be secrets, too."""
    origin = web_origin(text)
    return f"{origin}/{REDACTED}" if origin else REDACTED if text else ""


def redact_apprise_urls(text: str) -> str:
    """Return only the services of some Apprise addresses."""
    return " ".join(map(redact_apprise_url, _split_words(text)))


def redact_apprise_url(address: str) -> str:
    """Return only the service of an Apprise address; the rest may be a secret."""
    found = _SCHEME.match(address)
    return f"{found[1].lower()}://{REDACTED}" if found else REDACTED


def redact_command(text: str) -> str:
    """Return only a command's program: arguments may be tokens."""
    words = _split_words(text)
    return " ".join(words[:1] + [REDACTED] * (len(words) > 1))


def _distinct_words(text: str) -> Words:
    return tuple(dict.fromkeys(shlex.split(text)))


def _split_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote left open: not even the words are known
        return [REDACTED]


def _list_type(
    allowed: str,
    parse: Callable[[str], Words],
    redact: Callable[[str], str] | None = None,
) -> ValueType:
    return ValueType(
        allowed=allowed,
        parse=parse,
        format=shlex.join,
        toml_types=(list,),
        redact=redact,
    )

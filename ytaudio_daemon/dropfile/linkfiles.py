"""The link files a desktop makes of a link dragged out of a browser. Pure."""

import codecs
import plistlib
import re
from dataclasses import dataclass

from ytaudio_daemon.dropfile.drop_line import Entry, NotADropError, shown
from ytaudio_daemon.urls import LinkError, parse_link

#: A real one has some 200 bytes; a property list can unfold to a thousandfold.
MAX_BYTES = 1 << 16

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    line: int
    url: str


def read_url_file(data: bytes) -> Entry:
    """Read a Windows internet shortcut.

    Raises:
        NotADropError: It names no URL.
    """
    section = _section(_decoded(data), "InternetShortcut")
    return _entry(section.get("url"))


def read_desktop_file(data: bytes) -> Entry:
    """Read a freedesktop link (Desktop Entry Specification 1.5, Type=Link).

    Raises:
        NotADropError: It is an application or a folder, or names no URL.
    """
    section = _section(_decoded(data), "Desktop Entry")
    kind = section.get("type")
    if kind is None or kind.url.lower() != "link":
        raise NotADropError("this desktop file is no link: it needs Type=Link and URL=")
    return _entry(section.get("url"))


def read_webloc(data: bytes) -> Entry:
    """Read a macOS web location, an XML or binary property list.

    Raises:
        NotADropError: It is no property list, or names no URL.
    """
    _refuse_big(data)
    try:
        content = plistlib.loads(data)
    except Exception as exc:
        # plistlib raises at least nine kinds of exceptions on hostile bytes.
        raise NotADropError("this web location is no readable property list") from exc
    url = content.get("URL") if isinstance(content, dict) else None
    return _entry(_Found(line=1, url=url) if isinstance(url, str) else None)


def _entry(found: _Found | None) -> Entry:
    if found is None or not found.url:
        raise NotADropError("this link file names no URL")
    try:
        link = parse_link(found.url)
    except LinkError as error:
        return Entry(
            line=found.line,
            text=shown(found.url),
            link=None,
            code=error.code,
            message=error.message,
        )
    return Entry(line=found.line, text=shown(found.url), link=link)


def _decoded(data: bytes) -> str:
    """Decode as Windows and desktops write: Unicode with or without mark, else cp1252."""
    _refuse_big(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _refuse_big(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise NotADropError(
            f"a link file has at most {MAX_BYTES >> 10} KiB; this one is no link file"
        )


def _section(text: str, name: str) -> dict[str, _Found]:
    """Return a section's first value of every key, keys in lower case."""
    values: dict[str, _Found] = {}
    is_inside = False
    for number, line in enumerate(_LINE_END.split(text), 1):
        bare = line.strip()
        if bare.startswith("["):
            is_inside = bare.lower() == f"[{name}]".lower()
        elif is_inside and "=" in bare:
            key, _, value = bare.partition("=")
            found = _Found(line=number, url=value.strip())
            values.setdefault(key.strip().lower(), found)
    return values

"""Reads the link files that desktops make of a link dragged out of a browser. Pure."""

import codecs
import plistlib
import re
from dataclasses import dataclass

from ytaudio_daemon.dropfile.drop_line import DropLine, NotADropError, printable
from ytaudio_daemon.dropfile.link_target import link_target
from ytaudio_daemon.dropfile.parts import mended_remark
from ytaudio_daemon.urls import FoundLink, find_links, try_link

#: A real one has some 200 bytes; a property list can unfold to a thousandfold.
MAX_BYTES = 1 << 16

#: KDE: the value may hold variables of the shell. A link of ours has none.
_FLAG = re.compile(r"\[\$[a-z]{1,2}\]\Z")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class _FileValue:
    line: int
    value: str


def read_url_file(data: bytes) -> DropLine:
    """Read a Windows internet shortcut.

    Raises:
        NotADropError: It names no URL.
    """
    section = _read_section(_decode(data), "InternetShortcut")
    return _to_drop_line(section.get("url"))


def read_desktop_file(data: bytes) -> DropLine:
    """Read a freedesktop link (Desktop Entry Specification 1.5, Type=Link).

    Raises:
        NotADropError: It is an application or a folder, or names no URL.
    """
    section = _read_section(_decode(data), "Desktop Entry")
    kind = section.get("type")
    if kind is None or kind.value.lower() != "link":
        raise NotADropError("this desktop file is no link: it needs Type=Link and URL=")
    return _to_drop_line(section.get("url"))


def read_webloc(data: bytes) -> DropLine:
    """Read a macOS web location, an XML or binary property list.

    Raises:
        NotADropError: It is no property list, or names no URL.
    """
    _check_size(data)
    try:
        content = plistlib.loads(data)
    except Exception as exc:
        # plistlib raises at least nine kinds of exceptions on hostile bytes.
        raise NotADropError("this web location is no readable property list") from exc
    url = content.get("URL") if isinstance(content, dict) else None
    return _to_drop_line(
        _FileValue(line=1, value=url) if isinstance(url, str) else None
    )


def _to_drop_line(found: _FileValue | None) -> DropLine:
    if found is None or not found.value:
        raise NotADropError("this link file names no URL")
    link = try_link(found.value)
    if link.error is not None:
        return _without_video(found, link)
    written = next(each for each in find_links(found.value) if each.link == link.link)
    return DropLine(
        line=found.line,
        text=printable(found.value),
        link=link.link,
        message=mended_remark(written),
    )


def _without_video(found: _FileValue, link: FoundLink) -> DropLine:
    """Return the drop line of a link to a collection, or of one that is refused."""
    target = link_target(link, {})
    return DropLine(
        line=found.line,
        text=printable(found.value),
        link=link.link,
        code=target.problem.code if target.problem else None,
        message=target.problem.message if target.problem else "",
        collection=target.collection,
    )


def _decode(data: bytes) -> str:
    """Decode as Windows and desktops write: Unicode with or without mark, else cp1252."""
    _check_size(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise NotADropError(
            f"a link file has at most {MAX_BYTES >> 10} KiB; this one is no link file"
        )


def _read_section(text: str, name: str) -> dict[str, _FileValue]:
    """Return a section's first value of every key, keys in lower case."""
    values: dict[str, _FileValue] = {}
    is_inside = False
    for number, line in enumerate(_LINE_END.split(text), 1):
        bare = line.strip()
        if bare.startswith("["):
            is_inside = bare.lower() == f"[{name}]".lower()
        elif is_inside and "=" in bare:
            key, _, value = bare.partition("=")
            found = _FileValue(line=number, value=value.strip())
            values.setdefault(_FLAG.sub("", key.strip().lower()), found)
    return values

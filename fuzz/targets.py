"""What is fuzzed: each takes bytes and raises only when the product is wrong."""

import json
import plistlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropKind, NotADropError
from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.fetch.metadata import filename_fields, tags_of, video_facts
from ytaudio_daemon.model.file_names import file_name
from ytaudio_daemon.settings import load

MAX_NAME_BYTES = 200
REFUSED_IN_NAMES = set('<>:"/\\|?*') | {chr(n) for n in range(32)}


def text(data: bytes) -> None:
    """Read a drop's text and JSON lines: each entry is a link or a refusal."""
    for name in ("a.txt", "a.jsonl"):
        _parse(data, name)


def links(data: bytes) -> None:
    """Read the link files that desktops make."""
    for name in ("a.url", "a.webloc", "a.desktop"):
        _parse(data, name)


def exports(data: bytes) -> None:
    """Read tables, pages, playlists and documents that others wrote."""
    for ending in ("csv", "html", "json", "m3u", "md", "tsv"):
        _parse(data, f"a.{ending}")


def config(data: bytes) -> None:
    """Load a config: settings, or an error in our words."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        try:
            load(Path(file.name), {})
        except ConfigError as error:
            if not error.message:
                raise AssertionError("an error without words") from error


def facts(data: bytes) -> None:
    """Turn an info dict into tags and a file name that every file system takes."""
    try:
        info = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(info, dict):
        return
    found = video_facts(info)
    tags = tags_of(found, {}, "https://www.youtube.com/watch?v=AAAAAAAAAAA")
    template = "%(artist)s - %(title)s"
    fields = filename_fields(found, tags, template, {})
    name = file_name(template, fields, "mp3")
    _require(0 < len(name.encode()) <= MAX_NAME_BYTES, name)
    _require(not REFUSED_IN_NAMES & set(name), name)
    _require(not name.startswith(".") and name.endswith(".mp3"), name)


def _parse(data: bytes, name: str) -> None:
    kind: DropKind | None = dropfile.drop_kind(name)
    _require(kind is not None, name)
    try:
        entries = list(dropfile.parse(data, kind)) if kind is not None else []
    except NotADropError:
        return
    live = [entry for entry in entries if not entry.is_switched_off]
    places = [(entry.line, entry.part or 0) for entry in live]
    _require(places == sorted(set(places)), "lines come once and in order")
    for entry in live:
        taken = entry.link is not None or entry.collection is not None
        _require((entry.code is None) <= taken, entry)
        _require(entry.code is None or entry.remedy != "", entry)
        _require(entry.text.isprintable() and entry.message.isprintable(), entry)


def _require(holds: bool, about: object) -> None:  # noqa: FBT001 - an assertion
    if not holds:
        raise AssertionError(about)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": text,
    "exports": exports,
    "links": links,
    "config": config,
    "facts": facts,
}

#: A binary property list cannot be written by hand.
BINARY_SEEDS = {
    "links": [
        plistlib.dumps({"URL": "https://youtu.be/AAAAAAAAAAA"}, fmt=plistlib.FMT_BINARY)
    ]
}

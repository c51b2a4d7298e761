"""A finished source: the downloaded stream, its cover and its metadata, in a folder.

`source/source.json` is written last. From then on a later attempt adopts the folder by
one rename and touches no network.
"""

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import durable
from ytaudio_daemon.fetch.metadata import VideoFacts
from ytaudio_daemon.model import FetchRequest

SOURCE_DIR = "source"
SOURCE_FILE = "source.json"
SCHEMA = "ytaudio.source/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A downloaded stream.

    Attributes:
        facts: The video's metadata.
        wanted: The options it was chosen for, see `selection_key`.
        file: Its name in the folder.
        size_bytes: Of that file.
        format_id: YouTube's number of the stream.
        codec: As ffmpeg names it, or "unknown".
        bitrate_bps: As announced, or None.
        channels: Likewise.
        cover: The picture's name in the folder, or "".
        notes: Remarks for the person.
        with_cookies: An account's cookies were sent for it.
    """

    facts: VideoFacts
    wanted: str
    file: str
    size_bytes: int
    format_id: str
    codec: str
    bitrate_bps: int | None = None
    channels: int | None = None
    cover: str = ""
    notes: tuple[str, ...] = ()
    with_cookies: bool = False


def folder_of(request: FetchRequest) -> Path:
    """Return the folder of this attempt's source."""
    return Path(request.attempt_dir) / SOURCE_DIR


def selection_key(options: Mapping[str, Any]) -> str:
    """Return the options that decide which stream is chosen, as one text."""
    return f"{options['format']} {options['quality']}"


def begin(request: FetchRequest) -> Path:
    """Create and return an empty source folder."""
    folder = folder_of(request)
    discard(request)
    folder.mkdir()
    return folder


def seal(request: FetchRequest, source: Source) -> None:
    """Write the record, which makes the source finished.

    Not synced: it guards against a killed process, not against a power cut. What a
    power cut tears is found by the size, or by verification, and fetched again.

    Raises:
        OSError: The disk is full or failing.
    """
    document = {"schema": SCHEMA, **asdict(source)}
    durable.write_json(folder_of(request) / SOURCE_FILE, document, synced=False)


def adopt(request: FetchRequest) -> Source | None:
    """Return the finished source of this or an earlier attempt, moved here; else None.

    Raises:
        UnreadableError: An earlier source cannot be read; it stays.
        OSError: The disk is failing.
    """
    if (own := _read_source(folder_of(request), request)) is not None:
        return own
    for earlier in request.earlier_dirs:
        folder = Path(earlier) / SOURCE_DIR
        if (found := _read_source(folder, request)) is not None:
            discard(request)
            folder.rename(folder_of(request))
            return found
    return None


def discard(request: FetchRequest) -> None:
    """Remove the source, its record first: half of it must not look finished."""
    folder = folder_of(request)
    with contextlib.suppress(FileNotFoundError):
        (folder / SOURCE_FILE).unlink()
        shutil.rmtree(folder)
    if folder.is_dir():
        shutil.rmtree(folder)


def _read_source(folder: Path, request: FetchRequest) -> Source | None:
    document = durable.read_json(folder / SOURCE_FILE)
    if document is None or document.pop("schema", None) != SCHEMA:
        return None
    try:
        facts = VideoFacts(**document.pop("facts"))
        source = Source(facts=facts, **(document | {"notes": tuple(document["notes"])}))
    except (KeyError, TypeError):
        return None
    whole = durable.size_of(folder / source.file) == source.size_bytes
    fits = (facts.video_id, source.wanted) == (
        request.video_id,
        selection_key(request.options),
    )
    return source if whole and fits else None

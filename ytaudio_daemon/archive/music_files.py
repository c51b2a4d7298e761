"""Finds which videos music files came from: by tags, `.info.json` and file names."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ytaudio_daemon.archive.findings import Finding, OtherSite, Problem, Unmarked
from ytaudio_daemon.fetch.tag_marks import (
    TAGGED_ENDINGS,
    UnreadableTagsError,
    video_in_tags,
)
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.system.regular_files import open_regular_file, read_regular_file
from ytaudio_daemon.urls.file_name_ids import video_id_in_file_name

INFO_ENDING = ".info.json"
#: Audio and video files whose tags are not read: only the name can name the video.
_UNTAGGED_ENDINGS = frozenset(
    {".webm", ".weba", ".mka", ".mkv", ".aac", ".wma", ".mov", ".m4v"}
)
MUSIC_ENDINGS = TAGGED_ENDINGS | _UNTAGGED_ENDINGS
#: yt-dlp's have some MB; with comments they may have any size. Then the name is used.
MAX_INFO_BYTES = 16 << 20


def is_music_file(name: str) -> bool:
    """Return whether a file's name is one of music or of an `.info.json`."""
    return _is_info(name) or Path(name).suffix.lower() in MUSIC_ENDINGS


def read_folder(folder: Path) -> Iterator[Finding]:
    """Yield the finding of each music file in a folder and all folders below it.

    Hidden files and folders are skipped, links to folders are not followed. An
    `.info.json` beside its audio file is read with that.

    Args:
        folder: An absolute path.
    """
    todo = [folder]
    while todo:
        place = todo.pop()
        try:
            with os.scandir(place) as found:
                members = [each for each in found if not each.name.startswith(".")]
        except OSError as error:
            yield _unreadable(place, error)
            continue
        yield None
        members.sort(key=lambda member: member.name)
        folders = [each for each in members if each.is_dir(follow_symlinks=False)]
        todo += [Path(each.path) for each in reversed(folders)]
        files = [each.name for each in members if not each.is_dir()]
        yield from (read_file(place / name) for name in _music_files(files))


def _music_files(names: list[str]) -> list[str]:
    music = [name for name in names if is_music_file(name)]
    audio = {_stem(name) for name in music if not _is_info(name)}
    return [name for name in music if not (_is_info(name) and _stem(name) in audio)]


def _is_info(name: str) -> bool:
    return name.lower().endswith(INFO_ENDING)


def _stem(name: str) -> str:
    return name[: -len(INFO_ENDING)] if _is_info(name) else Path(name).stem


def read_file(path: Path) -> Finding:
    """Return the finding of a music file.

    Args:
        path: Absolute.
    """
    try:
        return _read_info(path) if _is_info(path.name) else _read_audio(path)
    except OSError as error:
        return _unreadable(path, error)


#: Returns the video that an audio file came from, and what names it; None if nothing does.
#: Raises OSError, and UnreadableTagsError for a file that is damaged.
Recogniser = Callable[[Path], ArchivedVideo | None]


def _by_tags(path: Path) -> ArchivedVideo | None:
    ending = path.suffix.lower()
    if ending not in TAGGED_ENDINGS:
        return None
    with os.fdopen(open_regular_file(path, follow_links=True), "rb") as file:
        video_id = video_in_tags(file, ending)
    return None if video_id is None else ArchivedVideo(video_id, FoundIn.TAGS)


def _by_info(path: Path) -> ArchivedVideo | None:
    try:
        found = _read_info(path.with_name(path.stem + INFO_ENDING))
    except FileNotFoundError:
        return None
    return found if isinstance(found, ArchivedVideo) else None


def _by_name(path: Path) -> ArchivedVideo | None:
    video_id = video_id_in_file_name(path.name)
    return None if video_id is None else ArchivedVideo(video_id, FoundIn.FILE_NAME)


#: The most reliable first. Recognition by fingerprint, once there is one, goes last.
RECOGNISERS: tuple[Recogniser, ...] = (_by_tags, _by_info, _by_name)


def _read_audio(path: Path) -> Finding:
    damage = ""
    for recognise in RECOGNISERS:
        try:
            found = recognise(path)
        except UnreadableTagsError as error:
            damage = str(error)
            continue
        if found is not None:
            return found._replace(path=os.fsencode(path))
    return _problem(path, damage) if damage else Unmarked(os.fsencode(path))


def _read_info(path: Path) -> Finding:
    """Return the video of an `.info.json`; the name is used if it is too big."""
    facts = _info_facts(path)
    if facts is not None:
        if facts.get("_type", "video") != "video":
            return None  # of a playlist
        site = str(facts.get("extractor_key") or facts.get("extractor")).lower()
        if site != "youtube":
            return OtherSite(site)
        if is_video_id(str(facts["id"])):
            return ArchivedVideo(str(facts["id"]), FoundIn.INFO_JSON)
    named = video_id_in_file_name(path.name)
    if named is None:
        why = "it is no .info.json of yt-dlp, and its name has no ID in brackets"
        return _problem(path, why)
    return ArchivedVideo(named, FoundIn.INFO_JSON)


def _info_facts(path: Path) -> dict[str, Any] | None:
    """Return the content of an `.info.json`; None if it is too big or no object with an ID."""
    try:
        content = read_regular_file(path, MAX_INFO_BYTES, follow_links=True)
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return None
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return None
    return facts if isinstance(facts, dict) and "id" in facts else None


def _problem(path: Path, message: str) -> Problem:
    return Problem(display_name(os.fsencode(path)), None, message)


def _unreadable(path: Path, error: OSError) -> Problem:
    found = _problem(path, f"it cannot be read: {error.strerror or error}")
    return found._replace(is_denied=error.errno == errno.EACCES)

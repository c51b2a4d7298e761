"""Reads published jobs, which people may have changed or removed."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from ytaudio_daemon.errors import ResultGoneError, UnsafePathError
from ytaudio_daemon.folders.layout import Layout
from ytaudio_daemon.folders.safe_open import (
    has_sha256,
    open_child,
    open_dir,
    open_regular_file,
    read_regular_file,
)
from ytaudio_daemon.model import Outcome, Result

#: Errors of open(2) that prove that our file is not there: nothing, a folder, a link, a
#: socket, or a name that we never use. Any other error proves nothing.
NOT_OURS = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENXIO,
        errno.ENAMETOOLONG,
    }
)
#: The largest integer of a database column.
MAX_COUNT = (1 << 63) - 1
#: In bytes; ours have some kilobytes.
MAX_JOB_FILE = 1 << 20


def is_published(
    layout: Layout, session_uuid: str, job_uuid: str, file_name: str, sha256: str
) -> bool:
    """Return whether exactly that audio is published.

    Reads the whole file: called only after a crash between rename and commit.
    """
    try:
        with open_dir(layout.downloads, session_uuid, job_uuid, "audio") as folder:
            return has_sha256(folder, file_name, sha256)
    except (OSError, UnsafePathError):  # searched for again before it is fetched
        return False


def audio_is_gone(output_path: str | None) -> bool:
    """Return whether a completed job's file was removed; False when in doubt."""
    if output_path is None:
        return True
    try:
        found = os.stat(output_path)
    except OSError as error:  # a folder that is closed to us proves nothing
        return error.errno in {errno.ENOENT, errno.ENOTDIR}
    return not stat.S_ISREG(found.st_mode)


def open_published(downloads: Path, parts: tuple[str, ...], name: str) -> BinaryIO:
    """Open a published file; people may write in downloads, and swap it.

    Args:
        downloads: The folder of all results.
        parts: The file's folder below `downloads`.
        name: The file's name.

    Raises:
        ResultGoneError: It is gone, or something else has its name.
        OSError: It cannot be read, or `downloads` is missing, as on a disk that is away.
    """
    try:
        with open_dir(downloads, *parts) as folder:
            return os.fdopen(open_regular_file(folder, name), "rb")
    except (FileNotFoundError, UnsafePathError) as error:
        if not os.path.lexists(downloads):
            raise OSError(errno.ENOENT, f"{downloads} is missing") from error
        raise ResultGoneError(f"{name} is gone") from error


def read_job_file(layout: Layout, session_uuid: str, job_uuid: str) -> dict[str, Any]:
    """Return a published job's `job.json`; {} when there is none of ours.

    People may write in downloads: a link, a pipe or a file without end is not read.
    """
    try:
        with open_dir(layout.downloads, session_uuid, job_uuid) as folder:
            return _job_facts(folder)
    except (OSError, UnsafePathError):
        return {}


def _job_facts(folder: int) -> dict[str, Any]:
    try:
        facts = json.loads(read_regular_file(folder, "job.json", MAX_JOB_FILE))
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def published_outcome(
    layout: Layout, session_uuid: str, job_uuid: str
) -> Outcome | None:
    """Return the published result of a job that the ledger may not know, if whole.

    An older ledger was restored, or the publishing was not confirmed. The job folder
    appeared in one rename with everything in it synced; the size is checked anyway.

    Raises:
        UnsafePathError: A link or a file stands where the session's folder should.
        OSError: A folder is closed, or a disk cannot be read. In both cases it is not
            known whether there is a result.
    """
    try:
        with open_dir(layout.downloads, session_uuid) as session:
            return _outcome_in(session, job_uuid)
    except FileNotFoundError:
        return None


def _outcome_in(session: int, job_uuid: str) -> Outcome | None:
    try:
        with open_child(session, job_uuid) as folder:
            facts = _job_facts(folder)
            result = _result_of(facts)
            engine = _text(facts["how"]["yt_dlp"])
            with open_child(folder, "audio") as audio:
                found = os.stat(result.file_name, dir_fd=audio, follow_symlinks=False)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None  # somebody else's
    except UnsafePathError:
        return None
    except OSError as error:
        if error.errno in NOT_OURS:
            return None
        raise
    # The library's name for it may be a second link.
    whole = stat.S_ISREG(found.st_mode) and found.st_size == result.size_bytes
    return Outcome(result=result, engine=engine) if whole else None


def _result_of(facts: dict[str, Any]) -> Result:
    """Rebuild the result from `job.json`.

    Raises:
        AttributeError, KeyError, OverflowError, TypeError, ValueError: The file is not
            ours: people may write in downloads.
    """
    audio = facts["audio"]
    folder, _, name = _text(audio["file"]).partition("/")
    if folder != "audio" or not name or "/" in name or name in {".", ".."}:
        msg = f"no file of a job: {audio['file']!r}"
        raise ValueError(msg)
    artist, views = facts["tags"].get("artist"), facts["view_count"]
    return Result(
        file_name=name,
        size_bytes=int(audio["size_bytes"]),
        sha256=_text(audio["sha256"]),
        title=_text(facts["title"]),
        artist=None if artist is None else _text(artist),
        duration_s=_seconds(facts["duration_s"]),
        view_count=None if views is None else max(0, min(int(views), MAX_COUNT)),
        codec=_text(audio["codec"]),
        bitrate_bps=int(audio["bitrate_bps"]),
        copied=bool(facts["how"]["copied"]),
        note=_text(facts["note"]),
    )


def _seconds(found: Any) -> float:
    """Return a length as a number that every database and JSON reader accepts.

    Raises:
        OverflowError, TypeError, ValueError: It is not such a number.
    """
    seconds = float(found)
    if not 0 <= seconds <= MAX_COUNT:  # nor is "not a number"
        msg = f"no length: {found!r}"
        raise ValueError(msg)
    return seconds


def _text(found: object) -> str:
    """Return a text, unless it is one that no database accepts.

    Raises:
        ValueError: It has lone surrogates or a NUL.
    """
    text = str(found)
    text.encode()
    if "\0" in text:
        msg = "a NUL"
        raise ValueError(msg)
    return text

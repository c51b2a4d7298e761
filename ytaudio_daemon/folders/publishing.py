"""From an attempt's folder into the visible tree, in one rename."""

import errno
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.layout import WORK, Layout
from ytaudio_daemon.folders.opening import is_plain_file, open_dir, rename_new
from ytaudio_daemon.model import Outcome, Result

#: What `fetch` leaves in an attempt's folder.
RESULT_FILE = "result.json"
RESULT_SCHEMA = "ytaudio.result/1"
JOB_FOLDER = "job"
READ_BLOCK = 1 << 20
#: What a database holds in a number.
MAX_COUNT = (1 << 63) - 1
#: Ours have some kilobytes.
MAX_JOB_FILE = 1 << 20


def begin_attempt(layout: Layout, job_uuid: str, attempt: int) -> list[str]:
    """Make an attempt's folder; returns the folders of earlier attempts.

    Raises:
        OSError: It cannot be made; a host failure, not the job's.
    """
    with open_dir(layout.downloads, WORK, job_uuid, make=True) as folder:
        names = os.listdir(folder)
        os.makedirs(layout.attempt_dir(job_uuid, attempt), mode=0o700, exist_ok=True)
    newest_first = sorted({*names} - {str(attempt)}, key=_number, reverse=True)
    earlier = [layout.job_work(job_uuid) / name for name in newest_first]
    for useless in [path for path in earlier if not _is_worth_keeping(path)]:
        shutil.rmtree(useless, ignore_errors=True)
        earlier.remove(useless)
    return [str(path) for path in earlier]


def _is_worth_keeping(attempt_dir: Path) -> bool:
    """Whether the attempt finished its download, or all: `fetch` marks both."""
    marks = (attempt_dir / "source" / "source.json", attempt_dir / RESULT_FILE)
    return any(mark.exists() for mark in marks)


def _number(name: str) -> int:
    return int(name) if name.isascii() and name.isdigit() else 0


def finished_outcome(layout: Layout, job_uuid: str, attempt: int) -> Outcome | None:
    """Return the result an attempt left behind, if it is whole.

    The worker writes `result.json` last and synced, so what it names is there; the
    size is looked at all the same.
    """
    outcome = left_result(layout, job_uuid, attempt)
    if outcome is None or (result := outcome.result) is None:
        return None
    folder = layout.attempt_dir(job_uuid, attempt) / JOB_FOLDER
    audio = folder / "audio" / result.file_name
    try:
        found = audio.lstat()
    except OSError:
        return None
    whole = is_plain_file(found) and found.st_size == result.size_bytes
    return outcome if whole else None


def left_result(layout: Layout, job_uuid: str, attempt: int) -> Outcome | None:
    """Return what an attempt's `result.json` says, wherever its audio is by now."""
    path = layout.attempt_dir(job_uuid, attempt) / RESULT_FILE
    try:
        document = json.loads(path.read_bytes())
        if document.pop("schema", None) != RESULT_SCHEMA:
            return None
        outcome = Outcome.from_json(document)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return outcome if outcome.result is not None else None


def publish(layout: Layout, session_uuid: str, job_uuid: str, attempt: int) -> None:
    """Rename the attempt's job folder to its place in `downloads`, synced.

    A sync that failed is not simply asked for again: the kernel may have forgotten
    what it could not write, and say yes (https://lwn.net/Articles/752063/). The rename
    is taken back instead, so that the next try has one of its own to sync.

    Raises:
        FileExistsError: Something stands there that is not an empty leftover.
        OSError: The rename or a sync failed.
    """
    number = str(attempt)
    with (
        open_dir(layout.downloads, WORK, job_uuid, number) as work,
        open_dir(layout.downloads, session_uuid, make=True) as session,
    ):
        _clear_leftover(layout, session_uuid, job_uuid)
        rename_new(work, JOB_FOLDER, session, job_uuid)
        try:
            confirm(layout, session_uuid)
        except OSError:
            rename_new(session, job_uuid, work, JOB_FOLDER)
            raise


def confirm(layout: Layout, session_uuid: str) -> None:
    """Make durable what was renamed into a session's downloads, and the folder itself.

    Also for a rename that a crash came behind: nobody knows whether it was synced. To
    sync what is synced already costs next to nothing.

    Raises:
        OSError: It cannot be relied on.
    """
    for parts in ((session_uuid,), ()):
        with open_dir(layout.downloads, *parts) as folder:
            os.fsync(folder)


def _clear_leftover(layout: Layout, session_uuid: str, job_uuid: str) -> None:
    """Make room where an earlier result of this job stood and its audio was deleted.

    Only our own `job.json` and empty folders go; anything else stays, and the rename
    then fails with FileExistsError.
    """
    try:
        with open_dir(layout.downloads, session_uuid, job_uuid) as folder:
            names = set(os.listdir(folder))
            if not names <= {"audio", "job.json"}:
                return
            if "audio" in names:
                os.rmdir("audio", dir_fd=folder)
            if "job.json" in names:
                os.unlink("job.json", dir_fd=folder)
        os.rmdir(layout.job_dir(session_uuid, job_uuid))
    except (FileNotFoundError, UnsafePathError):
        return
    except OSError:  # the audio folder is not empty: the rename will say so
        return


def is_published(audio: Path, sha256: str) -> bool:
    """Return whether exactly that audio stands at its place.

    Reads the whole file: only asked after a crash between rename and commit.
    """
    digest = hashlib.sha256()
    try:
        fd = os.open(audio, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            while block := file.read(READ_BLOCK):
                digest.update(block)
    except OSError:  # a disk that cannot read it has not got it
        return False
    return digest.hexdigest() == sha256


def audio_is_gone(output_path: str | None) -> bool:
    """Return whether a completed job's file is no longer at its place."""
    if output_path is None:
        return True
    try:
        found = os.stat(output_path)
    except OSError as error:  # a folder that is closed to us proves nothing
        return error.errno in {errno.ENOENT, errno.ENOTDIR}
    return not stat.S_ISREG(found.st_mode)


def clear_work(layout: Layout, job_uuid: str) -> None:
    """Remove what attempts left behind; the job no longer needs it."""
    shutil.rmtree(layout.job_work(job_uuid), ignore_errors=True)


def leftover_work(layout: Layout) -> list[str]:
    """Return the jobs that have a work folder."""
    try:
        return os.listdir(layout.work)
    except FileNotFoundError:
        return []


def read_job_file(layout: Layout, session_uuid: str, job_uuid: str) -> dict[str, Any]:
    """Return a published job's `job.json`; {} when there is none of ours.

    People may write in downloads: a link, a pipe or a file without end is not read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open_dir(layout.downloads, session_uuid, job_uuid) as folder:
            fd = os.open("job.json", flags, dir_fd=folder)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return {}
            facts = json.loads(file.read(MAX_JOB_FILE))
    except (OSError, UnsafePathError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def standing_outcome(
    layout: Layout, session_uuid: str, job_uuid: str
) -> Outcome | None:
    """Return the result that stands published at a job's place, if it is whole.

    The ledger may not know it: an older one was restored. The job folder appeared in
    one rename with everything in it synced; the size is looked at all the same.
    """
    facts = read_job_file(layout, session_uuid, job_uuid)
    try:
        result = _result_of(facts)
        engine = _words(facts["how"]["yt_dlp"])
        found = layout.audio_file(session_uuid, job_uuid, result.file_name).lstat()
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, OSError):
        return None  # somebody else's, or not whole
    # The library's name for it may be a second link.
    whole = stat.S_ISREG(found.st_mode) and found.st_size == result.size_bytes
    return Outcome(result=result, engine=engine) if whole else None


def _result_of(facts: dict[str, Any]) -> Result:
    """Rebuild the result from `job.json`.

    Raises:
        AttributeError, KeyError, OverflowError, TypeError, ValueError: It is not one of
            ours: people may write in downloads.
    """
    audio = facts["audio"]
    folder, _, name = _words(audio["file"]).partition("/")
    if folder != "audio" or not name or "/" in name or name in {".", ".."}:
        msg = f"no file of a job: {audio['file']!r}"
        raise ValueError(msg)
    artist, views = facts["tags"].get("artist"), facts["view_count"]
    return Result(
        file_name=name,
        size_bytes=int(audio["size_bytes"]),
        sha256=_words(audio["sha256"]),
        title=_words(facts["title"]),
        artist=None if artist is None else _words(artist),
        duration_s=float(facts["duration_s"]),
        view_count=None if views is None else min(int(views), MAX_COUNT),
        codec=_words(audio["codec"]),
        bitrate_bps=int(audio["bitrate_bps"]),
        copied=bool(facts["how"]["copied"]),
        note=_words(facts["note"]),
    )


def _words(found: object) -> str:
    """Return a text as it is; one that no database takes is no text of ours.

    Raises:
        ValueError: It has lone surrogates or a NUL.
    """
    text = str(found)
    text.encode()
    if "\0" in text:
        msg = "a NUL"
        raise ValueError(msg)
    return text

"""Publishes an attempt's result in one rename, and manages the work folders of jobs."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.fetch.durable import MAX_JSON_BYTES
from ytaudio_daemon.folders.layout import WORK, Layout
from ytaudio_daemon.folders.private_folder import make_private
from ytaudio_daemon.folders.safe_open import (
    is_plain_file,
    open_child,
    open_dir,
    rename_noreplace,
)
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.model.outcome import JOB_DIR, RESULT_FILE, RESULT_SCHEMA
from ytaudio_daemon.system.regular_files import read_regular_file


def begin_attempt(layout: Layout, job_uuid: str, attempt: int) -> list[str]:
    """Make an attempt's folder; returns earlier attempts' folders, the newest first.

    Raises:
        OSError: It cannot be made; a host failure, not the job's.
    """
    make_private(layout.work)  # a person may have removed or replaced it
    with open_dir(layout.downloads, WORK, job_uuid, make=True) as folder:
        names = os.listdir(folder)
        os.makedirs(layout.attempt_dir(job_uuid, attempt), mode=0o700, exist_ok=True)
    newest_first = sorted({*names} - {str(attempt)}, key=_attempt_number, reverse=True)
    earlier = [layout.job_work(job_uuid) / name for name in newest_first]
    for useless in [path for path in earlier if not _is_reusable(path)]:
        shutil.rmtree(useless, ignore_errors=True)
        earlier.remove(useless)
    return [str(path) for path in earlier]


def _is_reusable(attempt_dir: Path) -> bool:
    """True if the attempt finished its download, or everything: `fetch` marks both."""
    marks = (attempt_dir / "source" / "source.json", attempt_dir / RESULT_FILE)
    return any(map(_may_exist, marks))


def _may_exist(path: Path) -> bool:
    """True unless the path is certainly absent: nothing is deleted in doubt."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _attempt_number(name: str) -> int:
    return int(name) if name.isascii() and name.isdigit() else 0


def finished_outcome(layout: Layout, job_uuid: str, attempt: int) -> Outcome | None:
    """Return the result an attempt left behind, if it is whole.

    The worker writes `result.json` last and synced, so the audio that it names exists;
    the size is checked anyway.
    """
    outcome = read_result(layout, job_uuid, attempt)
    if outcome is None or (result := outcome.result) is None:
        return None
    folder = layout.attempt_dir(job_uuid, attempt) / JOB_DIR
    audio = folder / "audio" / result.file_name
    try:
        found = audio.lstat()
    except OSError:
        return None
    whole = is_plain_file(found, audio) and found.st_size == result.size_bytes
    return outcome if whole else None


def has_reusable_work(layout: Layout, job_uuid: str) -> bool:
    """Return whether an attempt of a job may have finished its download."""
    return _any_attempt(layout, job_uuid, _is_reusable)


def has_result(layout: Layout, job_uuid: str) -> bool:
    """Return whether an attempt of a job may have left a result to publish."""
    return _any_attempt(layout, job_uuid, _has_result)


def _has_result(attempt_dir: Path) -> bool:
    parts = (attempt_dir / RESULT_FILE, attempt_dir / JOB_DIR / "job.json")
    return all(map(_may_exist, parts))


def _any_attempt(layout: Layout, job_uuid: str, has: Callable[[Path], bool]) -> bool:
    work = layout.job_work(job_uuid)
    try:
        return any(has(work / name) for name in os.listdir(work))
    except FileNotFoundError:
        return False
    except OSError:
        return True  # not known


def read_result(layout: Layout, job_uuid: str, attempt: int) -> Outcome | None:
    """Return the outcome in an attempt's `result.json`, wherever its audio is by now."""
    path = layout.attempt_dir(job_uuid, attempt) / RESULT_FILE
    try:
        document = json.loads(read_regular_file(path, MAX_JSON_BYTES))
        if document.pop("schema", None) != RESULT_SCHEMA:
            return None
        outcome = Outcome.from_json(document)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return outcome if outcome.result is not None else None


def publish(layout: Layout, session_uuid: str, job_uuid: str, attempt: int) -> None:
    """Rename the attempt's job folder to its place in `downloads`, synced.

    A failed sync is not simply repeated: the kernel may have dropped what it could not
    write, and report success (https://lwn.net/Articles/752063/). The rename is undone
    instead, so that the next try has a rename of its own to sync. Both folders stay
    open all the time: if the session's folder is replaced meanwhile, the rename and its
    undoing act on the same two.

    Raises:
        FileExistsError: Something has the job's name that is not an empty leftover.
        UnsafePathError: A link or a file stands where the session's folder should.
        OSError: The rename or a sync failed.
    """
    with (
        open_dir(layout.downloads) as downloads,
        open_dir(layout.downloads, WORK, job_uuid, str(attempt)) as work,
        open_child(downloads, session_uuid, make=True) as session,
    ):
        _remove_emptied_result(session, job_uuid)
        rename_noreplace(work, JOB_DIR, session, job_uuid)
        try:
            os.fsync(session)
            os.fsync(downloads)
        except OSError:
            rename_noreplace(session, job_uuid, work, JOB_DIR)
            raise


def sync_published(layout: Layout, session_uuid: str) -> None:
    """Make all renames into a session's downloads durable, and the folder itself.

    Also called after a crash, as the last rename may not have been synced. Syncing twice
    costs next to nothing.

    Raises:
        OSError: The renames may not be durable.
    """
    for parts in ((session_uuid,), ()):
        with open_dir(layout.downloads, *parts) as folder:
            os.fsync(folder)


def _remove_emptied_result(session: int, job_uuid: str) -> None:
    """Remove the job folder of an earlier result whose audio was deleted.

    Only our own `job.json` and empty folders are removed; anything else stays, and the
    rename then fails with FileExistsError.
    """
    try:
        with open_child(session, job_uuid) as folder:
            names = set(os.listdir(folder))
            if not names <= {"audio", "job.json"}:
                return
            if "audio" in names:
                os.rmdir("audio", dir_fd=folder)
            if "job.json" in names:
                os.unlink("job.json", dir_fd=folder)
        os.rmdir(job_uuid, dir_fd=session)
    except (FileNotFoundError, UnsafePathError):
        return
    except OSError:  # the audio folder is not empty: the rename will fail
        return


def clear_work(layout: Layout, job_uuid: str) -> None:
    """Remove the work folders of a job that no longer needs them."""
    shutil.rmtree(layout.job_work(job_uuid), ignore_errors=True)


def jobs_with_work(layout: Layout) -> list[str]:
    """Return the jobs that have a work folder."""
    try:
        return os.listdir(layout.work)
    except FileNotFoundError:
        return []

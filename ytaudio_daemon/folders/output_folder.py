"""A plain output folder: finished files side by side, unfinished ones out of sight.

What is being worked on lies in one hidden folder inside, so that a finished file is
renamed into view, and nothing stays behind. A lock on that folder tells a later run
which of them a killed process has left.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.library import PublishedAudio, candidate_names
from ytaudio_daemon.folders.published import has_sha256
from ytaudio_daemon.folders.safe_open import open_dir, rename_noreplace
from ytaudio_daemon.model import Result

WORK_PREFIX = ".ytaudio-work-"


class WorkFolder:
    """The hidden folder of one run, held by a lock until it is removed.

    Args:
        output: The output folder; must exist.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, output: Path) -> None:
        remove_abandoned(output)
        self.path, self._lock = _make_locked_folder(output)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_abandoned(output: Path) -> None:
    """Remove the work folders of runs that were killed."""
    for path in output.glob(f"{WORK_PREFIX}*"):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # gone already, or not ours
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:  # in use, or a file system without locks
            continue
        finally:
            os.close(lock)


def move_into_output(audio: Path, output: Path, result: Result, video_id: str) -> Path:
    """Rename a finished file into the output folder; nothing there is replaced.

    Args:
        audio: On the same file system.
        output: The folder.
        result: Names the file.
        video_id: Goes into the name when the title is taken: `<Title> [id].mp3`.

    Returns:
        Where it stands; when exactly this audio is there already, that file.

    Raises:
        OSError: It cannot be put there.
    """
    with open_dir(audio.parent) as source, open_dir(output) as target:
        for name in _candidates(result, video_id):
            try:
                rename_noreplace(source, audio.name, target, name)
            except FileExistsError:
                if _is_same_audio(target, name, result):
                    return output / name
                continue
            os.fsync(target)
            return output / name
    taken = os.strerror(errno.EEXIST)
    raise FileExistsError(errno.EEXIST, taken, str(output / result.file_name))


def _candidates(result: Result, video_id: str) -> Iterator[str]:
    """Yield the names of the library: the same clash has the same answer there."""
    audio = PublishedAudio(
        parts=(),
        file_name=result.file_name,
        sha256=result.sha256,
        job_uuid="",
        video_id=video_id,
    )
    return candidate_names(audio)


def _is_same_audio(folder: int, name: str, result: Result) -> bool:
    with suppress(OSError, UnsafePathError):
        same_size = os.lstat(name, dir_fd=folder).st_size == result.size_bytes
        return same_size and has_sha256(folder, name, result.sha256)
    return False


def _make_locked_folder(output: Path) -> tuple[Path, int]:
    """Make a folder and lock it; once more if another run swept it away in between."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=output))
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # a file system without locks: nobody sweeps there
            fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return path, lock
        os.close(lock)

"""A plain output folder: finished files side by side, unfinished ones hidden.

Unfinished files lie in one hidden folder inside, so that a finished one is renamed into
view. That folder is locked: a later run removes those that are not, as their process
was killed.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.library import numbered_names
from ytaudio_daemon.folders.safe_open import has_sha256, open_dir, rename_noreplace
from ytaudio_daemon.model import Result

WORK_PREFIX = ".ytaudio-work-"


class WorkFolder:
    """The hidden folder of one run, locked until it is removed.

    Args:
        output: The output folder; must exist.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, output: Path) -> None:
        remove_abandoned(output)
        self.path, self._lock = _make_locked_folder(output)

    def remove(self) -> None:
        """Remove the folder and everything in it."""
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
        result: Has the file's name, size and hash.
        video_id: Goes into the name when the title is taken: `<Title> [id].mp3`.

    Returns:
        The path of the file, or of an older one with exactly this audio.

    Raises:
        OSError: It cannot be moved there.
    """
    with open_dir(audio.parent) as source, open_dir(output) as target:
        for name in numbered_names(result.file_name, video_id, target):
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


def _is_same_audio(folder: int, name: str, result: Result) -> bool:
    with suppress(OSError, UnsafePathError):
        same_size = os.lstat(name, dir_fd=folder).st_size == result.size_bytes
        return same_size and has_sha256(folder, name, result.sha256)
    return False


def _make_locked_folder(output: Path) -> tuple[Path, int]:
    """Make and lock a folder; once more if another run removed it before the lock."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=output))
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # no locks: then `remove_abandoned` removes nothing
            fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return path, lock
        os.close(lock)

"""Records the finished files of an output folder for the next run.

People pass an interrupted list again as a whole: its finished files are not fetched a
second time. The record is in the user's cache, not beside the audio: a lost one costs a
second download, and nothing else.
"""

import hashlib
import json
import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter
from ytaudio_daemon.folders.safe_open import open_dir, read_regular_file
from ytaudio_daemon.model import Outcome

#: A record has some 700 bytes; a bigger file is none of ours.
MAX_RECORD_BYTES = 1 << 16
_HASH_DIGITS = 32


class FinishedFiles:
    """The finished files of one output folder, by the audio that they contain.

    Args:
        output: The output folder.
        cache: As `user_cache_dir` returns it.
    """

    def __init__(self, output: Path, cache: Path) -> None:
        self._output = output
        self._cache = cache
        self._parts = ("finished", _hash_of(os.path.realpath(output)))

    def find(self, audio_key: tuple[str, str]) -> tuple[Path, Outcome] | None:
        """Return the file of an earlier run and its outcome, None when there is none.

        A file that was changed or removed since does not count.
        """
        try:
            with open_dir(self._cache, *self._parts) as folder:
                content = read_regular_file(
                    folder, _record_name(audio_key), MAX_RECORD_BYTES
                )
            record = json.loads(content)
            path = self._output / _plain_name(record["name"])
            if record["identity"] != _identity(path):
                return None
            return path, Outcome.from_json(record["outcome"])
        except (OSError, UnsafePathError):
            return None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return None  # somebody else's file in the place of a record

    def add(self, audio_key: tuple[str, str], path: Path, outcome: Outcome) -> None:
        """Record a finished file, as far as the cache can be written."""
        with suppress(OSError, UnsafePathError):
            record = {
                "name": path.name,
                "identity": _identity(path),
                "outcome": replace(outcome, downloaded_bytes=0).to_json(),
            }
            with AtomicFileWriter(
                self._cache, self._parts, _record_name(audio_key), make=True
            ) as writer:
                writer.write(json.dumps(record).encode())
                writer.commit()


def _identity(path: Path) -> list[int] | None:
    """Return inode, size and mtime of a regular file; None if it is none.

    Raises:
        OSError: It is not there.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _plain_name(name: Any) -> str:
    """Return a file name, unless it leads elsewhere.

    Raises:
        ValueError: It is no plain name.
    """
    if not isinstance(name, str) or name != Path(name).name:
        raise ValueError("no plain file name")
    return name


def _record_name(audio_key: tuple[str, str]) -> bytes:
    return f"{_hash_of(':'.join(audio_key))}.json".encode()


def _hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_HASH_DIGITS]

"""Files that only their owner may read, replaced whole, by one process at a time."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ytaudio_daemon.system.regular_files import create_file, open_own_file

MODE = 0o600


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other process that calls this from the file until the end.

    The lock is on a file beside it, as the file itself is replaced.

    Raises:
        OSError: The lock cannot be made there.
    """
    descriptor = open_own_file(path.with_suffix(".lock"), MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_private_file(path: Path, text: str) -> None:
    """Write a file anew; a reader, or a power cut, finds the old one or the new one.

    Raises:
        OSError: It cannot be written; the old one stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = create_file(temporary, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

"""Reads and writes an attempt's JSON files; distinguishes missing from unreadable ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ytaudio_daemon.model.host_error_table import Scope
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.system import files
from ytaudio_daemon.system.regular_files import read_regular_file

#: Far above what this package writes; a bigger file is not ours.
MAX_JSON_BYTES = 1 << 20


class UnreadableError(OSError):
    """The file exists, but the disk cannot read it: its content is unknown."""


def write_json(path: Path, document: Mapping[str, Any], *, synced: bool = True) -> None:
    """Write `document` to `path` atomically, and durably if `synced`.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    text = json.dumps(document, ensure_ascii=False, indent=1)
    files.write_atomically(path, f"{text}\n".encode("utf-8", "replace"), synced=synced)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in `path`, or None if the file is missing or has none.

    Raises:
        UnreadableError: The disk cannot read the file.
        OSError: The machine has no memory or descriptors left.
    """
    try:
        document = json.loads(read_regular_file(path, MAX_JSON_BYTES))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise _unreadable(error) from error
    return document if isinstance(document, dict) else None


def size_of(path: Path) -> int | None:
    """Return a file's size in bytes, or None if it is missing.

    Raises:
        UnreadableError: The disk cannot read the inode.
        OSError: The machine has no memory or descriptors left.
    """
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> OSError:
    host_error = find_host_error(error.errno)
    if host_error and host_error.scope is Scope.MACHINE:
        return error
    return UnreadableError(error.errno, error.strerror, error.filename)

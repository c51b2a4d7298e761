"""Files that survive a power cut: written aside, synced, renamed, folder synced."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Far above what this package writes; a bigger file is not ours.
MAX_JSON_BYTES = 1 << 20


def write_json(path: Path, document: Mapping[str, Any], *, synced: bool = True) -> None:
    """Write `document` to `path` atomically, and durably if `synced`.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    aside = path.with_name(f".{path.name}.new")
    text = json.dumps(document, ensure_ascii=False, indent=1)
    with aside.open("wb") as file:
        file.write(text.encode("utf-8", "replace"))
        file.write(b"\n")
        file.flush()
        if synced:
            os.fsync(file.fileno())
    aside.rename(path)
    if synced:
        sync(path.parent)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in `path`, or None when there is none.

    Raises:
        OSError: The disk cannot read it: nobody knows.
    """
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_JSON_BYTES))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def sync(path: Path) -> None:
    """Force a file's or folder's content to the disk.

    Raises:
        OSError: The disk is full or failing; what was written cannot be trusted.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

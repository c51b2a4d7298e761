"""Checks the files of a version of yt-dlp: complete, unchanged, and no others.

A version's folder is searched for modules before the standard library, so what it holds
besides yt-dlp and its companions could take the place of any module, ours too.
"""

import base64
import csv
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from ytaudio_daemon.system.regular_files import open_regular_file

#: What may be imported from a version's folder.
PACKAGES = frozenset({"yt_dlp", "yt_dlp_ejs", "certifi"})
#: Folders where pip puts a wheel's commands and manual pages; nothing imports them.
DATA_FOLDERS = frozenset({"bin", "share"})
_DIST_INFO = re.compile(r"(\w+)-[^-]+\.dist-info")
_HASH_PREFIX = "sha256="


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecordedFile:
    """A file of a package, as its RECORD has it (PEP 376, PEP 427)."""

    name: str
    digest: str
    size: int


def foreign_names(folder: Path) -> list[str]:
    """Return what a version's folder holds that is no part of yt-dlp.

    Raises:
        OSError: It cannot be read.
    """
    return sorted(name for name in os.listdir(folder) if not _is_known(name))  # noqa: PTH208 - names


def is_complete(folder: Path) -> bool:
    """Return whether yt-dlp's files are all there, as long as they were installed."""
    try:
        files = [file for file in _files_of(folder, "yt_dlp") if file.size]
        return bool(files) and all(
            os.stat(f"{folder}/{file.name}").st_size == file.size  # noqa: PTH116 - two thousand
            for file in files
        )
    except (OSError, ValueError):
        return False


def first_changed_file(folder: Path) -> str:
    """Return a file that was changed since its installation or is not of it, or "".

    It reads some 20 MB. Compiled modules (`__pycache__`) are the interpreter's own.
    """
    found = set[str]()
    for package in sorted(PACKAGES):
        if not (folder / package).exists():
            continue
        try:
            for file in _files_of(folder, package):
                if _digest(folder / file.name) != file.digest:
                    return file.name
                found.add(file.name)
        except (OSError, ValueError):
            return f"{package}, or its RECORD,"
    return next((name for name in _modules_in(folder) if name not in found), "")


def _is_known(name: str) -> bool:
    dist_info = _DIST_INFO.fullmatch(name)
    return (dist_info[1] if dist_info else name) in PACKAGES | DATA_FOLDERS


def _files_of(folder: Path, package: str) -> Iterator[_RecordedFile]:
    """Yield the files of a package.

    Raises:
        OSError: Its RECORD cannot be read.
        ValueError: It has no RECORD, several, or one of another form.
    """
    [record] = folder.glob(f"{package}-*.dist-info/RECORD")
    with TextIOWrapper(
        os.fdopen(open_regular_file(record), "rb"), "utf-8", newline=""
    ) as rows:
        for name, digest, size in csv.reader(rows):
            if name.startswith(f"{package}/") and "__pycache__" not in name:
                yield _RecordedFile(
                    name=name, digest=digest, size=int(size) if size else 0
                )


def _digest(path: Path) -> str:
    with os.fdopen(open_regular_file(path), "rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return _HASH_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _modules_in(folder: Path) -> Iterator[str]:
    for package in sorted(PACKAGES):
        for path, folders, names in os.walk(folder / package):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (f"{Path(path).relative_to(folder)}/{name}" for name in names)

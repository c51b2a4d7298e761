"""Restricts the files that an attempt can reach: a crafted one may take its parsers over.

A worker, its ffmpeg and its JavaScript runtime read what is installed, and neither the
ledger, the inbox, the results of others nor the configuration. They write into the
folders of the attempt only.

Paths are text here: each worker goes through a hundred of them, and pathlib took half
of the time.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.model import AttemptRequest, FetchRequest
from ytaudio_daemon.system import landlock


def confine(request: AttemptRequest) -> bool:
    """Give up, for good, all files that the attempt does not need.

    Returns:
        False where the kernel cannot do that, or nothing is private.
    """
    private = {os.path.realpath(path) for path in request.private_paths}
    if not private:
        return False
    home = str(Path.home())
    # The usual folder may be above the private ones.
    tempfile.tempdir = os.environ["TMPDIR"] = home
    own = [home, request.attempt_dir, *_earlier_dirs(request), request.cache_dir]
    readable = [
        *_paths_around(private),
        *_paths_inside(private, _needed_paths(request)),
    ]
    writable = ["/dev", *(os.path.realpath(path) for path in own if path)]
    writable += _paths_inside(private, _jar_folder(request))
    with suppress(OSError):
        return landlock.restrict_files(readable, writable)
    return False


def _earlier_dirs(request: AttemptRequest) -> tuple[str, ...]:
    return request.earlier_dirs if isinstance(request, FetchRequest) else ()


def _needed_paths(request: AttemptRequest) -> list[str]:
    """Return the paths an attempt reads that may be in a private folder, above all yt-dlp."""
    network = request.network
    needed = [*sys.path, network.ca_file, network.cookies_file]
    if isinstance(request, FetchRequest):
        needed += [request.ffmpeg, *request.js_runtime[1:]]
    return [path for path in needed if path]


def _jar_folder(request: AttemptRequest) -> list[str]:
    """Return the folder of the program's own cookies, which an attempt renews; else []."""
    network = request.network
    return [os.path.dirname(network.cookies_file)] if network.stores_cookies else []


def _paths_inside(private: AbstractSet[str], paths: Iterable[str]) -> Iterator[str]:
    """Yield those paths that lie in a private folder, but no private folder itself."""
    beginnings = tuple(f"{path}/" for path in private)
    for path in map(os.path.realpath, paths):
        if path.startswith(beginnings) and path not in private:
            yield path


def _paths_around(private: AbstractSet[str]) -> Iterator[str]:
    """Yield the widest paths that hold no private one: all of the machine but those."""
    beginnings = tuple(f"{path}/" for path in private)
    above = {parent for path in private for parent in _parents(path)}
    for folder in above - private:
        if folder.startswith(beginnings):
            continue
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.path not in above and entry.path not in private:
                    yield entry.path


def _parents(path: str) -> Iterator[str]:
    while path != "/":
        yield (path := os.path.dirname(path))

"""What an attempt can reach on disk: a crafted file may take its parsers over.

A worker, its ffmpeg and its JavaScript runtime read what is installed, and neither the
ledger, the inbox, the results of others nor the configuration. They write into the
folders of the attempt only.
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
    private = {Path(path).resolve() for path in request.private_paths}
    if not private:
        return False
    home = Path.home()
    # The usual folder may be above the private ones.
    tempfile.tempdir = os.environ["TMPDIR"] = str(home)
    own = [request.attempt_dir, *_earlier_dirs(request), request.cache_dir, "/dev"]
    readable = [*_paths_around(private), *_paths_inside(private, _needed(request))]
    writable = [home.resolve(), *(Path(path).resolve() for path in own if path)]
    writable += _paths_inside(private, _jar_folder(request))
    with suppress(OSError):
        return landlock.restrict_files(readable, writable)
    return False


def _earlier_dirs(request: AttemptRequest) -> tuple[str, ...]:
    return request.earlier_dirs if isinstance(request, FetchRequest) else ()


def _needed(request: AttemptRequest) -> Iterator[Path]:
    """Yield what an attempt reads that may lie in a private folder: yt-dlp, above all."""
    yield from (Path(entry) for entry in sys.path if entry)
    network = request.network
    files = [network.ca_file, network.cookies_file]
    if isinstance(request, FetchRequest):
        files += [request.ffmpeg, *request.js_runtime[1:]]
    yield from (Path(path) for path in files if path)


def _jar_folder(request: AttemptRequest) -> list[Path]:
    """Return the folder of cookies that the program keeps itself: they are renewed."""
    network = request.network
    return [Path(network.cookies_file).parent] if network.stores_cookies else []


def _paths_inside(private: AbstractSet[Path], paths: Iterable[Path]) -> Iterator[Path]:
    """Yield those paths that lie in a private folder, but no private folder itself."""
    for path in map(Path.resolve, paths):
        if not private.isdisjoint(path.parents) and path not in private:
            yield path


def _paths_around(private: AbstractSet[Path]) -> Iterator[Path]:
    """Yield the widest paths that hold no private one: all of the machine but those."""
    above = {parent for path in private for parent in path.parents}
    for folder in above:
        if folder in private or not private.isdisjoint(folder.parents):
            continue
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                path = folder / entry.name
                if path not in above and path not in private:
                    yield path

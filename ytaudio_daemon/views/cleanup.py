"""Removes status files and receipts of sessions that the ledger does not have."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, sessions

#: Names searched in the ledger in one step.
BATCH_SIZE = 200
SUFFIX = ".json"


def remove_orphaned_files(ledger: Ledger, layout: Layout) -> Iterator[None]:
    """Remove the files of unknown sessions, yielding between steps.

    Args:
        ledger: The ledger with the sessions.
        layout: The folders the files lie in.
    """
    folder = layout.session_status("x").parent
    for names in _batches(_visible_names(folder)):
        shown = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
        for name in _unknown_sessions(ledger, shown):
            _remove(layout.session_status(name))
        yield
    folder = layout.receipts("x").parent
    for names in _batches(_visible_names(folder)):
        unknown = _unknown_sessions(ledger, names)
        yield
        for name in names:
            if name in unknown:
                yield from _remove_files_in(folder / name)
            with suppress(OSError):  # not empty, as a rule
                (folder / name).rmdir()


def _remove_files_in(folder: Path) -> Iterator[None]:
    for names in _batches(_visible_names(folder)):
        for name in names:
            _remove(folder / name)
        yield


def _unknown_sessions(ledger: Ledger, names: list[str]) -> set[str]:
    with ledger.read() as db:
        return {*names} - sessions.existing_names(db, names)


def _visible_names(folder: Path) -> list[str]:
    with suppress(OSError):
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208 - names
    return []


def _batches(names: list[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while piece := list(islice(rest, BATCH_SIZE)):
        yield piece


def _remove(path: Path) -> None:
    with suppress(OSError):  # not ours, or tried again tomorrow
        path.unlink(missing_ok=True)

"""Folders that stay open for a batch of files: each path is walked once, not once a file."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ytaudio_daemon.folders.safe_open import open_dir


class OpenDirs:
    """Opens folders as `open_dir` does, and closes them all at the end of the batch.

    A folder that is renamed meanwhile stays the one that was opened, as it does while a
    single file is written; one that was removed is opened anew. A batch must be short: some
    milliseconds.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._opened: dict[tuple[Path, tuple[str | bytes, ...]], int] = {}

    def folder(self, root: Path, *parts: str | bytes, make: bool = False) -> int:
        """Return a descriptor of a folder below a trusted root; it is not the caller's to close.

        Args:
            root: Trusted; links in it are followed.
            parts: Names below it, each a single component.
            make: Create what is missing, with the process's umask.

        Raises:
            UnsafePathError: A link or a plain file stands in the way.
            OSError: As open(2).
        """
        key = root, parts
        known = self._opened.get(key)
        if known is not None and os.fstat(known).st_nlink:
            return known
        folder = self._stack.enter_context(open_dir(root, *parts, make=make))
        self._opened[key] = folder
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.clear()
        self._stack.close()

"""Folders that stay open for a batch of files: each path is walked once, not once a file."""

import os
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ytaudio_daemon.folders.safe_open import open_child, open_dir

#: Between two files all are closed when there are more: a process may have 1,024 open files.
MAX_OPEN = 48


class OpenDirs:
    """Opens folders as `open_dir` does, and closes them all at the end of the batch.

    A folder that is renamed meanwhile stays the one that was opened, as it does while a
    single file is written; one that was removed is opened anew. A batch must be short: some
    milliseconds.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._opened: dict[tuple[Path | int, tuple[str | bytes, ...]], int] = {}

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
        known = self._known(root, parts)
        if known is not None:
            return known
        return self._keep((root, parts), open_dir(root, *parts, make=make))

    def child(self, folder: int, *parts: str | bytes, make: bool = False) -> int:
        """Return a descriptor of a folder below one that this object has opened.

        Args:
            folder: The open folder.
            parts: Names below it, each a single component; none for the folder itself.
            make: Create what is missing, with the process's umask.

        Raises:
            UnsafePathError: A link or a plain file stands in the way.
            OSError: As open(2).
        """
        known = self._known(folder, parts)
        if known is not None:
            return known
        return self._keep((folder, parts), open_child(folder, *parts, make=make))

    def close_many(self) -> None:
        """Close all of them if they are many; called between two files, when none is in use."""
        if len(self._opened) > MAX_OPEN:
            self._close()

    def _close(self) -> None:
        self._opened.clear()
        self._stack.close()

    def _known(self, above: Path | int, parts: tuple[str | bytes, ...]) -> int | None:
        """Return a folder that is open, unless it was removed since."""
        known = self._opened.get((above, parts))
        return known if known is not None and os.fstat(known).st_nlink else None

    def _keep(
        self,
        key: tuple[Path | int, tuple[str | bytes, ...]],
        opened: AbstractContextManager[int],
    ) -> int:
        self._opened[key] = self._stack.enter_context(opened)
        return self._opened[key]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

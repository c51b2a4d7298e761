"""One of the files that a drop's receipts are: written in pieces, errors kept."""

from collections.abc import Callable
from hashlib import blake2b

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter


class ReceiptFile:
    """A file that is begun when there is something to write into it.

    An error ends this strand alone: a read-only inbox must not keep programs from
    their receipt. It stays in `error` for the caller.

    Args:
        open_file: Opens the file.
        head: Text at its start, or room for it.
        marker: How files of this kind begin.
    """

    def __init__(
        self,
        open_file: Callable[[], AtomicFileWriter],
        head: str = "",
        marker: str = "",
    ) -> None:
        self.error: OSError | UnsafePathError | None = None
        self._open_file = open_file
        self._head = head.encode("utf-8", "replace")
        self._marker = marker.encode()
        self._file: AtomicFileWriter | None = None
        self._digest = blake2b()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return self._file is None

    def write(self, text: str) -> None:
        """Append text."""
        if text and self.error is None:
            self._capture_error(lambda: self._append(text.encode("utf-8", "replace")))

    def commit(self, head: str, previous: bytes | None) -> bytes | None:
        """Fill in the head and let the file appear, unless it is what is `previous`.

        Returns:
            What it says, for the next comparison; None when it could not be written.
        """
        self._digest.update(head.encode("utf-8", "replace"))
        digest = self._digest.digest()
        if digest == previous:
            self.discard()
            return digest
        self._capture_error(lambda: self._commit_file(head.encode("utf-8", "replace")))
        return digest if self.error is None else None

    def discard(self) -> None:
        """Leave the old file as it is."""
        if self._file is not None:
            file, self._file = self._file, None
            file.discard()

    def _append(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = self._open_file()
            self._file.write(self._head)
        self._file.write(chunk)
        self._digest.update(chunk)

    def _commit_file(self, head: bytes) -> None:
        if self._file is None:
            self._file = self._open_file()
            self._file.write(self._head)
        if len(head) != len(self._head):
            msg = "the head outgrew the room left for it"
            raise ValueError(msg)
        self._file.write_at_start(head)
        file, self._file = self._file, None
        file.commit(self._marker)

    def _capture_error(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (OSError, UnsafePathError) as error:
            self.error = error
            self.discard()

"""Writes one file of a drop's receipts in pieces, and stores its error."""

from collections.abc import Callable
from hashlib import blake2b

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter


class ReceiptFile:
    """A file that is opened when its first text is written.

    An error ends this file alone and is stored in `error`: a read-only inbox must not
    deprive programs of their receipt.

    Args:
        open_file: Opens the file.
        marker: How files of this kind begin; one that begins otherwise is not replaced.
    """

    def __init__(
        self, open_file: Callable[[], AtomicFileWriter], marker: str = ""
    ) -> None:
        self.error: Exception | None = None
        self._open_file = open_file
        self._marker = marker.encode()
        self._file: AtomicFileWriter | None = None
        self._digest = blake2b()

    @property
    def is_empty(self) -> bool:
        """True if nothing was written."""
        return self._file is None

    def write(self, text: str) -> None:
        """Append text."""
        if text and self.error is None:
            self._capture_error(lambda: self._append(text.encode("utf-8", "replace")))

    def commit(self, previous: bytes | None) -> bytes | None:
        """Replace the file on disk, unless its content has the digest `previous`.

        Returns:
            The digest of the content; None if it could not be written.
        """
        digest = self._digest.digest()
        if digest == previous:
            self.discard()
            return digest
        if self._file is not None:
            file, self._file = self._file, None
            self._capture_error(lambda: file.commit(self._marker))
        return digest if self.error is None else None

    def discard(self) -> None:
        """Remove what was written; the file on disk stays as it is."""
        if self._file is not None:
            file, self._file = self._file, None
            file.discard()

    def _append(self, chunk: bytes) -> None:
        if self._file is None:
            self._file = self._open_file()
        self._file.write(chunk)
        self._digest.update(chunk)

    def _capture_error(self, action: Callable[[], None]) -> None:
        try:
            action()
        except ITEM_ERRORS as error:
            self.error = error
            self.discard()

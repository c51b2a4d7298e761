"""One status document on disk: written whole, only when it has something new to say."""

import json
import os
import re
from hashlib import blake2b
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter
from ytaudio_daemon.folders.safe_open import open_dir, read_regular_file
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.documents import Document, rfc3339

_SEQ = re.compile(rb'"seq": ?([0-9]{1,15})[,}]')
#: `seq` stands among the first fields.
_HEAD_BYTES = 200


class StatusFile:
    """A document with its sequence number, and what was written last.

    Args:
        root: The status folder; made when missing.
        parts: Folders below it, and the file's name.
    """

    def __init__(self, root: Path, *parts: str) -> None:
        self._root = root
        self._folders = parts[:-1]
        self._name = parts[-1]
        self._seq: int | None = None
        self._written_digest: bytes | None = None

    def write(self, document: Document, now: Now, *, key: object = None) -> bool:
        """Write the document, unless it says what the file says already.

        Args:
            document: Without `seq` and `written_at`; `schema` first.
            now: The moment, for `written_at`.
            key: Compared in the document's place, when not None.

        Returns:
            Whether it was written.

        Raises:
            OSError, UnsafePathError: It cannot be written.
        """
        body = _json({name: document[name] for name in document if name != "schema"})
        digest = blake2b(body if key is None else repr(key).encode()).digest()
        if digest == self._written_digest:
            return False
        self._root.mkdir(parents=True, exist_ok=True)
        seq = self._next_seq()
        head = {
            "schema": document["schema"],
            "seq": seq,
            "written_at": rfc3339(now.wall),
        }
        text = _json(head)[:-1] + b", " + body[1:] + b"\n"
        name = os.fsencode(self._name)
        with AtomicFileWriter(self._root, self._folders, name, make=True) as file:
            file.write(text)
            file.commit()
        self._seq, self._written_digest = seq, digest
        return True

    def forget(self) -> None:
        """Have it written next time, whatever it says."""
        self._written_digest = None

    def _next_seq(self) -> int:
        """Go on where the file on disk ends: `seq` grows across restarts too."""
        if self._seq is None:
            self._seq = self._seq_on_disk()
        return self._seq + 1

    def _seq_on_disk(self) -> int:
        try:
            with open_dir(self._root, *self._folders) as folder:
                head = read_regular_file(folder, self._name, _HEAD_BYTES)
        except (OSError, UnsafePathError):  # not there yet, or not ours
            return 0
        found = _SEQ.search(head)
        return int(found[1]) if found else 0


def _json(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")

"""One status document on disk: written whole, and only when its content changed."""

import json
import os
import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.atomic_file import AtomicFileWriter
from ytaudio_daemon.folders.safe_open import open_dir, read_regular_file
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.schemas.daemon import DaemonDocument
from ytaudio_daemon.schemas.session import FileHead, SessionDocument
from ytaudio_daemon.system.times import rfc3339

_SEQ = re.compile(rb'"seq": ?([0-9]{1,15})[,}]')
#: `seq` stands among the first fields.
_HEAD_BYTES = 200


class StatusFile:
    """A status file with its sequence number and the digest of its content.

    Args:
        root: The status folder; made when missing.
        parts: The folders below it, and the file's name.
    """

    def __init__(self, root: Path, *parts: str) -> None:
        self._root = root
        self._folders = parts[:-1]
        self._name = parts[-1]
        self._seq: int | None = None
        self._written_digest: bytes | None = None

    def write(
        self,
        document: SessionDocument | DaemonDocument,
        now: Now,
        *,
        key: object = None,
    ) -> bool:
        """Write the document, unless the file has this content already.

        Args:
            document: The document; `seq` and `written_at` are added here.
            now: The time, for `written_at`.
            key: Compared in place of the document, when not None.

        Returns:
            True if it was written.

        Raises:
            OSError, UnsafePathError: It cannot be written.
        """
        body = _json({k: value for k, value in document.items() if k != "schema"})
        digest = blake2b(body if key is None else repr(key).encode()).digest()
        if digest == self._written_digest:
            return False
        self._root.mkdir(parents=True, exist_ok=True)
        seq = self._next_seq()
        head: FileHead = {"seq": seq, "written_at": rfc3339(now.wall)}
        start = _json({"schema": document["schema"], **head})
        text = start[:-1] + b", " + body[1:] + b"\n"
        name = os.fsencode(self._name)
        with AtomicFileWriter(self._root, self._folders, name, make=True) as file:
            file.write(text)
            file.commit()
        self._seq, self._written_digest = seq, digest
        return True

    def forget(self) -> None:
        """Have the next document written even if it has not changed."""
        self._written_digest = None

    def _next_seq(self) -> int:
        """Return the successor of the file's `seq`, which grows across restarts too."""
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


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")

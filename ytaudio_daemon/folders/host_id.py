"""The name under which a daemon claims jobs, and recognises them after a crash."""

import os
import socket
from contextlib import suppress
from pathlib import Path

from ytaudio_daemon.folders.atomic_file import AtomicFileWriter
from ytaudio_daemon.system.regular_files import read_regular_file

#: Host names have 64 bytes at most (gethostname(2)).
MAX_BYTES = 1024


def load_host_id(file: Path) -> str:
    """Return the host name that was saved at the first start of this state folder.

    It is saved, as the machine may be renamed, a state folder moved, and a container has
    another name at every start. Jobs that a crash left running would then count as
    another host's for ever.

    Args:
        file: Holds the name; written when it is missing or empty.

    Raises:
        OSError: The file can be neither read nor written.
    """
    with suppress(FileNotFoundError):
        saved = read_regular_file(file, MAX_BYTES).decode().strip()
        if saved:
            return saved
    name = socket.gethostname()
    with AtomicFileWriter(file.parent, (), os.fsencode(file.name), mode=None) as fresh:
        fresh.write(f"{name}\n".encode())
        fresh.commit()
    return name

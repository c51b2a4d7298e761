"""The name a daemon claims jobs under, and finds its own again after a crash."""

import socket
from pathlib import Path


def load_host_id(file: Path) -> str:
    """Return the name, noted at the first start of this state folder.

    Not asked for anew each time: a machine may be renamed, a state folder moved, and a
    container has another name at every start. Jobs that a crash left running would
    then be taken for another host's, for ever.

    Args:
        file: Where it is noted.

    Raises:
        OSError: It can neither be read nor noted.
    """
    try:
        noted = file.read_text("utf-8").strip()
    except FileNotFoundError:
        noted = ""
    if noted:
        return noted
    name = socket.gethostname()
    fresh = file.with_name(f".{file.name}.tmp")
    fresh.write_text(f"{name}\n", "utf-8")
    fresh.replace(file)
    return name

"""Reads a session's `defaults.toml` from its inbox folder."""

import os
import time
from pathlib import Path

from ytaudio_daemon.dropfile.session_defaults import (
    FILE_NAME,
    MAX_BYTES,
    parse_session_defaults,
    parse_session_library,
)
from ytaudio_daemon.errors import DropChangedError, UnsafePathError
from ytaudio_daemon.folders.safe_open import is_plain_file, open_dir, open_regular_file
from ytaudio_daemon.model import Layer
from ytaudio_daemon.model.library_rules import LibraryRules


def read_session_defaults(inbox: Path, session: str, *, quiet_s: float = 0.0) -> Layer:
    """Return the options in a session's `defaults.toml`, {} when there is no such file.

    Args:
        inbox: The inbox root.
        session: The session's name, which is its folder's.
        quiet_s: Seconds since the last write, at least: editors empty a file before
            they fill it, and an empty one has no options.

    Raises:
        DropChangedError: It was written to within the last `quiet_s` seconds.
        OptionError: An option is unknown, or its value is not allowed.
        ValueError: The file is not UTF-8, or not TOML.
        UnsafePathError: It is a link, a device, or larger than `MAX_BYTES`.
        OSError: It cannot be read.
    """
    content = _read(inbox, session, quiet_s)
    return {} if content is None else parse_session_defaults(content)


def read_session_library(
    inbox: Path, session: str, rules: LibraryRules
) -> LibraryRules:
    """Return the rules for a session's library: its `defaults.toml` before the config.

    Args:
        inbox: The inbox root.
        session: The session's name.
        rules: The config's.

    Raises:
        OptionError, ValueError, UnsafePathError, OSError: As `read_session_defaults`.
    """
    content = _read(inbox, session, 0.0)
    return rules if content is None else rules.with_own(parse_session_library(content))


def _read(inbox: Path, session: str, quiet_s: float) -> bytes | None:
    try:
        with open_dir(inbox, session) as folder:
            fd = open_regular_file(folder, FILE_NAME)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        if not is_plain_file(os.fstat(fd), fd):  # it has a second name
            raise UnsafePathError("defaults.toml is not a plain file")
        content = file.read(MAX_BYTES + 1)
        age_s = time.time() - os.fstat(fd).st_mtime
    if 0 <= age_s < quiet_s:  # a time in the future is not that of a write under way
        raise DropChangedError("defaults.toml is being written")
    if len(content) > MAX_BYTES:
        raise UnsafePathError(f"defaults.toml is larger than {MAX_BYTES} bytes")
    return content

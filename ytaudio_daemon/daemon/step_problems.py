"""Why a step of the loop failed, in a code, a sentence and a remedy. Pure."""

import errno
import os
from typing import NamedTuple

from ytaudio_daemon.errors import (
    LedgerError,
    TemplateError,
    UnsafePathError,
    YtaudioError,
)


class Stumble(NamedTuple):
    """A problem, as `status/daemon.json` tells of it."""

    code: str
    message: str
    hint: str


AGAIN = "It is tried again every second."
#: By errno: the code, and what a person can do; {place} is the file or folder.
_REMEDIES = {
    errno.ENOSPC: ("disk_full", "Make room on the disk of {place}."),
    errno.EDQUOT: ("disk_full", "Raise the quota of the daemon's user, or make room."),
    errno.EROFS: ("read_only", "Mount the file system of {place} writable again."),
    errno.EACCES: ("not_permitted", "Let the daemon's user read and write {place}."),
    errno.EPERM: ("not_permitted", "Let the daemon's user read and write {place}."),
    errno.EIO: ("io_error", "The disk of {place} fails: see `dmesg`, make a backup."),
    errno.EMFILE: ("no_descriptors", "Raise LimitNOFILE= of the service (ulimit -n)."),
    errno.ENFILE: (
        "no_descriptors",
        "The machine has too many files open: fs.file-max.",
    ),
    errno.ENOMEM: ("no_memory", "Free some memory."),
    errno.ENOENT: ("folder_missing", "Make {place} again, or restart the daemon."),
}


def stumble(step: str, error: YtaudioError | OSError) -> Stumble:
    """Return what to tell of a step that could not be done.

    Args:
        step: What the daemon was about to do, in a word.
        error: Why it could not.
    """
    if isinstance(error, OSError):
        return _of_os(step, error)
    code = next((c for kind, c in _CODES.items() if isinstance(error, kind)), _OTHER)
    return Stumble(code, f"{step}: {error.message}", error.hint or AGAIN)


_OTHER = "step_failed"
_CODES: dict[type[YtaudioError], str] = {
    LedgerError: "ledger_trouble",
    TemplateError: "template_trouble",
    UnsafePathError: "unsafe_path",
}
#: All of them hold up something that a person may have to mend.
CODES = frozenset({*_CODES.values(), *(c for c, _ in _REMEDIES.values()), _OTHER})


def _of_os(step: str, error: OSError) -> Stumble:
    code, remedy = _REMEDIES.get(error.errno or 0, (_OTHER, ""))
    place = "" if error.filename is None else os.fsdecode(error.filename)
    said = error.strerror or str(error)
    message = f"{step}: {said}: {place}" if place else f"{step}: {said}"
    hint = remedy.format(place=place or "the daemon's folders")
    return Stumble(code, message, f"{hint} {AGAIN}".strip())

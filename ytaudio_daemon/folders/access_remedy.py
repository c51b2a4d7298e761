"""What a person can do when the kernel denies access to a path (EACCES)."""

import os
import shlex
from pathlib import Path

from ytaudio_daemon.model.host_error_table import LOCKED


def access_remedy(path: Path, needed: int, bits: str) -> str:
    """Return a remedy: a chmod if the permissions are the cause, else to find the lock.

    A file server's lock and a security module deny access, too, and no chmod helps then.
    access(2) checks permissions only.

    Args:
        path: What could not be opened.
        needed: What was needed, as `os.R_OK | os.X_OK`.
        bits: The mode that chmod(1) would add.
    """
    if os.access(path, needed, effective_ids=True):
        return LOCKED.remedy(str(path)).removesuffix(".")
    return f"allow it with: chmod {bits} {shlex.quote(str(path))}"

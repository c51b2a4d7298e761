"""Checks the inbox for files and folders that the daemon ignores."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ytaudio_daemon.doctor.check_result import CheckResult, warning
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.inbox import IgnoredFile
from ytaudio_daemon.folders.inbox_scan import scan_ignored

#: Most results; the next run has the others, once these are corrected.
MAX_RESULTS = 20


def check_inbox_contents(layout: Layout) -> Iterator[CheckResult]:
    """Yield a result for each file or folder in the inbox that the daemon ignores."""
    with suppress(OSError):  # reported already, as a fault of the inbox
        found = (each for each in scan_ignored(layout) if not _is_closed(layout, each))
        for ignored_file in islice(found, MAX_RESULTS):
            yield warning(
                "inbox_contents",
                f"{ignored_file.path} is not taken: {ignored_file.reason}",
                "correct it, or move it out of the inbox",
            )


def _is_closed(layout: Layout, ignored_file: IgnoredFile) -> bool:
    """True if it is a folder that we may not read, which has its own check."""
    path = layout.inbox / ignored_file.session
    return ignored_file.location is None and not os.access(
        path, os.R_OK | os.X_OK, effective_ids=True
    )

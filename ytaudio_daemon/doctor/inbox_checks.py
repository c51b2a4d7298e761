"""Checks what lies in the inbox and is not taken."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ytaudio_daemon.doctor.check_result import CheckResult, warning
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.inbox import IgnoredFile
from ytaudio_daemon.folders.inbox_scan import scan_ignored

#: Most results; whoever mends these sees the next ones.
MAX_RESULTS = 20


def check_inbox_contents(layout: Layout) -> Iterator[CheckResult]:
    """Yield a result for everything in the inbox that the daemon does not take."""
    with suppress(OSError):  # reported already, as a fault of the inbox
        found = (f for f in scan_ignored(layout) if not _is_closed(layout, f))
        for ignored_file in islice(found, MAX_RESULTS):
            yield warning(
                "inbox_contents",
                f"{ignored_file.path} is not taken: {ignored_file.reason}",
                "correct it, or move it out of the inbox",
            )


def _is_closed(layout: Layout, ignored_file: IgnoredFile) -> bool:
    """Return whether it is a folder that we may not read, which has its own check."""
    path = layout.inbox / ignored_file.session
    return ignored_file.location is None and not os.access(
        path, os.R_OK | os.X_OK, effective_ids=True
    )

"""The files that people and programs read: status files, receipts, the library.

Only this package writes them. They are made from the ledger and from the running
daemon's state (`DaemonSnapshot`), and can be made again at any time.
`docs/status-files.md` describes them for people, `schemas` for programs.
"""

from ytaudio_daemon.views.daemon_document import STALE_AFTER_S
from ytaudio_daemon.views.documents import (
    job_counts,
    job_document,
    queue_positions,
    session_document,
    session_summary,
)
from ytaudio_daemon.views.snapshot import (
    DaemonProblem,
    DaemonSnapshot,
    ViewSettings,
    YtDlpFacts,
)
from ytaudio_daemon.views.views import Views

__all__ = [
    "STALE_AFTER_S",
    "DaemonProblem",
    "DaemonSnapshot",
    "ViewSettings",
    "Views",
    "YtDlpFacts",
    "job_counts",
    "job_document",
    "queue_positions",
    "session_document",
    "session_summary",
]

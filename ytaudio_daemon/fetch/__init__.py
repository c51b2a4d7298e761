"""One attempt at one video: from a link to proven audio in a folder.

The only package that uses yt-dlp and ffmpeg. It runs inside a worker process of its
own, knows no ledger and no session, and never raises: every end of an attempt is
returned as plain data. Importing this package is cheap; yt-dlp is imported on first use, or by
`preload` in the template that workers are forked from.
"""

import contextlib
import re
import sys
from typing import Protocol

from ytaudio_daemon.fetch.unused_modules import UNUSED_MODULES
from ytaudio_daemon.model import (
    FetchRequest,
    ListedPage,
    ListRequest,
    Outcome,
    Progress,
)
from ytaudio_daemon.system.distributions import installed_version
from ytaudio_daemon.system.withheld_imports import withheld

__all__ = [
    "CA_FILE_ENV",
    "PageReceiver",
    "Reporter",
    "list_entries",
    "preload",
    "run",
    "ytdlp_version",
]


#: In the environment of `preload`: the certificates that attempts will most likely trust,
#: `[download] ca_file`, so that they are read once.
CA_FILE_ENV = "YTAUDIO_TEMPLATE_CA_FILE"


class Reporter(Protocol):
    """Receives an attempt's progress, and lends it a converter slot."""

    def progress(self, progress: Progress) -> None:
        """Send a progress report; it may be dropped."""

    def wait_for_converter_slot(self) -> None:
        """Hand back the download slot and block until a converter slot is free."""


class PageReceiver(Protocol):
    """Receives the pages of a listing."""

    def page(self, page: ListedPage) -> None:
        """Send a page; may wait until there is room for it."""


def run(request: FetchRequest, report: Reporter) -> Outcome:
    """Make one attempt: resolve, download, convert, tag, verify, lay out.

    The result appears in `request.attempt_dir`: `job/` complete and durable, then
    `result.json`. A finished source or result of an earlier attempt is adopted.
    The process's environment and file size limit are changed: call it once, in a
    process of its own.

    Returns:
        The outcome. Only `SystemExit` and `KeyboardInterrupt` are raised.
    """
    from ytaudio_daemon.fetch.attempt import run_attempt  # noqa: PLC0415 - cheap import

    return run_attempt(request, report)


def list_entries(request: ListRequest, report: PageReceiver) -> Outcome:
    """Make one attempt to list a collection; its entries go to `report` page by page.

    Nothing is downloaded. The process's environment is changed: call it once, in a
    process of its own.

    Returns:
        The outcome: `listed` or a failure. Only `SystemExit` and `KeyboardInterrupt`
        are raised.
    """
    from ytaudio_daemon.fetch.listing import run_listing  # noqa: PLC0415 - cheap import

    return run_listing(request, report)


def preload() -> None:
    """Import everything that an attempt needs, and try it without network and threads."""
    with withheld(UNUSED_MODULES):
        from ytaudio_daemon.fetch import attempt, listing  # noqa: F401, PLC0415 - cheap import
        from ytaudio_daemon.fetch.libav_warmup import run_libav_warmup  # noqa: PLC0415 - cheap import
        from ytaudio_daemon.fetch.offline_warmup import (  # noqa: PLC0415 - cheap import
            run_http_warmup,
            run_offline_extraction,
        )
        from ytaudio_daemon.fetch.ytdlp_client import warm_up  # noqa: PLC0415 - cheap import

    warm_up()
    for run_warmup in (run_offline_extraction, run_http_warmup, run_libav_warmup):
        with contextlib.suppress(Exception):  # a gain in speed, not a need
            run_warmup()


def ytdlp_version() -> str:
    """Return yt-dlp's version, the loaded one's or else the installed one's, or ""."""
    if (loaded := sys.modules.get("yt_dlp.version")) is not None:
        # "2026.08.19" is called 2026.8.19 by packaging tools (PEP 440).
        return re.sub(r"\b0+(?=\d)", "", str(loaded.__version__))
    return installed_version("yt-dlp")

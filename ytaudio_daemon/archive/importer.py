"""Adds the videos that an import finds to the archive, in short transactions.

A kill between two of them loses only time: the videos of the first are in the archive,
and the same import again adds the rest.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from ytaudio_daemon.archive.findings import Finding, OtherSite, Problem, Unmarked
from ytaudio_daemon.ledger import Connection, archive
from ytaudio_daemon.ledger.archive import AddedCounts
from ytaudio_daemon.ledger.retry_while_busy import retry_while_busy
from ytaudio_daemon.ledger.sqlite_lock_wait import WRITE_PAUSE_S
from ytaudio_daemon.model.archived_video import ArchivedVideo
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints

#: Opens one write transaction.
OpenWrite = Callable[[], AbstractContextManager[tuple[Connection, Now]]]

#: Videos added in one transaction: some 20 ms, for which the daemon's writes wait.
VIDEOS_PER_BATCH = 2000
#: Videos sorted together before they are written: a batch then changes neighbouring pages
#: of the table instead of all.
VIDEOS_PER_CHUNK = 50_000
#: A chunk is written after so many seconds, though it is not full: folders may be slow.
MAX_CHUNK_S = 2.0
#: Problems and unmarked files that a report names; it counts all.
MAX_NAMED = 1000
#: Seconds for which another process may write before the import gives up.
BUSY_TIMEOUT_S = 60.0
BUSY_PAUSE_S = 0.05


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """The counts of an import, up to now.

    Attributes:
        looked_at: Lines and files that were read.
        counts: Videos by what was done with them.
        other_sites: Videos of other sites, by yt-dlp's extractor.
        unmarked: Audio files without a mark of the video that they came from.
        unmarked_paths: The first of them.
        bad: Lines and files that cannot be imported.
        problems: The first of them, with their reasons.
    """

    looked_at: int = 0
    counts: AddedCounts = field(default_factory=AddedCounts)
    other_sites: Counter[str] = field(default_factory=Counter)
    unmarked: int = 0
    unmarked_paths: list[bytes] = field(default_factory=list)
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, finding: OtherSite | Unmarked | Problem) -> None:
        """Count a finding that is no video of YouTube."""
        match finding:
            case OtherSite(site):
                self.other_sites[site] += 1
            case Unmarked(path):
                self.unmarked += 1
                if len(self.unmarked_paths) < MAX_NAMED:
                    self.unmarked_paths.append(path)
            case Problem():
                self.bad += 1
                if len(self.problems) < MAX_NAMED:
                    self.problems.append(finding)


def import_videos(
    open_write: OpenWrite,
    session_name: str,
    findings: Iterable[Finding],
    *,
    with_paths: bool,
    on_progress: Callable[[ImportReport], object],
) -> ImportReport:
    """Add all videos that are found to the archive.

    Args:
        open_write: Opens a write transaction.
        session_name: For whom they count as had; `archive.ALL_SESSIONS` for all.
        findings: What each line or file is.
        with_paths: Store the path of each video's audio file.
        on_progress: Called after each line or file, and after each transaction.

    Raises:
        LedgerError: It cannot be written; videos that were added before stay.
    """
    report = ImportReport()
    chunk: list[ArchivedVideo] = []
    write_at = time.monotonic() + MAX_CHUNK_S
    for finding in findings:
        if isinstance(finding, ArchivedVideo):
            chunk.append(finding if with_paths else finding._replace(path=None))
        elif finding is not None:
            report.add(finding)
        report.looked_at += finding is not None
        if len(chunk) >= VIDEOS_PER_CHUNK or time.monotonic() >= write_at:
            _write_chunk(open_write, session_name, chunk, report, on_progress)
            chunk = []
            write_at = time.monotonic() + MAX_CHUNK_S
        on_progress(report)
    _write_chunk(open_write, session_name, chunk, report, on_progress)
    return report


def _write_chunk(
    open_write: OpenWrite,
    session_name: str,
    chunk: list[ArchivedVideo],
    report: ImportReport,
    on_progress: Callable[[ImportReport], object],
) -> None:
    chunk.sort(key=lambda video: video.video_id)
    for start in range(0, len(chunk), VIDEOS_PER_BATCH):
        batch = chunk[start : start + VIDEOS_PER_BATCH]
        report.counts += _write_batch(open_write, session_name, batch)
        failpoints.failpoint("archive.batch_added")
        on_progress(report)
        time.sleep(WRITE_PAUSE_S)


def _write_batch(
    open_write: OpenWrite, session_name: str, batch: Sequence[ArchivedVideo]
) -> AddedCounts:
    def write() -> AddedCounts:
        with open_write() as (db, now):
            return archive.add_videos(db, session_name, batch, now)

    return retry_while_busy(write, BUSY_TIMEOUT_S, BUSY_PAUSE_S)

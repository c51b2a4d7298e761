"""Adds finished audio to the library, under names that people can find."""

import os
from collections.abc import Generator
from functools import partial
from pathlib import Path

from ytaudio_daemon.errors import ITEM_ERRORS, ResultGoneError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.library import LibraryFile, PublishedAudio, add_to_library
from ytaudio_daemon.ledger import Ledger, library_entries, queries
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.library_rules import LibraryRules
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults
from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue
from ytaudio_daemon.views.library_places import (
    NamedCollection,
    named_collection,
    place_of_job,
)
from ytaudio_daemon.views.write_errors import (
    LIBRARY_UNWRITABLE,
    RETRY_AFTER_S,
    TURN_S,
    WriteErrors,
)

#: Yields between pieces of a copy; returns the file in the library.
CopySteps = Generator[None, None, LibraryFile]


class LibraryView:
    """Puts completed jobs' audio into `library/<session>/`, once each.

    A file that a person removed there is added again only when it is asked for.

    Args:
        ledger: Has the entries of files that were added before.
        layout: The folders; without a library nothing is done.
        write_errors: Receives the errors of sessions whose folder cannot be written.

    Attributes:
        due_queue: Jobs whose audio must be added.
        unsaved_entries: Audio that was added and is not in the ledger yet, by job.
        added: Jobs whose audio was added; `LibraryPlaylists` empties it.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, write_errors: WriteErrors
    ) -> None:
        self.due_queue = DueQueue()
        self.unsaved_entries: dict[int, LibraryEntry] = {}
        self.added: set[int] = set()
        self._ledger = ledger
        self._layout = layout
        self._write_errors = write_errors
        #: Scheduled jobs whose audio is added again if it was removed.
        self._library_requests: set[int] = set()
        #: The first call of `write_step`, in seconds since 1970.
        self._began_at: float | None = None
        self._faults = ItemFaults("library")
        self._running_copy: tuple[JobRow, CopySteps] | None = None

    def schedule(self, job_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """Schedule the audio of a job that was completed."""
        if self._layout.library is not None:
            self.due_queue.schedule(job_id, now.uptime_s, event_id)

    def schedule_missing(self, job_id: int, now: Now, event_id: float) -> None:
        """Schedule the audio of a completed job, if the library no longer has it."""
        if self._layout.library is not None:
            self._library_requests.add(job_id)
            self.due_queue.schedule(job_id, now.uptime_s, event_id)

    def write_step(self, rules: LibraryRules, now: Now) -> bool:
        """Add the next audio that is due, or copy a piece of it; False if none is."""
        if self._began_at is None:
            self._began_at = now.wall
        if self._running_copy is None and not self._start_next_copy(rules, now):
            return False
        if self._running_copy is not None:
            self._continue_copy(*self._running_copy, now)
        return True

    def abandon(self) -> None:
        """Discard a copy that is half made; its event is not shown yet."""
        if self._running_copy is not None:
            self._running_copy[1].close()
            self._running_copy = None

    def _start_next_copy(self, rules: LibraryRules, now: Now) -> bool:
        job_id = self.due_queue.first_due(now.uptime_s)
        library = self._layout.library
        if job_id is None or library is None:
            return False
        later = partial(self.due_queue.postpone, job_id, now.uptime_s + RETRY_AFTER_S)
        with self._faults.isolated(f"job {job_id}", later):
            self._begin_copy(library, job_id, rules, now)
        return True

    def _begin_copy(
        self, library: Path, job_id: int, rules: LibraryRules, now: Now
    ) -> None:
        job, old = self._read_job(job_id)
        if job is None or not self._must_be_added(job, old):
            self.due_queue.remove(job_id)
            self._library_requests.discard(job_id)
            return
        blocked = self._write_errors.blocked_until(
            LIBRARY_UNWRITABLE, self._session_folder(job), now
        )
        if blocked is not None:
            self.due_queue.postpone(job_id, blocked)
            return
        named = named_collection(self._ledger, job)
        self.due_queue.begin(job_id)
        self._running_copy = job, self._copy_steps(library, job, old, named, rules)

    def _read_job(self, job_id: int) -> tuple[JobRow | None, LibraryEntry | None]:
        with self._ledger.read() as db:
            old = self.unsaved_entries.get(job_id)
            old = old or library_entries.find_library_entry(db, job_id)
            try:
                return queries.job_by_id(db, job_id), old
            except LookupError:  # pruned since
                return None, old

    def _copy_steps(
        self,
        library: Path,
        job: JobRow,
        old: LibraryEntry | None,
        named: NamedCollection | None,
        rules: LibraryRules,
    ) -> CopySteps:
        place = place_of_job(self._layout, job, named, rules)
        audio = PublishedAudio(
            parts=(job.session_uuid, job.uuid, "audio"),
            file_name=Path(job.output_path or "").name,
            sha256=job.sha256 or "",
            job_uuid=job.uuid,
            video_id=job.video_id,
            may_be_left_behind=self._may_be_left_behind(job, old),
        )
        before = LibraryFile(name=old.name, identity=old.identity) if old else None
        return (
            yield from add_to_library(
                self._layout.downloads, library, job.session_name, audio, place, before
            )
        )

    def _may_be_left_behind(self, job: JobRow, old: LibraryEntry | None) -> bool:
        """True if the daemon may have crashed after it added the file, unrecorded."""
        is_recorded = old is not None and old.attempt == job.attempt
        is_earlier = (job.finalized_at or 0.0) <= (self._began_at or 0.0)
        return is_earlier and not is_recorded

    def _continue_copy(self, job: JobRow, copy_steps: CopySteps, now: Now) -> None:
        place = self._session_folder(job)
        try:
            next(copy_steps)
        except StopIteration as stop:
            library_file: LibraryFile = stop.value
            failpoints.failpoint("library.linked", job.uuid)
            self.unsaved_entries[job.id] = LibraryEntry(
                job_id=job.id,
                attempt=job.attempt,
                name=library_file.name,
                identity=library_file.identity,
            )
            self.added.add(job.id)
            self._write_errors.clear(LIBRARY_UNWRITABLE, place)
            self._finish(job)
        except ResultGoneError:  # nothing to show
            self._finish(job)
        except ITEM_ERRORS as error:
            self._write_errors.record(LIBRARY_UNWRITABLE, place, error, now)
            self._running_copy = None
            self.due_queue.postpone(job.id, now.uptime_s + RETRY_AFTER_S + TURN_S)

    def _session_folder(self, job: JobRow) -> str:
        """Return the folder of a session; a write error blocks it for a while."""
        return f"{self._layout.library}/{job.session_name}"

    def _must_be_added(self, job: JobRow, old: LibraryEntry | None) -> bool:
        """True if the job is completed and this attempt's audio was not added yet.

        A file that the user removed is added again only when it is asked for again.
        """
        if job.state is not JobState.COMPLETED or job.output_path is None:
            return False
        if old is None or old.attempt != job.attempt:
            return True
        path = f"{self._session_folder(job)}/{old.name}"
        return job.id in self._library_requests and not os.path.lexists(path)

    def _finish(self, job: JobRow) -> None:
        self._library_requests.discard(job.id)
        self._running_copy = None
        self.due_queue.finish(job.id)

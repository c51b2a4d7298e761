"""Moves what the library has to where its layout says now, as far as it is untouched.

A page of files is moved, then recorded. What a crash leaves unrecorded the next call
finds by its identity where it belongs, so that it may be called again at any time, also
while the daemon runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.library import LibraryFile
from ytaudio_daemon.folders.library_moves import (
    Standing,
    WantedPlace,
    move_cover,
    move_file,
    remove_folders_left_empty,
    standing_of,
)
from ytaudio_daemon.folders.planned_names import PlannedNames
from ytaudio_daemon.ledger import Ledger, library_relayout, queries
from ytaudio_daemon.ledger.library_collections import save_library_collection
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.library_rules import LibraryRules
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views.library_places import (
    NamedCollection,
    named_collection,
    place_of_job,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayoutStep:
    """What became, or would become, of one file.

    Attributes:
        session: Its session's name.
        job_uuid: Its job's.
        path: Where it was, from the session's folder.
        standing: How it stands to the layout; None when that cannot be known.
        new_path: Where it is, or would be; "" when it stays.
        error: Why it could not be moved, or "".
    """

    session: str
    job_uuid: str
    path: str
    standing: Standing | None
    new_path: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayout:
    """The library's files, and where they belong.

    Attributes:
        ledger: Knows what was added.
        layout: The folders.
        library: The library's root.
        rules: The config's; those of a session win.
        session_id: Only this session's files; None for all.
    """

    ledger: Ledger
    layout: Layout
    library: Path
    rules: LibraryRules
    session_id: int | None = None

    def run(self, *, applies: bool) -> Iterator[RelayoutStep]:
        """Yield what becomes of each file, or would.

        Args:
            applies: Move the files; else nothing is changed.

        Raises:
            LedgerError: It cannot be read or written; what was moved is found again.
        """
        after, planned = 0, None if applies else PlannedNames()
        while page := self._page(after):
            after = page[-1][0].job_id
            done = [self._step(entry, job, planned) for entry, job in page]
            moves = [move for _, move in done if move is not None]
            if moves:
                self._record(moves)
            for step, _ in done:
                yield step

    def _page(self, after: int) -> list[tuple[LibraryEntry, JobRow]]:
        with self.ledger.read() as db:
            entries = library_relayout.library_page(db, after, self.session_id)
            jobs = queries.jobs_by_id(db, [entry.job_id for entry in entries])
        return [(entry, jobs[entry.job_id]) for entry in entries]

    def _step(
        self, entry: LibraryEntry, job: JobRow, planned: PlannedNames | None
    ) -> tuple[RelayoutStep, tuple[LibraryEntry, LibraryEntry] | None]:
        """Look at a file, and move it or plan that; return the move to be recorded."""
        applies = planned is None
        step = RelayoutStep(
            session=job.session_name, job_uuid=job.uuid, path=entry.name, standing=None
        )
        file = LibraryFile(name=entry.name, identity=entry.identity)
        named = named_collection(self.ledger, job, names_it=applies)
        try:
            wanted = self._wanted(job, named)
            standing, path = standing_of(file, wanted)
            is_elsewhere = standing in {Standing.TO_MOVE, Standing.MOVED}
            now = LibraryFile(name=path, identity=entry.identity)
            if standing is Standing.TO_MOVE and planned is not None:
                now = replace(now, name=planned.plan(entry.name, wanted))
            elif standing is Standing.TO_MOVE:
                now = move_file(file, wanted)
                failpoints.failpoint("library.moved", now.name)
            if is_elsewhere and applies:
                self._leave_folder(file, now, job, named)
        except ITEM_ERRORS as error:
            return replace(step, error=str(error)), None
        step = replace(
            step, standing=standing, new_path=now.name if is_elsewhere else ""
        )
        if not (is_elsewhere and applies):
            return step, None
        return step, (entry, replace(entry, name=now.name, identity=now.identity))

    def _wanted(self, job: JobRow, named: NamedCollection | None) -> WantedPlace:
        return WantedPlace(
            library=self.library,
            session=job.session_name,
            place=place_of_job(self.layout, job, named, self.rules),
            video_id=job.video_id,
            size=job.file_size_bytes or 0,
            sha256=job.sha256 or "",
        )

    def _leave_folder(
        self,
        old: LibraryFile,
        new: LibraryFile,
        job: JobRow,
        named: NamedCollection | None,
    ) -> None:
        """Take the cover along with the first song that leaves; remove what is empty."""
        self._move_cover(old, new, job, named)
        remove_folders_left_empty(self.library, job.session_name, old.name)

    def _move_cover(
        self,
        old: LibraryFile,
        new: LibraryFile,
        job: JobRow,
        named: NamedCollection | None,
    ) -> None:
        known = named[1] if named else None
        if known is None or not known.cover or not known.cover_identity:
            return
        folders = [
            path.rpartition("/")[0] for path in (known.cover, old.name, new.name)
        ]
        if folders[0] != folders[1] or folders[1] == folders[2] or not folders[2]:
            return
        cover = LibraryFile(name=known.cover, identity=known.cover_identity)
        moved = move_cover(self.library, job.session_name, cover, new.name)
        if moved is not None:
            with self.ledger.write() as db:
                save_library_collection(db, replace(known, cover=moved.name))

    def _record(self, moves: list[tuple[LibraryEntry, LibraryEntry]]) -> None:
        with self.ledger.write() as db:
            library_relayout.record_moves(db, moves, read_now(db))
        failpoints.failpoint("library.relaid", len(moves))

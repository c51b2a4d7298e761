"""Moves the library's untouched files to the paths that its layout gives them now.

Each file is moved and recorded in one write transaction of the ledger, so that the daemon,
which runs meanwhile, neither removes nor replaces it by its old name. A file that was moved
and not recorded before a crash is recognised at its new path by its identity (inode), and
recorded by the next call.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.library import LibraryFile
from ytaudio_daemon.folders.library_moves import (
    LayoutState,
    WantedPlace,
    layout_state,
    move_cover,
    move_file,
    remove_folders_left_empty,
)
from ytaudio_daemon.folders.planned_names import PlannedNames
from ytaudio_daemon.ledger import Connection, Ledger, library_entries, queries
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.library_playlists import save_library_collection
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
    """The result for one file: moved, or why not.

    Attributes:
        session: Its session's name.
        job_uuid: Its job's.
        path: Where it was, from the session's folder.
        layout_state: Whether it is where the layout says; None when that cannot be known.
        new_path: Where it is, or would be; "" when it stays.
        error: Why it could not be moved, or "".
    """

    session: str
    job_uuid: str
    path: str
    layout_state: LayoutState | None
    new_path: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayout:
    """Moves the files of the library, or plans that.

    Attributes:
        ledger: Has each file that was added to the library.
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
        """Yield the result for each file, or the plan for it.

        Args:
            applies: Move the files; else nothing is changed.

        Raises:
            LedgerError: It cannot be read or written; what was moved is found again.
        """
        after, planned = 0, None if applies else PlannedNames()
        while page := self._page(after):
            after = page[-1][0].job_id
            for entry, job in page:
                step = self._step(entry, job, planned)
                if step is not None:
                    yield step

    def _page(self, after: int) -> list[tuple[LibraryEntry, JobRow]]:
        with self.ledger.read() as db:
            entries = library_entries.library_page(db, after, self.session_id)
            jobs = queries.jobs_by_id(db, [entry.job_id for entry in entries])
        return [(entry, jobs[entry.job_id]) for entry in entries]

    def _step(
        self, entry: LibraryEntry, job: JobRow, planned: PlannedNames | None
    ) -> RelayoutStep | None:
        """Move a file or plan that; None when the daemon removes or replaces it."""
        step = RelayoutStep(
            session=job.session_name,
            job_uuid=job.uuid,
            path=entry.name,
            layout_state=None,
        )
        named = named_collection(self.ledger, job, saves_name=planned is None)
        try:
            wanted = self._wanted(job, named)
            state, path = layout_state(_library_file(entry), wanted)
            if state in {LayoutState.IN_PLACE, LayoutState.KEPT}:
                is_replaced = state is LayoutState.KEPT and self._is_replaced(entry)
                return None if is_replaced else replace(step, layout_state=state)
            if planned is not None and state is LayoutState.TO_MOVE:
                path = planned.plan(entry.name, wanted)
            elif planned is None:
                is_moved = state is LayoutState.MOVED
                unrecorded = (
                    replace(_library_file(entry), name=path) if is_moved else None
                )
                moved = self._move(entry, job, named, wanted, unrecorded)
                if moved is None:
                    return None
                path = moved.name
        except ITEM_ERRORS as error:
            return replace(step, error=str(error))
        return replace(step, layout_state=state, new_path=path)

    def _move(
        self,
        entry: LibraryEntry,
        job: JobRow,
        named: NamedCollection | None,
        wanted: WantedPlace,
        moved: LibraryFile | None,
    ) -> LibraryFile | None:
        """Move a file and record that, unless the ledger has something else by now.

        Args:
            entry: The file as it is recorded.
            job: Its job.
            named: The collection that made the job.
            wanted: Where it belongs.
            moved: The file where it belongs, if a crash has left it unrecorded.

        Returns:
            Where it is now; None when nothing was done.
        """
        with self._writing() as db:
            if not library_entries.is_current(db, entry):
                return None
            if moved is None:
                moved = move_file(_library_file(entry), wanted)
                failpoints.failpoint("library.moved", moved.name)
            self._move_cover(db, _library_file(entry), moved, job, named)
            remove_folders_left_empty(self.library, job.session_name, entry.name)
            recorded = replace(entry, name=moved.name, identity=moved.identity)
            library_entries.record_move(db, recorded, read_now(db))
        failpoints.failpoint("library.relaid", moved.name)
        return moved

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Run one write transaction, and leave the daemon as much time for its own."""
        started = time.monotonic()
        with self.ledger.write() as db:
            yield db
        time.sleep(time.monotonic() - started)

    def _is_replaced(self, entry: LibraryEntry) -> bool:
        """True if the daemon, and no person, has removed or replaced a file."""
        with self.ledger.read() as db:
            return not library_entries.is_current(db, entry)

    def _wanted(self, job: JobRow, named: NamedCollection | None) -> WantedPlace:
        return WantedPlace(
            library=self.library,
            session=job.session_name,
            place=place_of_job(self.layout, job, named, self.rules),
            video_id=job.video_id,
            size=job.file_size_bytes or 0,
            sha256=job.sha256 or "",
        )

    def _move_cover(
        self,
        db: Connection,
        old: LibraryFile,
        new: LibraryFile,
        job: JobRow,
        named: NamedCollection | None,
    ) -> None:
        """Move the cover of a folder along with the first song that leaves it."""
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
            save_library_collection(db, replace(known, cover=moved.name))


def _library_file(entry: LibraryEntry) -> LibraryFile:
    return LibraryFile(name=entry.name, identity=entry.identity)

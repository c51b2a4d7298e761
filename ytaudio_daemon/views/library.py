"""The library: finished audio under names people can find."""

from collections.abc import Generator
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.library import Audio, Entry, shelve
from ytaudio_daemon.ledger import Ledger, library_entries, queries
from ytaudio_daemon.ledger.library_entries import Shelved
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views.due_queue import NO_EVENT, Agenda
from ytaudio_daemon.views.write_errors import AGAIN_S, Troubles

CODE = "library_unwritable"


class Librarian:
    """Puts completed jobs' audio into `library/<session>/`, once each.

    Args:
        ledger: Tells what was put there before.
        layout: Where things lie; without a library nothing happens.
        troubles: Takes what cannot be written.

    Attributes:
        unsaved: What was put there and the ledger does not know yet, by job.
    """

    def __init__(self, ledger: Ledger, layout: Layout, troubles: Troubles) -> None:
        self.agenda = Agenda()
        self.unsaved: dict[int, Shelved] = {}
        self._ledger = ledger
        self._layout = layout
        self._troubles = troubles
        self._under_way: tuple[JobRow, Generator[None, None, Entry]] | None = None

    def note(self, job_id: int, now: Now, event_id: float = NO_EVENT) -> None:
        """A job was completed."""
        if self._layout.library is not None:
            self.agenda.note(job_id, now.lived, event_id)

    def work(self, now: Now) -> bool:
        """Do a piece of what is due; False when nothing is."""
        if self._under_way is None and not self._begin(now):
            return False
        if self._under_way is not None:
            self._go_on(*self._under_way, now)
        return True

    def abandon(self) -> None:
        """Drop a copy that is half made; it is noted still."""
        if self._under_way is not None:
            self._under_way[1].close()
            self._under_way = None

    def _begin(self, now: Now) -> bool:
        job_id = self.agenda.next_due(now.lived)
        library = self._layout.library
        if job_id is None or library is None:
            return False
        job, old = self._look_up(job_id)
        if job is None or not _is_wanted(job, old):
            self.agenda.done(job_id)
            return True
        blocked = self._troubles.blocked_until(CODE, self._place(job), now)
        if blocked is not None:
            self.agenda.postpone(job_id, blocked)
            return True
        self._under_way = job, self._shelve(library, job, old)
        return True

    def _look_up(self, job_id: int) -> tuple[JobRow | None, Shelved | None]:
        with self._ledger.read() as db:
            old = self.unsaved.get(job_id) or library_entries.shelved(db, job_id)
            try:
                return queries.job_by_id(db, job_id), old
            except LookupError:  # pruned since
                return None, old

    def _shelve(
        self, library: Path, job: JobRow, old: Shelved | None
    ) -> Generator[None, None, Entry]:
        audio = Audio(
            parts=(job.session_uuid, job.uuid, "audio"),
            file_name=Path(job.output_path or "").name,
            sha256=job.sha256 or "",
            job_uuid=job.uuid,
            video_id=job.video_id,
        )
        before = Entry(name=old.name, identity=old.identity) if old else None
        return shelve(self._layout.downloads, library, job.session_name, audio, before)

    def _go_on(
        self, job: JobRow, shelving: Generator[None, None, Entry], now: Now
    ) -> None:
        place = self._place(job)
        try:
            next(shelving)
        except StopIteration as stop:
            entry: Entry = stop.value
            failpoints.at("library.linked", job.uuid)
            self.unsaved[job.id] = Shelved(
                job_id=job.id,
                attempt=job.attempt,
                name=entry.name,
                identity=entry.identity,
            )
            self._troubles.clear(CODE, place)
            self._end(job)
        except FileNotFoundError:  # the result itself is gone: nothing to show
            self._end(job)
        except (OSError, UnsafePathError) as error:
            self._troubles.note(CODE, place, error, now)
            self._under_way = None
            self.agenda.postpone(job.id, now.lived + AGAIN_S)

    def _place(self, job: JobRow) -> str:
        """Return what is left alone after a failure: one session's folder."""
        return f"{self._layout.library}/{job.session_name}"

    def _end(self, job: JobRow) -> None:
        self._under_way = None
        self.agenda.done(job.id)


def _is_wanted(job: JobRow, old: Shelved | None) -> bool:
    """A file that was put there once and removed by the user is not put back."""
    done = job.state is JobState.COMPLETED and job.output_path is not None
    return done and (old is None or old.attempt != job.attempt)

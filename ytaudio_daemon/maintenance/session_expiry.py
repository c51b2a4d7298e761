"""Sessions end here: what is due to expire, and how its files leave.

All times are on the daemon's own clock (`Now.lived`), so neither a jump of the wall
clock nor a night switched off ends anything. Every step can be repeated.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout, inbox, trash
from ytaudio_daemon.ledger import Ledger, bulk_cancel, sessions, transitions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: The loop has other things to do after this long, in seconds.
DELETE_BATCH_S = 0.05
#: Sessions whose held jobs are looked at in a sweep; each may move a thousand.
HELD_SESSIONS_PER_SWEEP = 2


class SessionExpirer:
    """Expires sessions and empties the trash, in pieces.

    Args:
        ledger: Where sessions are.
        layout: Where their files are.
        settings: Section sessions.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        self._deleting: Iterator[None] | None = None
        #: Why something in the trash could not be deleted; everything else was.
        self._delete_error: OSError | None = None
        #: Behind which session to look for held jobs; None: all were looked at.
        self._held_cursor: int | None = 0

    def reload(self, settings: Settings) -> None:
        """Take up new settings; raised limits let held jobs in."""
        self.settings = settings
        self._held_cursor = 0

    def sweep(self, now: Now) -> bool:
        """Expire what is due and begin to delete what has been in the trash enough.

        Returns:
            Whether the next sweep should follow at once.

        Raises:
            LedgerError, OSError: The next sweep tries again.
        """
        has_more = self._cancel_stale(now)
        has_more = self._release_held(now) or has_more
        self._expire_due(now)
        trouble = self._trash_expired_sessions(now)
        if self._deleting is None:
            self._deleting = self._delete_old_trash(now)
        trouble = trouble or self._delete_error
        if trouble is not None:
            raise trouble
        return has_more

    def delete_trash_batch(self) -> bool:
        """Go on deleting for a moment; returns whether there is more."""
        deleting, self._deleting = self._deleting, None
        if deleting is None:
            return False
        enough = time.monotonic() + DELETE_BATCH_S
        for _ in deleting:
            failpoints.failpoint("trash.deleting")
            if time.monotonic() > enough:
                self._deleting = deleting
                return True
        return False

    def _cancel_stale(self, now: Now) -> bool:
        """Cancel some of what has been pending too long, so its session can expire.

        A running job is asked to end; the next sweep sees it gone.

        Returns:
            Whether any was cancelled: there may be more.
        """
        limits = self.settings.sessions
        with self._ledger.read() as db:
            stuck = sessions.stale_sessions(db, now, max_pending_s=limits.max_pending)
        for session in stuck:  # behind one whose jobs run, or nobody cares for, too
            with self._ledger.write() as db:
                again = sessions.stale_sessions(
                    db, now, max_pending_s=limits.max_pending
                )
                if session.id not in {each.id for each in again}:
                    continue  # somebody has touched it since
                done = bulk_cancel.cancel_batch(
                    db,
                    session.id,
                    now,
                    reason="session_expired",
                    quota=limits.quota,
                )
            if done.cancelled:
                return True
        return False

    def _release_held(self, now: Now) -> bool:
        """Let held jobs in, of some sessions, where the config's limits were raised.

        At a start and after a reload; else whatever makes room lets them in at once.

        Returns:
            Whether there may be more sessions with such.
        """
        if self._held_cursor is None:
            return False
        with self._ledger.read() as db:
            held = sessions.sessions_with_held_jobs(
                db, self._held_cursor, HELD_SESSIONS_PER_SWEEP
            )
        for session_id in held:
            with self._ledger.write() as db:
                transitions.release_held(
                    db, session_id, self.settings.sessions.quota, now
                )
            self._held_cursor = session_id
        if not held:
            self._held_cursor = None
        return bool(held)

    def _expire_due(self, now: Now) -> None:
        limits = self.settings.sessions
        with self._ledger.read() as db:
            due = sessions.due_to_expire(db, now, ttl_s=limits.ttl)
        for session in due:
            with self._ledger.write() as db:
                done = sessions.expire(
                    db, session, now, on_expiry=limits.on_expiry, ttl_s=limits.ttl
                )
            if done:
                failpoints.failpoint("session.expired", session.uuid)
                log.info("session.expired", session=session.name, uuid=session.uuid)
                self._remove_inbox_folder(session)

    def _remove_inbox_folder(self, session: Session) -> None:
        """Only a folder that the daemon named itself goes, and only when empty."""
        if session.name == session.uuid:
            inbox.remove_if_empty(self._layout.inbox, session.name)

    def _trash_expired_sessions(self, now: Now) -> OSError | UnsafePathError | None:
        """Throw away what expired sessions leave; return why one could not go.

        One whose folder is closed to us holds up none of the others.
        """
        trouble: OSError | UnsafePathError | None = None
        with self._ledger.read() as db:
            leaving = sessions.sessions_to_remove(db)
        for session in leaving:
            try:
                self._trash_unless_pinned(session, now)
            except (OSError, UnsafePathError) as error:
                trouble = error
        return trouble

    def _trash_unless_pinned(self, session: Session, now: Now) -> None:
        if self._is_pinned(session):
            log.info("session.pinned", session=session.name)
        else:
            self._move_to_trash(session, now)
        with self._ledger.write() as db:
            sessions.mark_removed(db, session)

    def _move_to_trash(self, session: Session, now: Now) -> None:
        """Library first: which files there are its own, its downloads tell.

        The name in the trash holds the daemon's age: the grace counts from there.
        """
        as_name = f"{session.uuid}.{int(now.uptime_s)}"
        downloads, library = self._layout.downloads, self._layout.library
        if library is not None:
            with self._ledger.read() as db:
                shared = sessions.is_name_shared(db, session)
            if shared:
                trash.move_session_files_to_trash(
                    library, session.name, downloads, session.uuid, as_name
                )
            else:
                trash.move_to_trash(library, session.name, as_name)
            failpoints.failpoint("session.trashed", session.uuid)
        trash.move_to_trash(downloads, session.uuid, as_name)
        failpoints.failpoint("session.trashed", session.uuid)

    def _session_folders(self, session: Session) -> list[tuple[Path, str]]:
        folders = [(self._layout.downloads, session.uuid)]
        if self._layout.library is not None:
            folders.append((self._layout.library, session.name))
        return folders

    def _is_pinned(self, session: Session) -> bool:
        return any(
            trash.is_pinned(root, name) for root, name in self._session_folders(session)
        )

    def _delete_old_trash(self, now: Now) -> Iterator[None]:
        grace = self.settings.sessions.trash_grace
        trouble: OSError | None = None
        for root in (self._layout.downloads, self._layout.library):
            if root is None:
                continue
            try:
                names = trash.list_trash(root)
            except OSError as error:
                trouble = error
                continue
            for name in names:
                if now.uptime_s - _trashed_at(name) < grace:
                    continue
                try:
                    yield from trash.delete(root, name)
                    log.info("trash.deleted", name=name)
                except OSError as error:  # a folder of somebody else's in it, say
                    trouble = error
        self._delete_error = trouble


def _trashed_at(name: str) -> float:
    """Return the daemon's age in a trashed folder's name; a stranger is never due."""
    age = name.rpartition(".")[2]
    return float(age) if age.isdigit() else float("inf")

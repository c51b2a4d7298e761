"""Expires sessions: cancels what has been pending too long, ends sessions that are idle.

All times are on the daemon's own clock (`Now.uptime_s`), so neither a jump of the wall
clock nor a night switched off ends anything. Every step can be repeated.
"""

import structlog

from ytaudio_daemon.folders import Layout, cookie_jars, inbox
from ytaudio_daemon.ledger import (
    Ledger,
    bulk_cancel,
    cookies,
    expiry,
    held_jobs,
)
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.maintenance.session_removal import SessionRemover
from ytaudio_daemon.maintenance.trash_deletion import TrashDeleter
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()

#: Sessions whose held jobs are released in one sweep; each may move a thousand.
HELD_SESSIONS_PER_SWEEP = 2


class SessionExpirer:
    """Expires sessions and removes their files, in pieces.

    Args:
        ledger: Holds the sessions.
        layout: Where their files are.
        settings: Section sessions.
    """

    def __init__(self, ledger: Ledger, layout: Layout, settings: Settings) -> None:
        self._ledger = ledger
        self._layout = layout
        self._remover = SessionRemover(ledger, layout)
        self._deleter = TrashDeleter(layout)
        self.settings = settings
        #: The last session whose held jobs were released; None when all were.
        self._held_cursor: int | None = 0
        self._faults = ItemFaults("sweep")

    def reload(self, settings: Settings) -> None:
        """Apply new settings; under raised limits held jobs are queued."""
        self.settings = settings
        self._held_cursor = 0

    def sweep(self, now: Now) -> bool:
        """Expire the sessions that are due, move their files to the trash, delete old trash.

        Returns:
            Whether the next sweep should follow at once.

        Raises:
            LedgerError, OSError, UnsafePathError: Some session or folder failed, all
                others are done; the next sweep tries it again.
        """
        has_more = self._cancel_stale(now)
        has_more = self._release_held(now) or has_more
        self._expire_due(now)
        remove_unused_cookies(self._ledger, self._layout)
        error = self._remover.remove_expired(now)
        self._deleter.start(self.settings.sessions.trash_grace, now)
        error = error or self._deleter.error
        if error is not None:
            raise error
        return has_more

    def delete_trash_batch(self) -> bool:
        """Delete trash for some milliseconds; returns whether there is more."""
        return self._deleter.delete_batch()

    def _cancel_stale(self, now: Now) -> bool:
        """Cancel some jobs that have been pending too long, so that their session can expire.

        A running job is asked to end; the next sweep finds it cancelled.

        Returns:
            Whether any was cancelled: there may be more.
        """
        limits = self.settings.sessions
        with self._ledger.read() as db:
            stale = expiry.stale_sessions(db, now, max_pending_s=limits.max_pending)
        # A session in which nothing can be cancelled is passed over: its jobs run, or are
        # claimed by a host that is gone.
        return any(self._cancel_batch(session, now) for session in stale)

    def _cancel_batch(self, session: Session, now: Now) -> bool:
        """Cancel some jobs of a stale session; returns whether any was cancelled."""
        limits = self.settings.sessions
        with (
            self._faults.isolated(f"stale {session.uuid}"),
            self._ledger.write() as db,
        ):
            still = expiry.stale_sessions(db, now, max_pending_s=limits.max_pending)
            if session.id not in {each.id for each in still}:
                return False  # a person has touched it since
            done = bulk_cancel.cancel_batch(
                db, session.id, now, reason="session_expired", quota=limits.quota
            )
            return done.cancelled > 0
        return False

    def _release_held(self, now: Now) -> bool:
        """Queue held jobs of some sessions, where the config's limits were raised.

        Needed at a start and after a reload only: every transaction that makes room
        queues them itself.

        Returns:
            Whether there may be more such sessions.
        """
        if self._held_cursor is None:
            return False
        quota = self.settings.sessions.quota
        with self._ledger.read() as db:
            held = held_jobs.sessions_with_held_jobs(
                db, self._held_cursor, HELD_SESSIONS_PER_SWEEP
            )
        for session_id in held:
            with (
                self._faults.isolated(f"held {session_id}"),
                self._ledger.write() as db,
            ):
                held_jobs.release_held(db, session_id, quota, now)
            self._held_cursor = session_id
        if not held:
            self._held_cursor = None
        return bool(held)

    def _expire_due(self, now: Now) -> None:
        limits = self.settings.sessions
        with self._ledger.read() as db:
            due = expiry.due_to_expire(db, now, ttl_s=limits.ttl)
        for session in due:
            with self._faults.isolated(session.uuid):
                self._expire(session, now)

    def _expire(self, session: Session, now: Now) -> None:
        limits = self.settings.sessions
        with self._ledger.write() as db:
            done = expiry.expire(
                db, session, now, on_expiry=limits.on_expiry, ttl_s=limits.ttl
            )
        if done:
            failpoints.failpoint("session.expired", session.uuid)
            log.info("session.expired", session=session.name, uuid=session.uuid)
            self._remove_inbox_folder(session)

    def _remove_inbox_folder(self, session: Session) -> None:
        """Remove a folder that the daemon named itself, if it is empty."""
        if session.name == session.uuid:
            inbox.remove_if_empty(self._layout.inbox, session.name)


def remove_unused_cookies(ledger: Ledger, layout: Layout) -> None:
    """Remove every file of cookies that belongs to no active session.

    Raises:
        LedgerError, OSError: The next call goes on.
    """
    found = cookie_jars.sessions_with_files(layout)
    if not found:
        return
    with ledger.read() as db:
        in_use = {session.uuid for session in cookies.sessions_with_cookies(db)}
    for session_uuid in found - in_use:
        cookie_jars.remove_files(layout, session_uuid)

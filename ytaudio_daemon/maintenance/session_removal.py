"""Moves the files of expired sessions to the trash, unless a person pinned them."""

from pathlib import Path

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS, UnsafePathError
from ytaudio_daemon.folders import Layout, trash
from ytaudio_daemon.folders.letter_case import ignores_case
from ytaudio_daemon.ledger import Ledger, expiry
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: After so many sessions are removed, a call reads no other page.
MAX_REMOVED = 50


class SessionRemover:
    """Moves the folders of sessions that expired with `on_expiry = "delete"` to the trash.

    Args:
        ledger: Holds the sessions.
        layout: Where their files are.
    """

    def __init__(self, ledger: Ledger, layout: Layout) -> None:
        self._ledger = ledger
        self._layout = layout

    def remove_expired(self, now: Now) -> OSError | UnsafePathError | None:
        """Move the folders of some expired sessions; after an error, go on with the others.

        Returns:
            Why a folder could not be moved, if one could not; the next call tries again.

        Raises:
            LedgerError: The next call goes on.
        """
        error: OSError | UnsafePathError | None = None
        removed_count = after_id = 0
        # Beyond the first page as well, which may be full of sessions that cannot be moved.
        while removed_count < MAX_REMOVED:
            with self._ledger.read() as db:
                page = expiry.sessions_to_remove(db, after_id)
            if not page:
                break
            for session in page:
                try:
                    self._remove_unless_pinned(session, now)
                    removed_count += 1
                except (OSError, UnsafePathError) as failed:
                    error = failed
                except ITEM_ERRORS as failed:
                    error = UnsafePathError(str(failed))
            after_id = page[-1].id
        return error

    def _remove_unless_pinned(self, session: Session, now: Now) -> None:
        if self._is_pinned(session):
            log.info("session.pinned", session=session.name)
        else:
            self._move_to_trash(session, now)
        with self._ledger.write() as db:
            expiry.mark_removed(db, session)

    def _is_pinned(self, session: Session) -> bool:
        return any(
            trash.is_pinned(root, name) for root, name in self._session_folders(session)
        )

    def _session_folders(self, session: Session) -> list[tuple[Path, str]]:
        folders = [(self._layout.downloads, session.uuid)]
        if self._layout.library is not None:
            folders.append((self._layout.library, session.name))
        return folders

    def _move_to_trash(self, session: Session, now: Now) -> None:
        """Move the library's folder, then the downloads.

        In this order, because the downloads show which library files are the session's.
        The name in the trash ends in the uptime, from which the grace is counted.
        """
        as_name = f"{session.uuid}.{int(now.uptime_s)}"
        if self._layout.library is not None:
            self._move_library_files(self._layout.library, session, as_name)
            failpoints.failpoint("session.trashed", session.uuid)
        trash.move_to_trash(self._layout.downloads, session.uuid, as_name)
        failpoints.failpoint("session.trashed", session.uuid)

    def _move_library_files(
        self, library: Path, session: Session, as_name: str
    ) -> None:
        is_caseless = ignores_case(library, session.name)
        with self._ledger.read() as db:
            is_shared = expiry.is_name_shared(db, session, ignores_case=is_caseless)
            collections = expiry.collection_uuids(db, session)
        if is_shared:
            trash.move_session_files_to_trash(
                library,
                session.name,
                self._layout.downloads,
                session.uuid,
                as_name,
                collections,
            )
        else:
            trash.move_to_trash(library, session.name, as_name)

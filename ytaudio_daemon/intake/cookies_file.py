"""Stores the cookies that are dropped into a session's folder, and removes the file."""

from dataclasses import dataclass

import structlog

from ytaudio_daemon.dropfile.portions import portions
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout, cookie_jars
from ytaudio_daemon.folders.inbox import (
    FileIdentity,
    FileKey,
    InboxFile,
    remove_inbox_file,
    split_path,
)
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger import Ledger, cookies, sessions
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.cookies import (
    MAX_BYTES,
    CookiesFault,
    find_cookies_fault,
    format_cookies,
    is_cookies_name,
    is_cookies_text,
    is_web_page,
    parse_cookies,
)
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.urls import find_links

log = structlog.get_logger()

_NOT_REMOVABLE = (
    "its cookies were read, but it cannot be removed from here, where others may read "
    "it: remove it, or allow the daemon to (chmod o+rwx on its folder)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiesFile:
    """A file of cookies in the inbox; its content is never shown, nor filed.

    Attributes:
        inbox_file: The file.
        text: Its content.
    """

    inbox_file: InboxFile
    text: str


def read_cookies_file(inbox_file: InboxFile, content: bytes) -> CookiesFile | None:
    """Return a file of the inbox as cookies, None when it is a list of links.

    One that is named as cookies and holds links is a list of links all the same.
    """
    text = content[: MAX_BYTES + 1].decode("utf-8-sig", "replace")
    found = CookiesFile(inbox_file=inbox_file, text=text)
    if is_cookies_text(text):
        return found
    if not is_cookies_name(display_name(split_path(inbox_file.name)[1])):
        return None
    return found if is_web_page(text) or not _has_link(text) else None


def _has_link(text: str) -> bool:
    """Return whether a text has a link; it is read up to the first one only."""
    return any(find_links(portion) for portion in portions(text))


class CookiesIntake:
    """Stores dropped cookies in the state folder.

    Args:
        ledger: Records when a session got cookies, or why they were refused.
        layout: Names inbox and state folder.
    """

    def __init__(self, ledger: Ledger, layout: Layout) -> None:
        self._ledger = ledger
        self._layout = layout
        #: Files that were read and could not be removed, as they were then.
        self._unremovable: dict[FileKey, FileIdentity] = {}

    def store_and_remove(self, cookies_file: CookiesFile, now: Now) -> str:
        """Store the cookies, or why they were refused, and remove the file.

        A crash between two steps repeats them.

        Returns:
            Why the file could not be removed, "" when it was.

        Raises:
            LedgerError, OSError: The file stays; a later scan finds it again.
        """
        inbox_file = cookies_file.inbox_file
        if self._unremovable.get(inbox_file.key) != inbox_file.identity:
            self._record(cookies_file, now)
        failpoints.failpoint("cookies.stored", inbox_file.name)
        try:
            remove_inbox_file(self._layout.inbox, inbox_file)
        except (OSError, UnsafePathError):
            self._unremovable[inbox_file.key] = inbox_file.identity
            return _NOT_REMOVABLE
        self._unremovable.pop(inbox_file.key, None)
        return ""

    def _record(self, cookies_file: CookiesFile, now: Now) -> None:
        inbox_file, text = cookies_file.inbox_file, cookies_file.text
        with self._ledger.write() as db:
            session = sessions.open_session(db, inbox_file.location.session, now)
        fault = find_cookies_fault(text, now.wall)
        if fault is None:
            stored = format_cookies(parse_cookies(text))
            cookie_jars.store_cookies(self._layout, session.uuid, stored)
        with self._ledger.write() as db:
            if fault is None:
                cookies.record_given(db, session.id, now)
            else:
                problem = _problem(inbox_file, fault)
                cookies.record_refused(db, session.id, now, problem)
        event = "cookies.given" if fault is None else "cookies.refused"
        log.info(event, session=session.name, code=fault.code if fault else "")


def _problem(inbox_file: InboxFile, fault: CookiesFault) -> str:
    name = display_name(inbox_file.name)
    return f"{name} was refused and removed: {fault.message}. {fault.hint}"

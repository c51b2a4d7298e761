"""The cookies of sessions that have ended, or were pruned, are removed."""

from ytaudio_daemon.folders import Layout, cookie_jars
from ytaudio_daemon.ledger import Ledger, cookies


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

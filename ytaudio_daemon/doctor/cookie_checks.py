"""Checks the cookies of the config, and those of single sessions."""

import stat
from collections.abc import Iterator
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, ok, warning
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders import Layout, cookie_jars
from ytaudio_daemon.ledger import Ledger, cookies
from ytaudio_daemon.ledger.cookies import CookiesUse
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.cookies import (
    HOW_TO_EXPORT,
    MAX_BYTES,
    USELESS,
    CookiesFault,
    CookiesState,
    find_cookies_fault,
)
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.regular_files import read_regular_file

CONFIG_CHECK = "cookies_file"
SESSION_CHECK = "session_cookies"
_STATE_TEXTS = {
    CookiesState.ROTATED: "are no longer valid: YouTube rotated them",
    CookiesState.REFUSED: "were refused: YouTube still asks for a sign-in",
    CookiesState.UNREADABLE: "could not be read when they were needed",
}


def check_cookies(
    settings: Settings, layout: Layout, ledger: Ledger, wall: float
) -> Iterator[CheckResult]:
    """Yield the results on all cookies; of sessions only those that need attention.

    Args:
        settings: Section download.
        layout: Where sessions' cookies are.
        ledger: Has the cookies' states: whether YouTube accepted them.
        wall: Now, seconds since 1970.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    with ledger.read() as db:
        use = cookies.use_of_cookies_file(db)
        useless = cookies.sessions_with_useless_cookies(db)
        with_cookies = cookies.sessions_with_cookies(db)
    path = settings.download.cookies_file
    if path is not None:
        yield _check_config_cookies(path, use, wall)
    for session in useless:
        yield _useless_cookies_result(session)
    reported = {session.id for session in useless}
    for session in with_cookies:
        file = cookie_jars.find_cookies(layout, session.uuid)
        if file is None or session.id in reported:
            continue
        fault = _find_fault(file, wall)
        if fault is not None:
            yield _session_warning(
                session, f"cannot be used: {fault.message}", fault.hint
            )


def check_cookies_if_ledger(
    settings: Settings, layout: Layout, wall: float
) -> Iterator[CheckResult]:
    """Yield the results of `check_cookies`; none when there is no usable ledger."""
    file = settings.database.sqlite_file
    if file is not None and not file.exists():
        return
    try:
        ledger = Ledger(settings.database.url)
        try:
            yield from check_cookies(settings, layout, ledger, wall)
        finally:
            ledger.close()
    except LedgerError:  # reported already, as a fault of the ledger
        return


def _check_config_cookies(
    path: Path, use: CookiesUse | None, wall: float
) -> CheckResult:
    fault = _find_fault(path, wall)
    if fault is not None:
        return warning(
            CONFIG_CHECK,
            f"the cookies in {path} cannot be used: {fault.message}",
            fault.hint,
        )
    found = path.stat()
    if use is not None and use.state in USELESS and found.st_mtime <= use.at:
        return warning(
            CONFIG_CHECK,
            f"the cookies in {path} {_STATE_TEXTS[use.state]}",
            f"{HOW_TO_EXPORT}; put them there",
        )
    if found.st_mode & stat.S_IRWXO:
        return warning(
            CONFIG_CHECK,
            f"everybody on this machine can read {path}, and sign in with it",
            f"chmod o= {path}",
        )
    return ok(CONFIG_CHECK, f"{path} has the cookies of an account")


def _find_fault(path: Path, wall: float) -> CookiesFault | None:
    try:
        content = read_regular_file(path, MAX_BYTES, follow_links=True)
    except OSError as error:
        return CookiesFault(
            "cookies_unreadable",
            f"it cannot be read ({error.strerror})",
            "let the daemon's user read it, or set [download] cookies_file anew",
        )
    return find_cookies_fault(content.decode("utf-8-sig", "replace"), wall)


def _useless_cookies_result(session: Session) -> CheckResult:
    if session.cookies_problem is not None:
        return _session_warning(session, "are not all in use", session.cookies_problem)
    problem = _STATE_TEXTS[CookiesState(session.cookies_state or "")]
    return _session_warning(
        session, problem, f"{HOW_TO_EXPORT}; drop it into inbox/{session.name}"
    )


def _session_warning(session: Session, problem: str, remedy: str) -> CheckResult:
    message = f"session {session.name}: its cookies {problem}"
    return warning(SESSION_CHECK, message, remedy)

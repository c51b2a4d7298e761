"""An account's cookies in one attempt: a copy of their file, and its changes stored.

Any number of workers use one file at once: each has its own copy in memory, and stores
under a lock the cookies that YouTube has refreshed, never what it took away.
"""

import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ytaudio_daemon.model import Network
from ytaudio_daemon.model.cookies import (
    MAX_BYTES,
    Cookie,
    CookiesFault,
    CookiesState,
    find_cookies_fault,
    format_cookies,
    merge_refreshed,
    parse_cookies,
)
from ytaudio_daemon.system.files import PRIVATE_MODE, locked, write_atomically
from ytaudio_daemon.system.regular_files import read_regular_file

#: Begins yt-dlp's warning (extractor/youtube/_base.py, `_request_webpage`).
_ROTATED_WARNING = "account cookies are no longer valid"


class AccountCookies:
    """The cookies that one attempt sends.

    Args:
        network: Names their file.

    Raises:
        OSError: The file is missing, cannot be read, or is too big.
    """

    def __init__(self, network: Network) -> None:
        self._path = Path(network.cookies_file)
        self._is_own_file = network.stores_cookies
        text = _read(self._path, is_own_file=network.stores_cookies)
        self._sent = parse_cookies(text)
        #: Why YouTube would not accept them; None if nothing is wrong with them.
        self.fault = find_cookies_fault(text, time.time())

    def for_ytdlp(self) -> io.StringIO:
        """Return a copy for yt-dlp, which overwrites its copy at the end."""
        return io.StringIO(format_cookies(self._sent))

    def store_refreshed(self, jar: Iterable[Any]) -> None:
        """Store the cookies that YouTube has refreshed, if the file is the program's own.

        Args:
            jar: yt-dlp's cookies at the attempt's end.

        Raises:
            OSError: The file cannot be written; it stays as it is.
        """
        received = [_cookie_of(each) for each in jar]
        if not self._is_own_file or received == self._sent:
            return
        with locked(self._path):
            stored = parse_cookies(_read(self._path, is_own_file=True))
            merged = merge_refreshed(stored, self._sent, received)
            if merged is not None:
                content = format_cookies(merged).encode()
                write_atomically(self._path, content, mode=PRIVATE_MODE)


def cookies_state(warnings: Sequence[str], *, is_refused: bool) -> CookiesState:
    """Return the state of the cookies after an attempt. Pure.

    Args:
        warnings: yt-dlp's.
        is_refused: YouTube wanted a sign-in although they were sent.
    """
    if any(_ROTATED_WARNING in warning for warning in warnings):
        return CookiesState.ROTATED
    return CookiesState.REFUSED if is_refused else CookiesState.ACCEPTED


def unreadable_fault(error: OSError) -> CookiesFault:
    """Return the fault of a cookies file that cannot be read. Pure."""
    return CookiesFault(
        "cookies_unreadable",
        f"it cannot be read ({error.strerror})",
        "`ytaudio doctor` tells more about [download] cookies_file.",
    )


def _read(path: Path, *, is_own_file: bool) -> str:
    content = read_regular_file(path, MAX_BYTES, follow_links=not is_own_file)
    return content.decode("utf-8-sig", "replace")


def _cookie_of(cookie: Any) -> Cookie:
    """Return the cookie of one of `http.cookiejar`."""
    return Cookie(
        domain=cookie.domain,
        subdomains="TRUE" if cookie.domain.startswith(".") else "FALSE",
        path=cookie.path,
        secure="TRUE" if cookie.secure else "FALSE",
        expires=int(cookie.expires or 0),
        name=cookie.name,
        value=cookie.value or "",
    )

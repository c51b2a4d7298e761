"""Accounts: whom a request's cookies sign in, and how YouTube rotates those cookies.

As yt-dlp reads them (extractor/youtube/_base.py, `_has_auth_cookies`): LOGIN_INFO and one
of the SAPISID cookies make an account; rotating takes LOGIN_INFO away.
"""

from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

#: Set anew at each page that a signed-in account asks for; the real one is likewise.
FRESH_COOKIE = "SIDCC"
_TAKE_AWAY = "LOGIN_INFO=; Domain=.youtube.com; Path=/; Max-Age=0; Secure"


def cookies_text(account: str, *, expires: int = 4102444800, more: str = "") -> str:
    """Return the cookies.txt of an account in Netscape format."""
    cookies = {"LOGIN_INFO": account, "SAPISID": f"sapisid-{account}"}
    lines = [
        f".youtube.com\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n"
        for name, value in cookies.items()
    ]
    return "# Netscape HTTP Cookie File\n\n" + "".join(lines) + more


@dataclass(slots=True)
class Accounts:
    """Which accounts' cookies YouTube has rotated, and those it has refreshed."""

    rotated: set[str] = field(default_factory=set)
    _refreshed: int = 0

    def signed_in(self, cookies: str) -> str:
        """Return the account of a Cookie header, "" for nobody."""
        account = self._named(cookies)
        return "" if account in self.rotated else account

    def set_cookie(self, cookies: str) -> str:
        """Return the Set-Cookie header of a page, "" for none."""
        account = self._named(cookies)
        if not account:
            return ""
        if account in self.rotated:
            return _TAKE_AWAY
        self._refreshed += 1
        value = f"fresh-{self._refreshed}"
        return f"{FRESH_COOKIE}={value}; Domain=.youtube.com; Path=/; Max-Age=31536000"

    def _named(self, cookies: str) -> str:
        try:
            found = SimpleCookie(cookies)
        except CookieError:
            return ""
        if "LOGIN_INFO" not in found or "SAPISID" not in found:
            return ""
        return found["LOGIN_INFO"].value

"""Cookies of a YouTube account in a text of the Netscape format. Pure.

One cookie a line: domain, whether subdomains get it, path, whether only HTTPS, expiry
in seconds since 1970 (0 for the end of the browser's session), name, value, with tabs
between them (https://curl.se/docs/http-cookies.html).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

#: The first line of an export, as browsers' add-ons, curl and yt-dlp write it.
HEADER = "# Netscape HTTP Cookie File"
#: A whole browser's cookies have some 100 kB; what is bigger is no export of cookies.
MAX_BYTES = 1 << 20
#: How a person gets them; `docs/cookies.md` has the steps.
HOW_TO_EXPORT = (
    "Sign in to YouTube in a private window, export its cookies as cookies.txt "
    "(Netscape format), and close that window at once"
)
#: Without this one nobody is signed in, and YouTube takes it away when it rotates the
#: others (yt-dlp, extractor/youtube/_base.py, `_has_auth_cookies`).
LOGIN_COOKIE = "LOGIN_INFO"
#: One of these signs the requests.
SIGNING_COOKIES = frozenset({"SAPISID", "__Secure-1PAPISID", "__Secure-3PAPISID"})
#: yt-dlp sets these itself in every session; they are of no account.
_SET_BY_YTDLP = frozenset({"PREF", "SOCS"})

_HTTP_ONLY = "#HttpOnly_"
_FIELDS = 7
_HEADERS = re.compile(r"# (?:Netscape )?HTTP Cookie File\b", re.IGNORECASE)
_DOMAIN = re.compile(r"[A-Za-z0-9._-]{1,253}")
_BOOLEANS = frozenset({"TRUE", "FALSE"})
_EXPIRY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?|")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
#: In every cookie that browsers' add-ons export as JSON.
_JSON_KEYS = ("domain", "httpOnly", "value")
_JSON = re.compile(r"\s*[\[{]")


class CookiesState(StrEnum):
    """What became of an account's cookies when they were used last."""

    #: YouTube took them for what they are.
    ACCEPTED = "accepted"
    #: YouTube has replaced them in the browser that they are from.
    ROTATED = "rotated"
    #: They were sent, and YouTube wanted a sign-in all the same.
    REFUSED = "refused"
    #: Their file is missing or cannot be read.
    UNREADABLE = "unreadable"


#: The states in which a person must give other cookies.
USELESS = frozenset(
    {CookiesState.ROTATED, CookiesState.REFUSED, CookiesState.UNREADABLE}
)


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie; `expires` is 0 for one that has no end."""

    domain: str
    subdomains: str
    path: str
    secure: str
    expires: int
    name: str
    value: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it in a jar."""
        return self.domain, self.path, self.name

    @property
    def is_of_youtube(self) -> bool:
        """Whether YouTube's hosts, and no others, get it."""
        domain = self.domain.lower().removeprefix(".")
        return domain == "youtube.com" or domain.endswith(".youtube.com")

    def line(self) -> str:
        """Return its line."""
        parts = (self.domain, self.subdomains, self.path, self.secure)
        return "\t".join((*parts, str(self.expires), self.name, self.value))


@dataclass(frozen=True, slots=True)
class CookiesFault:
    """Why a file of cookies is of no use, in words that contain none of them.

    Attributes:
        code: Snake-case, stable.
        message: What is wrong with the file, without its name.
        hint: What to do.
    """

    code: str
    message: str
    hint: str = f"{HOW_TO_EXPORT}."


def parse_cookies(text: str) -> list[Cookie]:
    """Return YouTube's cookies in a text; all other lines are left out.

    yt-dlp prints a line that it does not understand, and other sites' cookies are none
    of our business: so only these are stored and handed to it.
    """
    found = (_parse_line(line) for line in text.splitlines())
    return [cookie for cookie in found if cookie is not None and cookie.is_of_youtube]


def _parse_line(line: str) -> Cookie | None:
    parts = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(parts) != _FIELDS or parts[0].startswith("#"):
        return None
    domain, subdomains, path, secure, expires, name, value = parts
    if not (_DOMAIN.fullmatch(domain) and path[:1] == "/" and secure in _BOOLEANS):
        return None
    if not _EXPIRY.fullmatch(expires):
        return None
    end = int(float(expires or 0))
    return Cookie(domain, subdomains, path, secure, end, name, value)


def format_cookies(cookies: Iterable[Cookie]) -> str:
    """Return cookies as a text in Netscape format."""
    return f"{HEADER}\n\n" + "".join(f"{cookie.line()}\n" for cookie in cookies)


def is_cookies_text(text: str) -> bool:
    """Return whether a text has cookies, of whichever site: in Netscape format or JSON.

    Such a text is private, also in a file of another name.
    """
    begin = text[:MAX_BYTES].lstrip("\ufeff \r\n")
    if _JSON.match(begin):
        return all(f'"{key}"' in begin for key in _JSON_KEYS)
    return bool(_HEADERS.match(begin)) or any(
        _parse_line(line) for line in begin.splitlines()[:20]
    )


def is_web_page(text: str) -> bool:
    """Return whether a text is the HTML of a page."""
    return _WEB_PAGE.match(text) is not None


def is_cookies_name(name: str) -> bool:
    """Return whether a file is named as browsers' add-ons name their exports.

    `cookies.txt`, `www.youtube.com_cookies.txt`, `cookies.json` and the like.
    """
    return (
        re.fullmatch(r"(?:.*[._-])?cookies(?: ?\(\d+\))?\.(?:txt|json)", name.lower())
        is not None
    )


def find_cookies_fault(text: str, wall: float) -> CookiesFault | None:
    """Return why a text cannot be used as an account's cookies, None when it can.

    Args:
        text: The content of the file.
        wall: Now, in seconds since 1970.
    """
    cookies = parse_cookies(text)
    if not cookies:
        return _fault_of_text(text)
    if not is_account(cookies):
        return CookiesFault(
            "cookies_signed_out",
            "its cookies of youtube.com are of nobody who is signed in "
            f"({LOGIN_COOKIE} or SAPISID is missing)",
        )
    end = account_end(cookies)
    if end is not None and end <= wall:
        return CookiesFault(
            "cookies_expired", f"its cookies expired on {_date(end)}: they are too old"
        )
    return None


def _fault_of_text(text: str) -> CookiesFault:
    if not text.strip():
        return CookiesFault("cookies_empty", "it is empty")
    if is_web_page(text):
        return CookiesFault(
            "cookies_web_page", "it is a web page that was saved, not its cookies"
        )
    if _JSON.match(text):
        return CookiesFault(
            "cookies_json", "it is in JSON; cookies are read in Netscape format only"
        )
    if is_cookies_text(text):
        return CookiesFault("cookies_other_site", "it has no cookies of youtube.com")
    return CookiesFault("cookies_not_netscape", "it is not in Netscape format")


def is_account(cookies: Iterable[Cookie]) -> bool:
    """Return whether cookies sign an account in."""
    names = {cookie.name for cookie in cookies if cookie.value}
    return LOGIN_COOKIE in names and bool(names & SIGNING_COOKIES)


def account_end(cookies: Iterable[Cookie]) -> float | None:
    """Return when cookies stop to sign their account in, None for never.

    In seconds since 1970.
    """
    ends: dict[bool, list[float]] = {True: [], False: []}
    for cookie in cookies:
        if cookie.name == LOGIN_COOKIE or cookie.name in SIGNING_COOKIES:
            ends[cookie.name == LOGIN_COOKIE].append(cookie.expires or float("inf"))
    end = min((max(some) for some in ends.values() if some), default=float("inf"))
    return None if end == float("inf") else end


def merge_refreshed(
    stored: list[Cookie], sent: list[Cookie], received: list[Cookie]
) -> list[Cookie] | None:
    """Return stored cookies with what YouTube refreshed in one attempt.

    Args:
        stored: As they are stored now: another attempt may have refreshed some.
        sent: As the attempt began with them.
        received: As the attempt ended with them.

    Returns:
        None when nothing is to be stored: nothing was refreshed, the account was
        signed out, or other cookies were given meanwhile.
    """
    if not is_account(received) or _login_of(stored) != _login_of(sent):
        return None
    before = {cookie.key: cookie.value for cookie in sent}
    refreshed = {
        cookie.key: cookie
        for cookie in received
        if cookie.is_of_youtube
        and cookie.name not in _SET_BY_YTDLP
        and before.get(cookie.key) != cookie.value
    }
    if not refreshed:
        return None
    return list({**{cookie.key: cookie for cookie in stored}, **refreshed}.values())


def _login_of(cookies: list[Cookie]) -> set[str]:
    return {cookie.value for cookie in cookies if cookie.name == LOGIN_COOKIE}


def _date(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d")

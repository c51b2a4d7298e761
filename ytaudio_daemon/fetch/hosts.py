"""YouTube's own hosts, and a guard that keeps every request and redirect to them.

Links are rebuilt from video IDs, so the first request always goes to YouTube. But its
answers name more addresses, and any answer may redirect: a captive portal's, a proxy's,
a forged one's. yt-dlp follows redirects inside its handlers; the guard wraps the
two functions that those call for every hop.
"""

import functools
import importlib
import re
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

from yt_dlp.networking.exceptions import RequestError

#: Every host below one of these is YouTube's.
HOST_SUFFIXES = (
    "youtube.com",
    "youtu.be",
    "youtube-nocookie.com",
    "googlevideo.com",  # sound and pictures
    "ytimg.com",  # thumbnails, players
    "ggpht.com",  # thumbnails
    "youtubei.googleapis.com",  # the players' API
)
#: YouTube redirects clients there that it takes for robots, or that must consent; the
#: page says why.
EXTRA_HOSTS = ("www.google.com", "consent.google.com")
#: Handlers of yt-dlp that use the guarded functions.
GUARDED_HANDLERS = frozenset({"Requests", "Urllib"})

# Matched against the whole address, not against the parts that a library makes of it: no
# user, no other port, no number for a name.
_ALLOWED = re.compile(
    r"https://(?:(?:[a-z0-9_-]+\.)*(?:{suffixes})|{also})(?::443)?(?:[/?#].*)?".format(
        suffixes="|".join(map(re.escape, HOST_SUFFIXES)),
        also="|".join(map(re.escape, EXTRA_HOSTS)),
    ),
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"\w+://(?:[^/?#@]*@)?([\w.:\[\]-]{1,100})")


class ForeignHostError(RequestError):  # type: ignore[misc]  # yt-dlp ships no types
    """A request to a host that is not YouTube's was refused; nothing was sent.

    Args:
        url: The address; only its host is in the message.
    """

    def __init__(self, url: str) -> None:
        host = _HOST.match(url)
        name = host[1] if host else "an unreadable address"
        super().__init__(f"{name} is not one of YouTube's hosts and was not asked")


def check_host(url: str) -> None:
    """Raise unless an address is YouTube's own.

    Raises:
        ForeignHostError: It is not.
    """
    if not _ALLOWED.fullmatch(url):
        raise ForeignHostError(url)


def install_guard() -> None:
    """Check every request of this process, also those that follow a redirect."""
    _guard_method(urllib.request.OpenerDirector, "open")
    try:
        sessions = importlib.import_module("requests.sessions")
    except ImportError:  # then yt-dlp does without it, too
        return
    _guard_method(sessions.Session, "send")


def guarded_handlers(handlers: Iterable[Any]) -> list[Any]:
    """Return the handlers of yt-dlp whose requests the guard checks."""
    return [handler for handler in handlers if handler.RH_KEY in GUARDED_HANDLERS]


def _guard_method(owner: Any, name: str) -> None:
    plain: Callable[..., Any] = getattr(owner, name)
    if hasattr(plain, "is_guarded"):
        return

    @functools.wraps(plain)
    def checked(self: Any, request: Any, *args: Any, **options: Any) -> Any:
        address = request
        for attribute in ("full_url", "url"):
            address = getattr(request, attribute, address)
        check_host(str(address))
        return plain(self, request, *args, **options)

    checked.is_guarded = True  # type: ignore[attr-defined]  # our mark
    setattr(owner, name, checked)

"""Delivers a notice by HTTP: one POST of JSON, no redirects."""

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from ytaudio_daemon.notify.delivery.result import (
    DeliveryResult,
    delivered,
    rejected,
    retry_later,
)

#: The receiver refuses this very notice, and always will (RFC 9110, section 15.5).
REJECTED_STATUSES = frozenset(
    {400, 405, 406, 409, 410, 411, 413, 414, 415, 417, 422, 431}
)
#: The longest Retry-After that is respected, in seconds.
MAX_RETRY_AFTER_S = 3600.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: a POST would arrive as a GET, or at a stranger's server."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        """Follow nothing; urllib then raises the 3xx response as an HTTPError."""


def new_opener() -> urllib.request.OpenerDirector:
    """Return an opener; it loads the certificate authorities, which takes 50 ms."""
    return urllib.request.build_opener(
        _NoRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())
    )


def deliver(
    opener: urllib.request.OpenerDirector,
    address: str,
    message: Mapping[str, Any],
    timeout_s: float,
) -> DeliveryResult:
    """Send one notice.

    Args:
        opener: From `new_opener`.
        address: http or https; a user name and password in it are sent as such.
        message: The notice.
        timeout_s: For each wait; the caller bounds the whole.

    Raises:
        TimeoutError: A wait was too long, or the caller's alarm went off.
    """
    try:
        with opener.open(_request(address, message), timeout=timeout_s) as response:
            return delivered(f"answered {response.status} {response.reason}".rstrip())
    except urllib.error.HTTPError as error:
        with error:
            return result_of(
                error.code, str(error.reason), error.headers.get("Retry-After")
            )
    except TimeoutError:
        raise
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise error.reason from error
        return retry_later(f"cannot be reached: {error.reason}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return retry_later(f"cannot be reached: {str(error) or type(error).__name__}")


def result_of(status: int, reason: str, retry_after: str | None) -> DeliveryResult:
    """Return the result of a response other than 2xx. Pure."""
    said = f"answered {status} {reason}".rstrip()
    if status // 100 == 3:  # noqa: PLR2004 - 3xx
        return retry_later(f"{said}: it has moved, give its new address")
    if status in REJECTED_STATUSES:
        return rejected(said)
    seconds = retry_after or ""
    wait = min(float(seconds), MAX_RETRY_AFTER_S) if _is_number(seconds) else None
    return retry_later(said, wait)


def _is_number(text: str) -> bool:
    """Return True if a Retry-After counts seconds; dates are ignored."""
    return text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004


def _request(address: str, message: Mapping[str, Any]) -> urllib.request.Request:
    parts = urlsplit(address)
    userinfo, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    headers = {"Content-Type": "application/json", "User-Agent": "ytaudio-daemon"}
    if userinfo:
        headers["Authorization"] = f"Basic {_basic(userinfo)}"
    data = json.dumps(message).encode()
    return urllib.request.Request(bare, data, headers, method="POST")  # noqa: S310 - http or https, the settings check that


def _basic(userinfo: str) -> str:
    """Return the credentials of RFC 7617 (Basic)."""
    user, _, password = userinfo.partition(":")
    plain = f"{unquote(user)}:{unquote(password)}"
    return base64.b64encode(plain.encode("utf-8", "surrogatepass")).decode()

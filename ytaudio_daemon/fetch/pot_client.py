"""Requests proof-of-origin tokens over HTTP, as bgutil-ytdlp-pot-provider serves them.

`GET /ping` returns `{"version": …}`; `POST /get_pot` with `{"content_binding": …}` returns
`{"poToken": …}`, or `{"error": …}` with an error status
(https://github.com/Brainicism/bgutil-ytdlp-pot-provider).

Only the configured address is ever connected to: no redirect is followed and no proxy
used, so `hosts` need not let anything but YouTube through. An exchange has one deadline,
however slowly its bytes come.
"""

import base64
import binascii
import http.client
import io
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from ytaudio_daemon.fetch.redact import redact

PING_TIMEOUT_S = 5.0
#: The first token of a provider costs it some seconds of computing.
TOKEN_TIMEOUT_S = 20.0
MAX_RESPONSE_BYTES = 64 * 1024
#: YouTube's tokens have about 160 characters.
MAX_TOKEN_CHARS = 4096
_MIN_TOKEN_BYTES = 8
_MAX_SHOWN_CHARS = 160
_BLOCK_BYTES = 8192
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_=-]")


class PotProviderError(Exception):
    """The provider gave no usable response.

    Its text is a predicate for "the provider …": "refused the connection".
    """


def ping(address: str, timeout_s: float = PING_TIMEOUT_S) -> str:
    """Return the version of the provider at `address`, "" if it names none.

    Raises:
        PotProviderError: It cannot be reached, or is no token provider.
    """
    answer = _request(address, "GET", "/ping", b"", timeout_s)
    version = answer.get("version", "")
    if not isinstance(version, str | int | float) or not answer.keys() & _PING_KEYS:
        raise PotProviderError("did not answer a ping as a token provider does")
    return _one_line(str(version))[:40]


#: Any of them is in the response to a ping.
_PING_KEYS = {"version", "server_uptime"}


def fetch_token(
    address: str, query: Mapping[str, Any], timeout_s: float = TOKEN_TIMEOUT_S
) -> str:
    """Return a token.

    Args:
        address: The provider's, `http://host:port`.
        query: `content_binding` (what the token is good for) and how YouTube is to be
            reached: `proxy`, `source_address`, `disable_tls_verification`.
        timeout_s: For the whole exchange.

    Raises:
        PotProviderError: The provider gave none.
    """
    body = json.dumps(query).encode()
    answer = _request(address, "POST", "/get_pot", body, timeout_s)
    token = answer.get("poToken")
    if not isinstance(token, str) or not is_token(token):
        raise PotProviderError(
            "answered with no valid token" if token else "answered without a token"
        )
    return token


def is_token(text: str) -> bool:
    """Return whether a text can be a token: base64 for URLs, of a sensible length."""
    if len(text) > MAX_TOKEN_CHARS or _NOT_BASE64.search(text):
        return False
    try:
        plain = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        return False
    return len(plain) >= _MIN_TOKEN_BYTES


def _request(
    address: str, method: str, path: str, body: bytes, timeout_s: float
) -> dict[str, Any]:
    """Make one exchange and return the JSON object of its response."""
    parts = urlsplit(address)
    try:
        raw = _exchange(parts, _head(parts, method, path, body) + body, timeout_s)
    except TimeoutError as error:
        raise PotProviderError(f"did not answer within {timeout_s:g} s") from error
    except ConnectionRefusedError as error:
        raise PotProviderError("refused the connection") from error
    except (OSError, UnicodeError) as error:
        reason = _one_line(getattr(error, "strerror", "") or str(error))
        raise PotProviderError(f"cannot be reached: {reason}") from error
    status, content = _parse(raw)
    return _json_object(status, content)


def _head(parts: SplitResult, method: str, path: str, body: bytes) -> bytes:
    lines = (
        f"{method} {parts.path.rstrip('/')}{path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _exchange(parts: SplitResult, request: bytes, timeout_s: float) -> bytes:
    """Send a request and return all bytes received until the connection ends.

    Raises:
        TimeoutError: The deadline passed.
        OSError: The connection failed.
        PotProviderError: The response is longer than `MAX_RESPONSE_BYTES`.
    """
    deadline = time.monotonic() + timeout_s
    with _connect(parts, deadline) as connection:
        connection.settimeout(_seconds_left(deadline))
        connection.sendall(request)
        received = bytearray()
        while True:
            connection.settimeout(_seconds_left(deadline))
            block = connection.recv(_BLOCK_BYTES)
            if not block:
                return bytes(received)
            received += block
            if len(received) > MAX_RESPONSE_BYTES:
                raise PotProviderError(
                    f"answered with more than {MAX_RESPONSE_BYTES >> 10} KiB"
                )


def _connect(parts: SplitResult, deadline: float) -> socket.socket:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    plain = socket.create_connection((host, port), timeout=_seconds_left(deadline))
    if parts.scheme != "https":
        return plain
    try:
        plain.settimeout(_seconds_left(deadline))
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _seconds_left(deadline: float) -> float:
    """Return the seconds to the deadline.

    Raises:
        TimeoutError: It has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _ReceivedBytes:
    """The part of a socket that `HTTPResponse` reads from, over bytes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _parse(raw: bytes) -> tuple[int, bytes]:
    """Return the status and the content of an HTTP response."""
    if not raw:
        raise PotProviderError("closed the connection without an answer")
    response = http.client.HTTPResponse(cast("socket.socket", _ReceivedBytes(raw)))
    try:
        response.begin()
        return response.status, response.read()
    except http.client.IncompleteRead as error:
        raise PotProviderError("broke off in the middle of its answer") from error
    except (http.client.HTTPException, ValueError) as error:
        raise PotProviderError("answered with something that is not HTTP") from error


def _json_object(status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise PotProviderError(
            f"redirected to elsewhere (HTTP {status}), which is not followed"
        )
    reason = answer.get("error") if isinstance(answer, dict) else None
    if status != HTTPStatus.OK or reason:
        suffix = f": {_one_line(str(reason))}" if reason else ""
        raise PotProviderError(f"answered with an error (HTTP {status}){suffix}")
    if not isinstance(answer, dict):
        raise PotProviderError("answered with something that is not a JSON object")
    return answer


def _one_line(text: str) -> str:
    """Return foreign text on one line, without secrets and control characters."""
    printable = "".join(c if c.isprintable() else " " for c in redact(text))
    return " ".join(printable.split())[:_MAX_SHOWN_CHARS]

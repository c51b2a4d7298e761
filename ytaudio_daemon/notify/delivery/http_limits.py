"""Limits what a receiver of messages can make Apprise's HTTP library do.

Apprise's services follow every redirect and read every body whole. A receiver could
have this machine ask inner addresses (a router, a cloud's metadata), or fill its memory.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

#: Of a receiver's response, after decompression. Services answer with some kilobytes.
MAX_BODY_BYTES = 4 << 20
_PIECE_BYTES = 64 << 10


def install_http_limits() -> None:
    """Limit all requests of this process; to be called once."""
    plain_target = requests.Session.get_redirect_target
    plain_content = requests.Response.iter_content

    def get_redirect_target(
        session: requests.Session, response: requests.Response
    ) -> str | None:
        target = plain_target(session, response)
        if target is None or is_same_host(response.url, target):
            return target
        return None  # the redirect is the answer then: no success

    def iter_content(
        response: requests.Response, *_size: Any, **_options: Any
    ) -> Iterator[bytes]:
        return _limited(response, plain_content(response, _PIECE_BYTES))

    setattr(requests.Session, "get_redirect_target", get_redirect_target)  # noqa: B010 - mypy forbids the plain form
    setattr(requests.Response, "iter_content", iter_content)  # noqa: B010 - the same


def is_same_host(url: str, target: str) -> bool:
    """Return whether a redirect from a URL, maybe a relative one, stays on its host."""
    return urlsplit(urljoin(url, target)).hostname == urlsplit(url).hostname


def _limited(response: requests.Response, pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BODY_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError(
                f"the answer is longer than {MAX_BODY_BYTES >> 20} MiB"
            )
        yield piece

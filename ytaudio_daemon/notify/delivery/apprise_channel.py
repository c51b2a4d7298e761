"""Delivers a message to people through Apprise, which knows their services."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from ytaudio_daemon.notify.delivery.result import DeliveryResult, delivered, retry_later

#: Apprise logs why a delivery failed, at the levels warning and error.
_LOG_LEVEL = 30
_UNUSABLE = "Apprise cannot use this address; see its documentation of the service"
#: The longest response of a receiver, after decompression. Services send kilobytes.
MAX_BODY_BYTES = 4 << 20
_PIECE_BYTES = 64 << 10


def deliver(address: str, message: Mapping[str, Any]) -> DeliveryResult:
    """Send one message. Apprise bounds each wait; the caller bounds the whole.

    Args:
        address: Apprise's, `service://…`.
        message: `title`, `body`, and `type`: info, success, warning or failure.
    """
    import apprise  # noqa: PLC0415 - the extra; 20 MB that only this process needs

    asset = apprise.AppriseAsset(
        app_id="ytaudio",
        app_desc="ytaudio-daemon",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        return retry_later(_UNUSABLE)
    services = apprise.Apprise(asset=asset)
    services.add(service)
    capture = apprise.LogCapture(level=_LOG_LEVEL, fmt="%(message)s")  # type: ignore[no-untyped-call]  # theirs
    with capture as log:
        ok = services.notify(
            title=message["title"],
            body=message["body"],
            notify_type=apprise.NotifyType(message["type"]),
            body_format=apprise.NotifyFormat.TEXT,
        )
        reasons = log.getvalue().strip().splitlines()
    if ok:
        return delivered("delivered")
    return retry_later(reasons[-1] if reasons else "Apprise could not deliver it")


def install_http_limits() -> None:
    """Limit what a receiver can make the HTTP library of Apprise do; call it once.

    Apprise's services follow every redirect and read every body whole. A receiver could
    have this machine ask inner addresses (a router, a cloud's metadata), or fill its
    memory.
    """
    plain_target = requests.Session.get_redirect_target
    plain_content = requests.Response.iter_content

    def get_redirect_target(
        session: requests.Session, response: requests.Response
    ) -> str | None:
        target = plain_target(session, response)
        if target is None or is_same_host(response.url, target):
            return target
        return None  # the 3xx response itself is the result then: a failure

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

"""Deliver a message to people through Apprise, which knows their services."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from ytaudio_daemon.notify.delivery.result import DeliveryResult, delivered, retry_later

#: Apprise's own words are in its log; warnings and errors say why.
_LOG_LEVEL = 30
_UNUSABLE = "Apprise cannot use this address; see its documentation of the service"


def deliver(
    address: str, message: Mapping[str, Any], _timeout_s: float
) -> DeliveryResult:
    """Send one message.

    Args:
        address: Apprise's, `service://…`.
        message: `title`, `body`, and `mood`: info, success, warning or failure.
        _timeout_s: Apprise has its own for each wait; the caller bounds the whole.
    """
    import apprise  # noqa: PLC0415 - the extra; 20 MB that only this courier needs

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
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    capture = apprise.LogCapture(level=_LOG_LEVEL, fmt="%(message)s")  # type: ignore[no-untyped-call]  # theirs
    with capture as told:
        ok = sender.notify(
            title=message["title"],
            body=message["body"],
            notify_type=apprise.NotifyType(message["mood"]),
            body_format=apprise.NotifyFormat.TEXT,
        )
        reason = _last_line(told)
    return (
        delivered("was told")
        if ok
        else retry_later(reason or "Apprise could not tell it")
    )


def _last_line(told: StringIO) -> str:
    lines = told.getvalue().strip().splitlines()
    return lines[-1] if lines else ""

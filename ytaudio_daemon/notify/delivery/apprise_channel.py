"""Delivers a message to people through Apprise, which knows their services."""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon.notify.delivery.result import DeliveryResult, delivered, retry_later

#: Apprise logs why a delivery failed, at the levels warning and error.
_LOG_LEVEL = 30
_UNUSABLE = "Apprise cannot use this address; see its documentation of the service"


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

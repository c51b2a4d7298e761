"""The receivers of notifications that the settings name."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.notify.delivery.launcher import DeliveryTarget
from ytaudio_daemon.settings import NotifySettings
from ytaudio_daemon.settings.list_types import redact_apprise_url, web_origin
from ytaudio_daemon.system import install_hints

PEOPLE = "people"
WEBHOOK = "webhook"
COMMAND = "command"
#: Hex digits of the hash that identifies an Apprise address in the ledger: the address
#: is secret, and its position in the config may change.
_KEY_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A receiver of notifications.

    Attributes:
        key: Its key in the ledger; the same after a restart.
        name: Its name in messages, without secrets.
        target: Its address and time limit, for the delivery process.
    """

    key: str
    name: str
    target: DeliveryTarget

    @property
    def gets_digest(self) -> bool:
        """Whether it gets one message for many events, rather than one for each."""
        return self.target.method == PEOPLE


def receivers_of(notify: NotifySettings) -> tuple[Receiver, ...]:
    """Return the receivers in the order of the config. Pure."""
    return tuple(_receivers(notify))


def require_apprise(notify: NotifySettings) -> None:
    """Check that Apprise is installed if `[notify] urls` needs it.

    Raises:
        ConfigError: Apprise is not installed.
    """
    if notify.urls and not has_apprise():
        raise ConfigError(
            "[notify] urls needs Apprise, which is not installed",
            f"{install_hints.install_extra_command('notify')}, or urls = []",
        )


def has_apprise() -> bool:
    """Return True if the extra `notify` is installed; does not import it."""
    return find_spec("apprise") is not None


def _receivers(notify: NotifySettings) -> Iterator[Receiver]:
    for number, url in enumerate(notify.urls, 1):
        digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        yield Receiver(
            key=f"people:{digest[:_KEY_DIGITS]}",
            name=f"urls {number} ({redact_apprise_url(url)})",
            target=_target(PEOPLE, (url,), notify),
        )
    if notify.webhook:
        yield Receiver(
            key=WEBHOOK,
            name=f"webhook ({web_origin(notify.webhook)})",
            target=_target(WEBHOOK, (notify.webhook,), notify),
        )
    if notify.command:
        yield Receiver(
            key=COMMAND,
            name=f"command ({notify.command[0]})",
            target=_target(COMMAND, notify.command, notify),
        )


def _target(
    method: str, address: tuple[str, ...], notify: NotifySettings
) -> DeliveryTarget:
    return DeliveryTarget(method=method, address=address, timeout_s=notify.timeout)

"""The courier's process: take parcels from its standard input, deliver, answer.

First comes the task, then parcels, each a packet of JSON with its number; the end of
file ends it. It holds back answers for a moment while it has more to do, so that a
storm of notices does not wake whoever sent them each time.
"""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from ytaudio_daemon.notify.delivery.descendants import kill_descendants
from ytaudio_daemon.notify.delivery.redact import redacted, secrets_of
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.system import linux, protocol

#: Answers may wait so long, in seconds: what is not answered is told again.
ACK_DELAY_S = 0.25

Deliver = Callable[[Mapping[str, Any]], DeliveryResult]


def main() -> int:
    """Deliver until there is nothing more, or a delivery fails; the exit status."""
    signal.signal(signal.SIGTERM, _on_sigterm)
    signal.signal(signal.SIGALRM, _on_sigalrm)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    channel = socket.socket(fileno=0)
    target = protocol.receive(channel)
    if target is None:
        return 0
    linux.die_with_parent(signal.SIGTERM)
    linux.become_subreaper()
    linux.set_process_name("ytaudio-courier")
    if os.getppid() != target["parent"]:
        return 0
    try:
        return _deliver_all(channel, target)
    except (ConnectionError, SystemExit):  # nobody waits for our answers any more
        return 0
    finally:
        # Told to leave right after a fork, we do not even know the child's number.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        kill_descendants()


def _deliver_all(channel: socket.socket, target: Mapping[str, Any]) -> int:
    own_words = target["address"][target["method"] == "command" :]  # its name is known
    acks = _AckSender(channel, secrets_of(own_words))
    deliver = _delivery_function(target)
    for number, message in _received_messages(channel):
        result = _deliver_with_timeout(deliver, message, target["timeout_s"])
        acks.send(number, result)
        if not result.ok:
            return 1
    return 0


class _AckSender:
    """Where answers go out.

    Args:
        channel: To whoever sent the parcels.
        secrets: Must not be in any answer.
    """

    def __init__(self, channel: socket.socket, secrets: tuple[str, ...]) -> None:
        self._channel = channel
        self._secrets = secrets
        self._sent_at = time.monotonic()

    def send(self, number: int, result: DeliveryResult) -> None:
        """Say what became of all parcels up to that one, unless that can wait."""
        is_early = time.monotonic() < self._sent_at + ACK_DELAY_S
        if result.ok and is_early and _is_readable(self._channel):
            return
        self._sent_at = time.monotonic()
        words = result.to_json() | {"said": redacted(result.said, self._secrets)}
        self._channel.send(protocol.dump({"number": number, "answer": words}))


def _received_messages(
    channel: socket.socket,
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    while data := channel.recv(protocol.MAX_REQUEST):
        message = protocol.load(data)
        yield message["number"], message["parcel"]


def _delivery_function(target: Mapping[str, Any]) -> Deliver:
    """Return how that receiver is told; only what it needs is imported."""
    address, timeout_s = target["address"], target["timeout_s"]
    match target["method"]:
        case "webhook":
            from ytaudio_daemon.notify.delivery import webhook  # noqa: PLC0415 - as above

            opener = webhook.new_opener()
            return lambda message: webhook.deliver(
                opener, address[0], message, timeout_s
            )
        case "command":
            from ytaudio_daemon.notify.delivery import command  # noqa: PLC0415 - as above

            return lambda message: command.deliver(address, message, timeout_s)
        case _:
            from ytaudio_daemon.notify.delivery import apprise_channel  # noqa: PLC0415 - as above

            return lambda message: apprise_channel.deliver(
                address[0], message, timeout_s
            )


def _deliver_with_timeout(
    deliver: Deliver, message: Mapping[str, Any], timeout_s: float
) -> DeliveryResult:
    """Deliver within so many seconds; whatever goes wrong becomes an answer.

    Each wait in a library is bounded, but not their sum: a receiver that sends a byte
    now and then would never be through.
    """
    signal.setitimer(signal.ITIMER_REAL, timeout_s + 1)
    try:
        return deliver(message)
    except TimeoutError:
        return retry_later(f"did not answer within {timeout_s:g} s")
    except Exception as error:  # noqa: BLE001 - any fault of a library is a failed delivery
        return retry_later(f"could not be told: {type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_readable(channel: socket.socket) -> bool:
    poller = select.poll()
    poller.register(channel, select.POLLIN)
    return bool(poller.poll(0))


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    """End, by way of everybody's `finally`."""
    sys.exit(0)


def _on_sigalrm(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError

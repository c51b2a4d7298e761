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

from ytaudio_daemon.notify.delivery.descendants import end_children
from ytaudio_daemon.notify.delivery.redact import scrubbed, secrets_of
from ytaudio_daemon.notify.delivery.result import Answer, later
from ytaudio_daemon.system import linux, protocol

#: Answers may wait so long, in seconds: what is not answered is told again.
HELD_BACK_S = 0.25

Deliver = Callable[[Mapping[str, Any]], Answer]


def main() -> int:
    """Deliver until there is nothing more, or a delivery fails; the exit status."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGALRM, _too_late)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    channel = socket.socket(fileno=0)
    task = protocol.receive(channel)
    if task is None:
        return 0
    linux.die_with_parent(signal.SIGTERM)
    linux.adopt_orphans()
    linux.set_name("ytaudio-courier")
    if os.getppid() != task["parent"]:
        return 0
    try:
        return _work(channel, task)
    except (ConnectionError, SystemExit):  # nobody waits for our answers any more
        return 0
    finally:
        # Told to leave right after a fork, we do not even know the child's number.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_children()


def _work(channel: socket.socket, task: Mapping[str, Any]) -> int:
    own_words = task["address"][task["method"] == "command" :]  # its name is known
    desk = _Desk(channel, secrets_of(own_words))
    deliver = _method(task)
    for number, parcel in _parcels(channel):
        answer = _bounded(deliver, parcel, task["timeout_s"])
        desk.answer(number, answer)
        if not answer.ok:
            return 1
    return 0


class _Desk:
    """Where answers go out.

    Args:
        channel: To whoever sent the parcels.
        secrets: Must not be in any answer.
    """

    def __init__(self, channel: socket.socket, secrets: tuple[str, ...]) -> None:
        self._channel = channel
        self._secrets = secrets
        self._answered = time.monotonic()

    def answer(self, number: int, answer: Answer) -> None:
        """Say what became of all parcels up to that one, unless that can wait."""
        is_early = time.monotonic() < self._answered + HELD_BACK_S
        if answer.ok and is_early and _is_readable(self._channel):
            return
        self._answered = time.monotonic()
        words = answer.to_json() | {"said": scrubbed(answer.said, self._secrets)}
        self._channel.send(protocol.dump({"number": number, "answer": words}))


def _parcels(channel: socket.socket) -> Iterator[tuple[int, Mapping[str, Any]]]:
    while data := channel.recv(protocol.MAX_REQUEST):
        message = protocol.load(data)
        yield message["number"], message["parcel"]


def _method(task: Mapping[str, Any]) -> Deliver:
    """Return how that receiver is told; only what it needs is imported."""
    address, timeout_s = task["address"], task["timeout_s"]
    match task["method"]:
        case "webhook":
            from ytaudio_daemon.notify.delivery import webhook  # noqa: PLC0415 - as above

            opener = webhook.new_opener()
            return lambda parcel: webhook.deliver(opener, address[0], parcel, timeout_s)
        case "command":
            from ytaudio_daemon.notify.delivery import command  # noqa: PLC0415 - as above

            return lambda parcel: command.deliver(address, parcel, timeout_s)
        case _:
            from ytaudio_daemon.notify.delivery import apprise_channel  # noqa: PLC0415 - as above

            return lambda parcel: apprise_channel.deliver(address[0], parcel, timeout_s)


def _bounded(deliver: Deliver, parcel: Mapping[str, Any], timeout_s: float) -> Answer:
    """Deliver within so many seconds; whatever goes wrong becomes an answer.

    Each wait in a library is bounded, but not their sum: a receiver that sends a byte
    now and then would never be through.
    """
    signal.setitimer(signal.ITIMER_REAL, timeout_s + 1)
    try:
        return deliver(parcel)
    except TimeoutError:
        return later(f"did not answer within {timeout_s:g} s")
    except Exception as error:  # noqa: BLE001 - any fault of a library is a failed delivery
        return later(f"could not be told: {type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_readable(channel: socket.socket) -> bool:
    poller = select.poll()
    poller.register(channel, select.POLLIN)
    return bool(poller.poll(0))


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End, by way of everybody's `finally`."""
    sys.exit(0)


def _too_late(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError

"""Send a test notice to every receiver, and hear what each says."""

import select
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ytaudio_daemon.notify import notices
from ytaudio_daemon.notify.delivery.launcher import Courier
from ytaudio_daemon.notify.delivery.result import Answer, later
from ytaudio_daemon.notify.message_builders import message
from ytaudio_daemon.notify.notices import Terms
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.sender import MARGIN_S


def try_all(
    receivers: Sequence[Receiver], terms: Terms, wall: float
) -> Iterator[tuple[Receiver, Answer]]:
    """Yield what each receiver says, in their order; all are tried at once.

    Args:
        receivers: Whom to try.
        terms: What the notice says of this machine.
        wall: Now, seconds since 1970 UTC.
    """
    began = time.monotonic()
    under_way = [(receiver, _sent(receiver, terms, wall)) for receiver in receivers]
    try:
        for receiver, courier in under_way:
            if isinstance(courier, Answer):
                yield receiver, courier
            else:
                until = began + receiver.task.timeout_s + MARGIN_S
                yield receiver, _heard(courier, until)
    finally:
        _end([c for _, c in under_way if isinstance(c, Courier)])


def _sent(receiver: Receiver, terms: Terms, wall: float) -> Courier | Answer:
    try:
        courier = Courier(receiver.task)
    except OSError as error:
        return later(f"cannot be tried: no process can be started: {error}")
    courier.send(1, _parcel(receiver, terms, wall))
    return courier


def _parcel(receiver: Receiver, terms: Terms, wall: float) -> Mapping[str, Any]:
    if receiver.is_person:
        return message(f"ytaudio on {terms.host}", notices.TEST_WORDS, "info")
    return notices.of_test(wall, terms)


def _heard(courier: Courier, until: float) -> Answer:
    """Wait for the answer, as long as that may take."""
    poller = select.poll()
    poller.register(courier.fileno(), select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        poller.poll(left * 1000)
        for _, answer in courier.answers():
            return answer
    return later("did not answer")


def _end(couriers: Sequence[Courier]) -> None:
    for courier in couriers:
        courier.leave(time.monotonic(), at_once=True)
    while not all(courier.is_gone(time.monotonic()) for courier in couriers):
        time.sleep(0.01)
    for courier in couriers:
        courier.close()

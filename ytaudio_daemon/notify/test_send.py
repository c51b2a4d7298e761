"""Send a test notice to every receiver, and hear what each says."""

import select
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ytaudio_daemon.notify import notices
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.notify.message_builders import message_body
from ytaudio_daemon.notify.notices import NoticeContext
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.sender import TIMEOUT_MARGIN_S


def send_test_notices(
    receivers: Sequence[Receiver], notice_context: NoticeContext, wall: float
) -> Iterator[tuple[Receiver, DeliveryResult]]:
    """Yield what each receiver says, in their order; all are tried at once.

    Args:
        receivers: Whom to try.
        notice_context: What the notice says of this machine.
        wall: Now, seconds since 1970 UTC.
    """
    began = time.monotonic()
    under_way = [
        (receiver, _start_test(receiver, notice_context, wall))
        for receiver in receivers
    ]
    try:
        for receiver, delivery_process in under_way:
            if isinstance(delivery_process, DeliveryResult):
                yield receiver, delivery_process
            else:
                until = began + receiver.target.timeout_s + TIMEOUT_MARGIN_S
                yield receiver, _wait_for_result(delivery_process, until)
    finally:
        _stop_all([c for _, c in under_way if isinstance(c, DeliveryProcess)])


def _start_test(
    receiver: Receiver, notice_context: NoticeContext, wall: float
) -> DeliveryProcess | DeliveryResult:
    try:
        delivery_process = DeliveryProcess(receiver.target)
    except OSError as error:
        return retry_later(f"cannot be tried: no process can be started: {error}")
    delivery_process.send(1, _test_body(receiver, notice_context, wall))
    return delivery_process


def _test_body(
    receiver: Receiver, notice_context: NoticeContext, wall: float
) -> Mapping[str, Any]:
    if receiver.gets_digest:
        return message_body(
            f"ytaudio on {notice_context.host}", notices.TEST_MESSAGE, "info"
        )
    return notices.test_notice(wall, notice_context)


def _wait_for_result(delivery_process: DeliveryProcess, until: float) -> DeliveryResult:
    """Wait for the answer, as long as that may take."""
    poller = select.poll()
    poller.register(delivery_process.fileno(), select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        poller.poll(left * 1000)
        for _, result in delivery_process.results():
            return result
    return retry_later("did not answer")


def _stop_all(delivery_processes: Sequence[DeliveryProcess]) -> None:
    for delivery_process in delivery_processes:
        delivery_process.stop(time.monotonic(), at_once=True)
    while not all(
        delivery_process.is_gone(time.monotonic())
        for delivery_process in delivery_processes
    ):
        time.sleep(0.01)
    for delivery_process in delivery_processes:
        delivery_process.close()

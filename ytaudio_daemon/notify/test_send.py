"""Sends a test notice to every receiver, for `ytaudio notify test`."""

import select
import time
from collections.abc import Iterator, Sequence

from ytaudio_daemon.notify import notices
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.notify.message_builders import Body, message_body
from ytaudio_daemon.notify.notices import NoticeContext
from ytaudio_daemon.notify.receivers import Receiver

#: Milliseconds between two checks of a process's time limit.
_POLL_INTERVAL_MS = 100


def send_test_notices(
    receivers: Sequence[Receiver], notice_context: NoticeContext, wall: float
) -> Iterator[tuple[Receiver, DeliveryResult]]:
    """Send to all receivers at once; yield each one's result, in their order.

    Args:
        receivers: The receivers to test.
        notice_context: Has the machine's name.
        wall: Now, seconds since 1970 UTC.
    """
    started = [
        (receiver, _start(receiver, _test_body(receiver, notice_context, wall)))
        for receiver in receivers
    ]
    processes = [one for _, one in started if isinstance(one, DeliveryProcess)]
    try:
        for receiver, process in started:
            yield receiver, _result_of(process)
    finally:
        for process in processes:
            process.stop(time.monotonic())
        for process in processes:
            _wait_for_end(process)


def _start(receiver: Receiver, body: Body) -> DeliveryProcess | DeliveryResult:
    try:
        return DeliveryProcess(receiver.target, [body], time.monotonic())
    except OSError as error:
        return retry_later(f"cannot be tried: no process can be started: {error}")


def _test_body(receiver: Receiver, notice_context: NoticeContext, wall: float) -> Body:
    if receiver.gets_digest:
        title = f"ytaudio on {notice_context.host}"
        return message_body(title, notices.TEST_MESSAGE, "info")
    return notices.test_notice(wall, notice_context)


def _result_of(process: DeliveryProcess | DeliveryResult) -> DeliveryResult:
    if isinstance(process, DeliveryResult):
        return process
    results = _wait_for_end(process)
    return results[0] if results else retry_later("did not answer")


def _wait_for_end(process: DeliveryProcess) -> list[DeliveryResult]:
    """Return the results of a process; waits at most for its time limit."""
    results: list[DeliveryResult] = []
    poller = select.poll()
    poller.register(process.fileno(), select.POLLIN)
    while not process.has_ended:
        poller.poll(_POLL_INTERVAL_MS)
        results += process.poll(time.monotonic())
    return results

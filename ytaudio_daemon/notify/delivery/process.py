"""The delivery process: delivers a batch of messages, one after the other, and exits.

Standard input holds a JSON line with the target and one for each message. Each message
that was attempted gets a JSON line on standard output, a `DeliveryResult`. The first
failure ends the batch.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from ytaudio_daemon.notify.delivery.redact import redacted, secrets_of
from ytaudio_daemon.notify.delivery.result import DeliveryResult, retry_later
from ytaudio_daemon.system import linux

#: No message is begun later than this many seconds after the start, so that what is new
#: (the daemon is degraded) does not wait for 200 runs of a slow command.
BATCH_S = 10.0

Deliver = Callable[[Mapping[str, Any]], DeliveryResult]


def main() -> int:
    """Deliver the batch; return the exit status, 1 when a delivery failed."""
    signal.signal(signal.SIGTERM, _on_sigterm)
    signal.signal(signal.SIGALRM, _on_sigalrm)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    target, *messages = map(json.loads, sys.stdin.buffer)
    results = _detach_stdio()
    linux.die_with_parent(signal.SIGTERM)
    linux.become_subreaper()
    linux.set_process_name("ytaudio-notify")
    if os.getppid() != target["parent"]:  # it ended before `die_with_parent`
        return 0
    try:
        return _deliver_all(target, messages, results)
    except (BrokenPipeError, SystemExit):  # the parent has gone, or asked us to stop
        return 0
    finally:
        # SIGTERM may come right after a fork, before the child's pid is known here.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        linux.kill_descendants()


def _detach_stdio() -> int:
    """Return the descriptor for results; libraries and commands get /dev/null."""
    results = os.dup(1)  # closed at an exec (PEP 446)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return results


def _deliver_all(
    target: Mapping[str, Any], messages: list[Mapping[str, Any]], results: int
) -> int:
    end = time.monotonic() + BATCH_S
    # The name of a command is no secret; its arguments may be.
    first = 1 if target["method"] == "command" else 0
    secrets = secrets_of(target["address"][first:])
    deliver = _delivery_function(target)
    for message in messages:
        result = _deliver_with_timeout(deliver, message, target["timeout_s"])
        words = result.to_json() | {"said": redacted(result.said, secrets)}
        # Shorter than PIPE_BUF, so the line arrives whole or not at all (pipe(7)).
        os.write(results, json.dumps(words).encode() + b"\n")
        if not result.ok:
            return 1
        if time.monotonic() >= end:
            break
    return 0


def _delivery_function(target: Mapping[str, Any]) -> Deliver:
    """Return the function that delivers to the target."""
    # Only the target's module is imported: Apprise alone takes 20 MB.
    address, timeout_s = target["address"], target["timeout_s"]
    match target["method"]:
        case "webhook":
            from ytaudio_daemon.notify.delivery import webhook  # noqa: PLC0415

            opener = webhook.new_opener()
            return lambda message: webhook.deliver(
                opener, address[0], message, timeout_s
            )
        case "command":
            from ytaudio_daemon.notify.delivery import command  # noqa: PLC0415

            return lambda message: command.deliver(address, message, timeout_s)
        case _:
            from ytaudio_daemon.notify.delivery import apprise_channel  # noqa: PLC0415

            apprise_channel.install_http_limits()
            return lambda message: apprise_channel.deliver(address[0], message)


def _deliver_with_timeout(
    deliver: Deliver, message: Mapping[str, Any], timeout_s: float
) -> DeliveryResult:
    """Deliver one message within `timeout_s`; any exception becomes a failed result.

    Each wait inside a library is bounded, but their sum is not: a receiver that sends a
    byte now and then would hold a delivery for ever.
    """
    signal.setitimer(signal.ITIMER_REAL, timeout_s + 1)
    try:
        return deliver(message)
    except TimeoutError:
        return retry_later(f"did not answer within {timeout_s:g} s")
    except Exception as error:  # noqa: BLE001 - any fault of a library is a failed delivery
        return retry_later(f"could not be notified: {type(error).__name__}: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    """Exit by an exception, so that every `finally` runs."""
    sys.exit(0)


def _on_sigalrm(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError

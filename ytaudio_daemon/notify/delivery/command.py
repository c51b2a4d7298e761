"""Delivers a notice to a command: JSON on its standard input, within a time limit.

Processes that the command started are killed when it ends: ten thousand notices must
not leave ten thousand processes behind.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ytaudio_daemon.notify.delivery.result import (
    DeliveryResult,
    delivered,
    rejected,
    retry_later,
)
from ytaudio_daemon.system.linux import PIPE_BYTES, kill_descendants, memory_file

#: The exit status that means "try again later" (EX_TEMPFAIL of sysexits(3)).
EX_TEMPFAIL = 75
#: The last bytes of the output that are kept.
TAIL_BYTES = 2048


def deliver(
    argv: Sequence[str], message: Mapping[str, Any], timeout_s: float
) -> DeliveryResult:
    """Run the command once.

    Args:
        argv: The program and its arguments; no shell.
        message: The notice.
        timeout_s: After so long the command is killed with all it started.
    """
    out, into = os.pipe2(os.O_CLOEXEC)
    try:
        process = _start(argv, message, into)
    except (OSError, ValueError) as error:
        os.close(out)
        return retry_later(
            f"cannot be started: {getattr(error, 'strerror', None) or error}"
        )
    finally:
        os.close(into)
    try:
        tail, has_ended = _read_output(process, out, time.monotonic() + timeout_s)
    finally:
        os.close(out)
        _kill_group(process)
    if not has_ended:
        return retry_later(f"was ended after {timeout_s:g} s")
    return result_of(process.returncode, _last_line(tail))


def result_of(status: int, last_line: str) -> DeliveryResult:
    """Return what an exit status means; negative: killed by that signal. Pure."""
    if status == 0:
        return delivered("ended with status 0")
    words = f"ended with status {status}"
    if status < 0:
        words = f"was killed by signal {-status}"
    said = f"{words}: {last_line}" if last_line else words
    return retry_later(said) if status == EX_TEMPFAIL else rejected(said)


def _start(
    argv: Sequence[str], message: Mapping[str, Any], output: int
) -> subprocess.Popen[bytes]:
    with memory_file(json.dumps(message).encode() + b"\n") as stdin:
        return subprocess.Popen(
            list(argv),
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd="/",
            process_group=0,
        )


def _read_output(
    process: subprocess.Popen[bytes], out: int, until: float
) -> tuple[bytes, bool]:
    """Read the output until the command ends; return its tail, and whether it ended.

    Processes that the command left behind may keep the pipe open; they are not waited
    for.
    """
    pidfd = os.pidfd_open(process.pid)
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    poller.register(out, select.POLLIN)
    tail = b""
    try:
        while (left := until - time.monotonic()) > 0:
            ready = dict(poller.poll(left * 1000))
            if ready.get(out, 0) & select.POLLIN:
                tail = (tail + os.read(out, PIPE_BYTES))[-TAIL_BYTES:]
            elif out in ready:  # closed by every writer
                poller.unregister(out)
            if pidfd in ready:
                return tail, True
    finally:
        os.close(pidfd)
    return tail, False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the rest of the command's process group, then what had left the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kill_descendants()


def _last_line(tail: bytes) -> str:
    lines = tail.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""

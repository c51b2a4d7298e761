"""Deliver a notice to a command: JSON on its standard input, and a deadline.

What the command started ends with it: ten thousand notices must not leave ten thousand
processes behind.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import Any

from ytaudio_daemon.notify.delivery.descendants import kill_descendants
from ytaudio_daemon.notify.delivery.result import (
    DeliveryResult,
    delivered,
    rejected,
    retry_later,
)

#: The exit status that says "try again later" (EX_TEMPFAIL of sysexits(3)).
EX_TEMPFAIL = 75
#: The end of its output that is looked at, in bytes.
TAIL_BYTES = 2048
#: All that a pipe holds (pipe(7)), in bytes.
_PIPE_BYTES = 65536


def deliver(
    argv: Sequence[str], message: Mapping[str, Any], timeout_s: float
) -> DeliveryResult:
    """Run the command once.

    Args:
        argv: The program and its arguments; no shell.
        message: The notice.
        timeout_s: It is killed with all it started after so long.
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
        tail, ended = _read_output(process, out, time.monotonic() + timeout_s)
    finally:
        os.close(out)
        _kill_group(process)
    if not ended:
        return retry_later(f"was ended after {timeout_s:g} s")
    return result_of(process.returncode, _last_line(tail))


def result_of(status: int, last_line: str) -> DeliveryResult:
    """Return what a command's end means; negative: killed by that signal. Pure."""
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
    """Start it; the notice lies in a file, so that it need not be read."""
    with closing(_NoticeFile(message)) as notice:
        return subprocess.Popen(
            list(argv),
            stdin=notice.fd,
            stdout=output,
            stderr=output,
            cwd="/",
            process_group=0,
        )


class _NoticeFile:
    """A notice as a file in memory, for a command's standard input."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.fd = os.memfd_create("notice", os.MFD_CLOEXEC)
        os.write(self.fd, json.dumps(message).encode() + b"\n")
        os.lseek(self.fd, 0, os.SEEK_SET)

    def close(self) -> None:
        """Close our side of it."""
        os.close(self.fd)


def _read_output(
    process: subprocess.Popen[bytes], out: int, until: float
) -> tuple[bytes, bool]:
    """Read the output until the command ends; return its tail, and whether it did."""
    pidfd = os.pidfd_open(process.pid)
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    poller.register(out, select.POLLIN)
    tail = b""
    try:
        while (left := until - time.monotonic()) > 0:
            ready = dict(poller.poll(left * 1000))
            if ready.get(out, 0) & select.POLLIN:
                tail = (tail + os.read(out, _PIPE_BYTES))[-TAIL_BYTES:]
            elif out in ready:  # nobody writes any more
                poller.unregister(out)
            if pidfd in ready:
                return tail, True
    finally:
        os.close(pidfd)
    return tail, False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the command's group, then what left the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kill_descendants()


def _last_line(tail: bytes) -> str:
    lines = tail.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""

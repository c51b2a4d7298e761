"""The worker: a forked child of the template that runs one attempt and exits."""

import os
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import NoReturn, Protocol

from ytaudio_daemon.model import (
    Failure,
    FailureKind,
    FetchRequest,
    ListedPage,
    ListRequest,
    Outcome,
    Progress,
)
from ytaudio_daemon.pool.requests import request_from_json
from ytaudio_daemon.system import linux, protocol

#: Seconds between two progress messages of one phase.
PROGRESS_INTERVAL_S = 0.5
#: Characters of a log tail that are kept; 32 KiB at the very most.
LOG_TAIL_CHARS = 8_000
#: Characters of any other text of an outcome.
TEXT_CHARS = 1_000


class WorkerEntryPoint(Protocol):
    """The module that does the work; `ytaudio_daemon.fetch` is one."""

    def preload(self) -> None:
        """Import and prepare, in the template, what every attempt needs."""

    def run(self, request: FetchRequest, reporter: "SocketReporter") -> Outcome:
        """Run one attempt, in the worker."""

    def list_entries(self, request: ListRequest, reporter: "SocketReporter") -> Outcome:
        """List one collection, in the worker."""


class SocketReporter:
    """Sends a running attempt's messages to the daemon.

    Args:
        channel: The attempt's own socket.
        clock: Monotonic seconds.
    """

    def __init__(
        self, channel: socket.socket, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._phase = ""
        self._sent_at = 0.0
        self._has_converter = False

    def progress(self, progress: Progress) -> None:
        """Send a progress report: of a new phase always, else at most twice a second.

        Never waits: a report is dropped while the socket is full.
        """
        now = self._clock()
        repeated = progress.phase == self._phase
        if repeated and now - self._sent_at < PROGRESS_INTERVAL_S:
            return
        message = protocol.encode(
            "progress", progress=asdict(_with_whole_bytes(progress))
        )
        try:
            self._channel.send(message, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionError:
            _exit_silently()
        self._phase, self._sent_at = progress.phase, now

    def page(self, page: ListedPage) -> None:
        """Send a page of a listing; waits while the daemon has not read the last ones."""
        try:
            self._channel.send(protocol.encode("page", page=page.to_json()))
        except ConnectionError:
            _exit_silently()

    def wait_for_converter_slot(self) -> None:
        """Hand back the download slot and wait for a converter slot, kept to the end."""
        if self._has_converter:
            return
        try:
            self._channel.send(protocol.encode("converter"))
            answer = self._channel.recv(protocol.MAX_MESSAGE)
        except ConnectionError:
            _exit_silently()
        if not answer:
            _exit_silently()
        self._has_converter = True


def run_in_child(
    channel: socket.socket, entry: WorkerEntryPoint, payload: bytes, template: int
) -> NoReturn:
    """Run one attempt in this freshly forked process, send its outcome, and exit.

    Args:
        channel: The attempt's socket.
        entry: The preloaded module.
        payload: The request as JSON.
        template: The pid of the template.
    """
    # First of all, so that the daemon knows the pid of anything that could start
    # an ffmpeg: until setsid the template's group covers it, then its own does.
    channel.send(protocol.encode("hello", pid=os.getpid()))
    os.setsid()
    linux.die_with_parent()
    if os.getppid() != template:  # it died before the line above took effect
        _exit_silently()
    linux.raise_oom_score()
    linux.set_process_name("ytaudio-worker")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    outcome = _run_entry_point(entry, payload, SocketReporter(channel))
    try:
        channel.send(encode_outcome(outcome))
    except ConnectionError:
        _exit_silently()
    os._exit(0)  # no interpreter teardown: 10 ms saved, and nothing to flush


def encode_outcome(outcome: Outcome) -> bytes:
    """Encode an outcome's message; its texts are cut so that it fits."""
    failure = outcome.failure
    if failure is not None:
        failure = replace(
            failure,
            message=failure.message[:TEXT_CHARS],
            hint=failure.hint[:TEXT_CHARS],
            log_tail=failure.log_tail[-LOG_TAIL_CHARS:],
        )
    message = _outcome_message(replace(outcome, failure=failure))
    if len(message) <= protocol.MAX_MESSAGE:
        return message
    text = f"the outcome takes {len(message)} bytes"
    return _outcome_message(
        Outcome(failure=_internal_failure("outcome_too_long", text))
    )


def _with_whole_bytes(progress: Progress) -> Progress:
    """Return the report with whole bytes: yt-dlp's estimates are fractions."""
    done, total = progress.downloaded_bytes, progress.total_bytes
    return replace(
        progress,
        downloaded_bytes=None if done is None else round(done),
        total_bytes=None if total is None else round(total),
    )


def _outcome_message(outcome: Outcome) -> bytes:
    return protocol.encode("outcome", outcome=outcome.to_json())


def _run_entry_point(
    entry: WorkerEntryPoint, payload: bytes, reporter: SocketReporter
) -> Outcome:
    try:
        request = request_from_json(protocol.load(payload))
    except (protocol.ProtocolError, TypeError, ValueError, KeyError) as error:
        return Outcome(failure=_internal_failure("bad_request", str(error)))
    linux.lower_priority(request.limits.nice)
    try:
        if isinstance(request, ListRequest):
            return entry.list_entries(request, reporter)
        return entry.run(request, reporter)
    except Exception as error:  # noqa: BLE001 - `run` never raises; a bug is reported
        failure = _internal_failure(
            "internal_error", f"{type(error).__name__}: {error}"
        )
        return Outcome(failure=replace(failure, log_tail=traceback.format_exc()))


def _internal_failure(code: str, text: str) -> Failure:
    message = f"A fault in this program: {text}"[:TEXT_CHARS]
    hint = "Please report it, with the log tail that `ytaudio show` prints."
    return Failure(kind=FailureKind.UNKNOWN, code=code, message=message, hint=hint)


def _exit_silently() -> NoReturn:
    """Exit at once: the daemon or template is gone, and this process group is being killed."""
    os._exit(1)

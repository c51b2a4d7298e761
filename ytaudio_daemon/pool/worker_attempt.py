"""The daemon's side of one attempt: its socket, its time limits, its messages."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from ytaudio_daemon.model import (
    AttemptRequest,
    Failure,
    ListedPage,
    ListRequest,
    Outcome,
    Progress,
)
from ytaudio_daemon.model.worker_values import check_types, storable
from ytaudio_daemon.pool import worker_failures
from ytaudio_daemon.pool.events import Event, Listed, Progressed, Started
from ytaudio_daemon.pool.page_sequence import PageSequence
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.timeouts import AttemptTimeouts
from ytaudio_daemon.system import protocol
from ytaudio_daemon.system.linux import oom_kill_count

#: A worker's messages: so many at once, then so many a second. It sends two a second
#: and one at each phase; the burst is more than its socket can hold (280), so that
#: no worker is blamed when the daemon itself did not run.
_MESSAGE_BURST = 400
_MESSAGES_PER_S = 8
#: Entries for each of which a listing may send another message: albums of a channel
#: come in pages of a few entries, all others in pages of 30 or more.
_ENTRIES_PER_MESSAGE = 4
#: Messages read from one worker before the others get their turn.
_MAX_MESSAGES_PER_READ = 32
#: 208 KiB of buffer (net.core.wmem_default), of which each message takes 768 bytes.
_DRAIN_LIMIT = 1000


class Stage(Enum):
    """How far an attempt has come."""

    #: Not ordered yet: the template warms up or is busy.
    QUEUED = auto()
    #: Ordered; the worker's first message has not come.
    ORDERED = auto()
    #: Holds a download slot (so do the two above).
    DOWNLOADING = auto()
    #: Handed its download slot back and waits for a converter slot.
    WAITING = auto()
    #: Holds a converter slot, to its end.
    CONVERTING = auto()


@dataclass(slots=True, kw_only=True, eq=False)
class WorkerAttempt:
    """A started attempt that has not ended.

    Attributes:
        ticket: The attempt's number in orders to the template; never used twice.
        channel: Our end of its socket, non-blocking.
        worker_socket: The worker's end, until the template has it.
        template: The one that was ordered to fork its worker.
        kill_reason: Why its worker is being killed, or None.
        kill_ordered: The template has the order to kill the worker.
        is_disconnected: The worker's end is closed.
        waiting_since: When it asked for a converter slot; monotonic seconds.
        oom_kills_before: Processes killed because memory ran out, before it began.
    """

    request: AttemptRequest
    ticket: int
    payload: bytes
    channel: socket.socket
    worker_socket: socket.socket
    stage: Stage = Stage.QUEUED
    template: TemplateProcess | None = None
    pid: int | None = None
    timeouts: AttemptTimeouts | None = None
    outcome: Outcome | None = None
    kill_reason: Failure | None = None
    kill_ordered: bool = False
    is_disconnected: bool = False
    waiting_since: float = 0.0
    oom_kills_before: int | None = field(default_factory=oom_kill_count)
    _progress: Progress | None = None
    _pages: PageSequence | None = None
    _message_budget: float = _MESSAGE_BURST
    _budget_updated_at: float | None = field(default=None)

    def __post_init__(self) -> None:
        if isinstance(self.request, ListRequest):
            self._pages = PageSequence(self.request)
            self._message_budget += self.request.max_entries / _ENTRIES_PER_MESSAGE

    def order_worker(self, template: TemplateProcess) -> None:
        """Order a worker from the template; stays queued if the control socket is full."""
        if template.fork(self.ticket, self.payload, self.worker_socket):
            self.worker_socket.close()
            self.payload = b""
            self.template, self.stage = template, Stage.ORDERED

    def kill_with(self, kill_reason: Failure) -> None:
        """Order the worker's death; the first reason is kept."""
        self.kill_reason = self.kill_reason or kill_reason
        if self.template is not None and not self.kill_ordered:
            self.kill_ordered = self.template.kill(self.ticket)

    def death_reason(self, exit_code: int) -> Failure:
        """Return why its worker is dead: why we killed it, or what its status means."""
        memory_ran_out = oom_kill_count() != self.oom_kills_before
        return self.kill_reason or worker_failures.worker_died(
            exit_code, memory_ran_out=memory_ran_out
        )

    def enforce_timeouts(self, now: float) -> None:
        """Order the death of a worker whose time is up; repeated until the order is sent."""
        kill_reason = self.kill_reason or (self.timeouts and self.timeouts.expired(now))
        if kill_reason:
            self.kill_with(kill_reason)

    def awaits_template(self) -> bool:
        """Return whether a reply of the template is due: to a fork, a kill, or a death."""
        return self.stage is Stage.ORDERED or self.kill_ordered or self.is_disconnected

    def read_events(
        self, now: float, at_most: int = _MAX_MESSAGES_PER_READ
    ) -> Iterator[Event]:
        """Yield the events of the worker's messages.

        A worker that sends too many, or any that are not of the protocol, is killed.
        """
        for _ in range(at_most):
            try:
                message = protocol.receive(self.channel)
            except BlockingIOError:
                return
            except (protocol.ProtocolError, OSError) as error:
                self.kill_with(worker_failures.misbehaved(f"spoke garbage ({error})"))
                return
            if message is None:
                self.is_disconnected = True
                return
            self._spend_message_budget(now)
            yield from self._handle(message, now)

    def drain_events(self, now: float) -> Iterator[Event]:
        """Yield the events of a dead worker's last messages."""
        yield from self.read_events(now, _DRAIN_LIMIT)

    def grant_converter(self, now: float) -> None:
        """Give the worker a converter slot."""
        with suppress(ConnectionError):  # it just died; the template will report it
            self.channel.send(protocol.encode("go"))
        if self.timeouts is not None:
            self.timeouts.resume(now)
        self.stage = Stage.CONVERTING

    def close(self) -> None:
        """Close both ends of the attempt's socket."""
        self.channel.close()
        self.worker_socket.close()

    def failed_outcome(self, failure: Failure) -> Outcome:
        """Return the outcome of an attempt whose worker sent none."""
        last = self._progress
        facts = self.template.facts if self.template is not None else None
        return Outcome(
            failure=failure,
            downloaded_bytes=(last.downloaded_bytes or 0) if last else 0,
            engine=facts.yt_dlp if facts else "",
            title=last.title if last else None,
        )

    def _spend_message_budget(self, now: float) -> None:
        since = now if self._budget_updated_at is None else self._budget_updated_at
        self._budget_updated_at = now
        earned = (now - since) * _MESSAGES_PER_S
        full = max(_MESSAGE_BURST, self._message_budget)
        self._message_budget = min(full, self._message_budget + earned) - 1
        if self._message_budget < 0:
            self.kill_with(
                worker_failures.misbehaved("sent the daemon too many messages")
            )

    def _handle(self, message: dict[str, object], now: float) -> Iterator[Event]:
        try:
            yield from self._apply_message(message, now)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self.kill_with(worker_failures.misbehaved(f"spoke garbage ({error})"))

    def _apply_message(self, message: dict[str, object], now: float) -> Iterator[Event]:
        key, number = self.request.key, self.request.attempt
        match message:
            case {"kind": "hello", "pid": int(pid)} if self.pid is None:
                self.pid, self.stage = pid, Stage.DOWNLOADING
                self.timeouts = AttemptTimeouts(self.request.limits, now)
                yield Started(key=key, attempt=number, pid=pid)
            case {"kind": "progress"} if self.kill_reason:
                pass  # a worker that is being killed makes no progress
            case {"kind": "progress", "progress": dict(fields)} if self.timeouts:
                progress = Progress(**storable(fields))
                check_types(progress)
                self._progress = progress
                self.timeouts.on_progress(progress, now)
                yield Progressed(key=key, attempt=number, progress=progress)
            case {"kind": "page"} if self.kill_reason:
                pass
            case {"kind": "page", "page": dict(data)} if self.timeouts and self._pages:
                page = ListedPage.from_json(data)
                self._pages.add(page)
                self.timeouts.on_page(now)
                yield Listed(key=key, attempt=number, page=page)
            case {"kind": "converter"} if self.timeouts and not self._pages:
                self.stage, self.waiting_since = Stage.WAITING, now
                self.timeouts.pause(now)
            case {"kind": "outcome", "outcome": dict(data)}:
                self.outcome = Outcome.from_json(data)
            case _:
                raise ValueError("unknown message")

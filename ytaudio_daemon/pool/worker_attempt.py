"""One attempt as the daemon sees it: its socket, its clocks, what it has said."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from ytaudio_daemon.model import Failure, FetchRequest, Outcome, Progress
from ytaudio_daemon.pool import validate, worker_failures
from ytaudio_daemon.pool.events import Event, Progressed, Started
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.timeouts import Patience
from ytaudio_daemon.system import protocol

#: A worker's messages: so many at once, then so many a second. It says two a second
#: and one at each phase; the burst is more than its socket can hold (280), so that
#: nobody is blamed when we slept ourselves.
_BURST = 400
_RATE_HZ = 8
#: Messages read from one worker before the others get their turn.
_MESSAGES_A_TURN = 32
#: 208 KiB of buffer (net.core.wmem_default), of which each message takes 768 bytes.
_MORE_THAN_A_SOCKET_HOLDS = 1000


class Stage(Enum):
    """How far an attempt has come."""

    #: Not ordered yet: the template warms up or is busy.
    QUEUED = auto()
    #: Ordered; the worker has not said hello.
    ORDERED = auto()
    #: Holds a download slot (so do the two above).
    DOWNLOADING = auto()
    #: Handed its download slot back and waits for a converter slot.
    WAITING = auto()
    #: Holds a converter slot, to its end.
    CONVERTING = auto()


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """A started attempt that has not ended.

    Attributes:
        ticket: Names it to the template; never used twice.
        channel: Our end of its socket, non-blocking.
        far: The worker's end, until the template has it.
        template: Whose worker runs it, once ordered.
        verdict: Why it is being killed, once it is.
        kill_ordered: The template was told so.
        hung_up: The worker's end is closed.
        waiting_since: When it asked for a converter slot.
    """

    request: FetchRequest
    ticket: int
    payload: bytes
    channel: socket.socket
    far: socket.socket
    stage: Stage = Stage.QUEUED
    template: TemplateProcess | None = None
    pid: int | None = None
    patience: Patience | None = None
    outcome: Outcome | None = None
    verdict: Failure | None = None
    kill_ordered: bool = False
    hung_up: bool = False
    waiting_since: float = 0.0
    _progress: Progress | None = None
    _credit: float = _BURST
    _credit_at: float | None = field(default=None)

    def order(self, template: TemplateProcess) -> None:
        """Have a worker forked, if the template takes the order now."""
        if template.fork(self.ticket, self.payload, self.far):
            self.far.close()
            self.payload = b""
            self.template, self.stage = template, Stage.ORDERED

    def condemn(self, verdict: Failure) -> None:
        """Have the worker killed; the first verdict stands."""
        self.verdict = self.verdict or verdict
        if self.template is not None and not self.kill_ordered:
            self.kill_ordered = self.template.kill(self.ticket)

    def judge(self, now: float) -> None:
        """Condemn a worker whose time is up; order its death until that is taken."""
        verdict = self.verdict or (self.patience and self.patience.verdict(now))
        if verdict:
            self.condemn(verdict)

    def awaits_template(self) -> bool:
        """Tell whether the template owes an answer: a hello, a death, a reaping."""
        return self.stage is Stage.ORDERED or self.kill_ordered or self.hung_up

    def hear(self, now: float, at_most: int = _MESSAGES_A_TURN) -> Iterator[Event]:
        """Read what the worker says; a garbled or flooding one is condemned."""
        for _ in range(at_most):
            try:
                message = protocol.receive(self.channel)
            except BlockingIOError:
                return
            except (protocol.GarbageError, OSError) as error:
                self.condemn(worker_failures.misbehaved(f"spoke garbage ({error})"))
                return
            if message is None:
                self.hung_up = True
                return
            self._charge(now)
            yield from self._heed(message, now)

    def hear_out(self, now: float) -> Iterator[Event]:
        """Read the last words of a dead worker."""
        yield from self.hear(now, _MORE_THAN_A_SOCKET_HOLDS)

    def grant_converter(self, now: float) -> None:
        """Let the worker convert."""
        with suppress(ConnectionError):  # it just died; the template will say so
            self.channel.send(protocol.encode("go"))
        if self.patience is not None:
            self.patience.goes_on(now)
        self.stage = Stage.CONVERTING

    def close(self) -> None:
        """Close both ends."""
        self.channel.close()
        self.far.close()

    def failed(self, failure: Failure) -> Outcome:
        """Return the outcome of an attempt that did not say its own."""
        said = self._progress
        facts = self.template.facts if self.template is not None else None
        return Outcome(
            failure=failure,
            downloaded_bytes=(said.downloaded_bytes or 0) if said else 0,
            engine=facts.yt_dlp if facts else "",
            title=said.title if said else None,
        )

    def _charge(self, now: float) -> None:
        since = now if self._credit_at is None else self._credit_at
        self._credit_at = now
        self._credit = min(_BURST, self._credit + (now - since) * _RATE_HZ) - 1
        if self._credit < 0:
            self.condemn(worker_failures.misbehaved("flooded the daemon with messages"))

    def _heed(self, message: dict[str, object], now: float) -> Iterator[Event]:
        try:
            yield from self._understand(message, now)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self.condemn(worker_failures.misbehaved(f"spoke garbage ({error})"))

    def _understand(self, message: dict[str, object], now: float) -> Iterator[Event]:
        key, number = self.request.key, self.request.attempt
        match message:
            case {"kind": "hello", "pid": int(pid)} if self.pid is None:
                self.pid, self.stage = pid, Stage.DOWNLOADING
                self.patience = Patience(self.request.limits, now)
                yield Started(key=key, attempt=number, pid=pid)
            case {"kind": "progress"} if self.verdict:
                pass  # a condemned one's chatter interests nobody
            case {"kind": "progress", "progress": dict(said)} if self.patience:
                progress = Progress(**said)
                validate.check(progress)
                self._progress = progress
                self.patience.saw(progress, now)
                yield Progressed(key=key, attempt=number, progress=progress)
            case {"kind": "converter"} if self.patience:
                self.stage, self.waiting_since = Stage.WAITING, now
                self.patience.waits(now)
            case {"kind": "outcome", "outcome": dict(said)}:
                outcome = Outcome.from_json(said)
                validate.check(outcome)
                self.outcome = outcome
            case _:
                raise ValueError("unknown message")

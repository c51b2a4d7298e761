"""Orders the workers of attempts from templates and ends every attempt exactly once."""

import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any

from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.model import AttemptRequest, Failure, Outcome
from ytaudio_daemon.pool import worker_failures
from ytaudio_daemon.pool.events import Ended, Event, Started, TemplateFacts
from ytaudio_daemon.pool.reaper import Reaper
from ytaudio_daemon.pool.registry import AttemptRegistry
from ytaudio_daemon.pool.template_pool import TemplatePool
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.worker_attempt import Stage, WorkerAttempt
from ytaudio_daemon.system import protocol

#: Seconds until a full control socket is tried again, or killed processes are reaped.
_RETRY_S = 0.01
#: Seconds that `close` waits for killed processes to be reaped.
_REAP_TIMEOUT_S = 1.0


class WorkerSupervisor:
    """Orders workers, enforces their limits, and ends every attempt exactly once.

    Args:
        epoll: Where all sockets are registered.
        registry: The attempts.
        templates: The templates.
    """

    def __init__(
        self, epoll: select.epoll, registry: AttemptRegistry, templates: TemplatePool
    ) -> None:
        self._epoll = epoll
        self._registry = registry
        self._templates = templates
        self._reaper = Reaper()
        self._events: list[Event] = []
        self._is_closing = False
        #: Why the last template could not warm up, or "".
        self.template_error = ""

    def start(self, request: AttemptRequest) -> None:
        """Register an attempt and order its worker, now or when the template is ready."""
        try:
            attempt = self._registry.add(request)
        except OSError as error:
            outcome = Outcome(failure=worker_failures.fork_refused(error.errno or 0))
            self._emit_end(request, outcome, worker_crashed=False)
            return
        if len(attempt.payload) > protocol.MAX_REQUEST:
            self._end(attempt, worker_failures.request_too_big(len(attempt.payload)))
            return
        self._templates.retire_outdated()
        self._order_queued()

    def kill(self, attempt: WorkerAttempt) -> None:
        """Kill an attempt's worker."""
        attempt.kill_with(worker_failures.KILLED)
        if attempt.stage is Stage.QUEUED:
            self._end(attempt, worker_failures.KILLED)

    def run_once(self, now: float) -> None:
        """Read all messages, order queued workers, kill overdue ones."""
        for fd, _ in self._epoll.poll(0):
            self._read(fd, now)
        self._order_queued()
        for attempt in self._registry:
            attempt.enforce_timeouts(now)
        self._kill_hung_templates(now)
        self._reaper.reap(now)

    def pop_events(self) -> list[Event]:
        """Return and forget the events since the last call."""
        events, self._events = self._events, []
        return events

    def due_times(self, now: float) -> list[float]:
        """Return when `run_once` has something to do if no message comes before."""
        due = self._templates.due_times() + self._registry.due_times()
        if self._events:
            due.append(now)
        if self._reaper or self._has_unsent_orders():
            due.append(now + _RETRY_S)
        return due

    def shut_down(self, grace: float) -> None:
        """Kill all workers and templates and wait until they are reaped."""
        began = time.monotonic()
        self._is_closing = True
        for template in self._templates.all():
            template.request_exit()
        for template in self._templates.all():
            if template.facts:  # one that still warms up has no worker to kill
                with suppress(subprocess.TimeoutExpired):
                    left = began + grace - time.monotonic()
                    template.process.wait(max(0.0, left))
            self._kill_template(template, began)
        for attempt in self._registry:
            self._registry.remove(attempt)
        end = time.monotonic() + _REAP_TIMEOUT_S
        while self._reaper and time.monotonic() < end:
            time.sleep(0.001)
            self._reaper.reap(began)

    def _read(self, fd: int, now: float) -> None:
        if (template := self._templates.by_fd(fd)) is not None:
            for message in template.messages():
                self._handle(template, message, now)
        elif (attempt := self._registry.by_fd(fd)) is not None:
            for event in attempt.read_events(now):
                self._events.append(event)
                if isinstance(event, Started) and attempt.template is not None:
                    # The worker's first message shows that the order was carried out.
                    attempt.template.awaiting_reply_since = None
            if attempt.is_disconnected:
                self._registry.stop_listening(attempt)

    def _handle(
        self, template: TemplateProcess, message: dict[str, Any], now: float
    ) -> None:
        template.awaiting_reply_since = None
        match message:
            case {"kind": "ready", **facts}:
                template.facts = TemplateFacts(**facts)
                self.template_error = ""
            case {"kind": "failed", "message": str(text)}:
                self.template_error = template.startup_error = text
            case {"kind": "reaped", "ticket": int(ticket), "exit_code": int(code)}:
                self._end_reaped(ticket, code, now)
            case {"kind": "refused", "ticket": int(ticket), "errno": int(number)}:
                if (attempt := self._registry.by_ticket(ticket)) is not None:
                    self._end(attempt, worker_failures.fork_refused(number))
            case _:
                self._kill_template(template, now)

    def _end_reaped(self, ticket: int, exit_code: int, now: float) -> None:
        """End an attempt whose worker is dead and whose group was killed."""
        if (attempt := self._registry.by_ticket(ticket)) is not None:
            self._events += attempt.drain_events(now)
            failure = attempt.death_reason(exit_code)
            self._end(attempt, failure, worker_crashed=attempt.kill_reason is None)

    def _order_queued(self) -> None:
        queued = self._registry.queued()
        if not queued:
            return
        try:
            self._templates.ensure_started()
        except TemplateError as error:
            self._fail(queued, error.message)
            return
        if (template := self._templates.ready()) is not None:
            for attempt in queued:
                attempt.order_worker(template)

    def _kill_hung_templates(self, now: float) -> None:
        awaited = {a.template for a in self._registry if a.awaits_template()}
        for template in self._templates.enforce_timeouts(now, awaited):
            if not template.facts:
                template.startup_error = "it did not become ready in time"
            self._kill_template(template, now)

    def _kill_template(self, template: TemplateProcess, now: float) -> None:
        """Kill and reap a template that died or hangs; end the attempts of its workers."""
        self._templates.remove(template)
        template.kill_and_reap()
        orphans = self._registry.by_template(template)
        for attempt in orphans:
            self._events += attempt.drain_events(now)
        workers = [a.pid for a in orphans if a.pid is not None]
        self._reaper.kill_remains(template, workers, now)
        for attempt in orphans:
            self._end(attempt, attempt.kill_reason or worker_failures.TEMPLATE_DIED)
        if not template.facts and not self._is_closing:
            self._fall_back_to_installed(template)

    def _fall_back_to_installed(self, template: TemplateProcess) -> None:
        """Use the installed yt-dlp instead of one that cannot start, if one is selected."""
        reason = template.startup_error or "it died at its start"
        was_killed = template.process.returncode == -signal.SIGKILL
        if template.startup_error or not was_killed:  # else it may be good all the same
            reason = self._templates.fall_back_to_installed(template.ytdlp_path, reason)
        if reason:
            self._fail(self._registry.queued(), reason)
        else:
            with suppress(TemplateError):  # `_order_queued` ends each attempt with it
                self._templates.ensure_started()

    def _fail(self, attempts: list[WorkerAttempt], reason: str) -> None:
        self.template_error = reason
        for attempt in attempts:
            self._end(attempt, worker_failures.no_template(reason))

    def _end(
        self, attempt: WorkerAttempt, failure: Failure, *, worker_crashed: bool = False
    ) -> None:
        self._registry.remove(attempt)
        has_crashed = worker_crashed and attempt.outcome is None
        outcome = attempt.outcome or attempt.failed_outcome(failure)
        self._emit_end(attempt.request, outcome, worker_crashed=has_crashed)

    def _emit_end(
        self, request: AttemptRequest, outcome: Outcome, *, worker_crashed: bool
    ) -> None:
        key, number = request.key, request.attempt
        ended = Ended(
            key=key, attempt=number, outcome=outcome, worker_crashed=worker_crashed
        )
        self._events.append(ended)

    def _has_unsent_orders(self) -> bool:
        """Return whether an order must be repeated because the control socket was full."""
        unsent = any(a.kill_reason and not a.kill_ordered for a in self._registry)
        return unsent or bool(self._templates.ready() and self._registry.queued())

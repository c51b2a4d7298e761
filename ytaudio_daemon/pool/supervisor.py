"""Brings attempts and templates together, and sees every attempt to its end."""

import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import Any

from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.model import Failure, FetchRequest, Outcome
from ytaudio_daemon.pool import worker_failures
from ytaudio_daemon.pool.events import Ended, Event, Started, TemplateFacts
from ytaudio_daemon.pool.reaper import Graves
from ytaudio_daemon.pool.registry import Roster
from ytaudio_daemon.pool.template_pool import Templates
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.worker_attempt import Attempt, Stage
from ytaudio_daemon.system import protocol

#: Seconds until a full control socket or an open grave is looked at again.
_AGAIN_S = 0.01
#: Seconds that `close` waits for killed processes to be reaped.
_BURIAL_S = 1.0


class Dispatch:
    """Orders workers, judges them, and tells how each attempt ended, exactly once.

    Args:
        epoll: Where all sockets are registered.
        roster: The attempts.
        templates: The templates.
    """

    def __init__(
        self, epoll: select.epoll, roster: Roster, templates: Templates
    ) -> None:
        self._epoll = epoll
        self._roster = roster
        self._templates = templates
        self._graves = Graves()
        self._news: list[Event] = []
        self._is_closing = False
        #: Why the last template could not warm up, or "".
        self.trouble = ""

    def begin(self, request: FetchRequest) -> None:
        """Enter an attempt and order its worker, now or when the template is warm."""
        try:
            attempt = self._roster.enter(request)
        except OSError as error:
            outcome = Outcome(failure=worker_failures.refused(error.errno or 0))
            self._tell_end(request, outcome, by_itself=False)
            return
        if len(attempt.payload) > protocol.MAX_REQUEST:
            self._end(attempt, worker_failures.too_big(len(attempt.payload)))
            return
        self._templates.retire_outdated()
        self._order_queued()

    def stop(self, attempt: Attempt) -> None:
        """Have an attempt's worker killed."""
        attempt.condemn(worker_failures.KILLED)
        if attempt.stage is Stage.QUEUED:
            self._end(attempt, worker_failures.KILLED)

    def step(self, now: float) -> None:
        """Hear all, order what is queued, end what is overdue."""
        for fd, _ in self._epoll.poll(0):
            self._listen(fd, now)
        self._order_queued()
        for attempt in self._roster:
            attempt.judge(now)
        self._tend_templates(now)
        self._graves.reap(now)

    def take_news(self) -> list[Event]:
        """Return what has happened since the last time."""
        news, self._news = self._news, []
        return news

    def due(self, now: float) -> list[float]:
        """Return when `step` has something to do if nothing is heard until then."""
        due = self._templates.due() + self._roster.due()
        if self._news:
            due.append(now)
        if self._graves or self._is_held_up():
            due.append(now + _AGAIN_S)
        return due

    def end_all(self, grace: float) -> None:
        """Kill everything and wait until it is reaped."""
        began = time.monotonic()
        self._is_closing = True
        for template in self._templates.all():
            template.dismiss()
        for template in self._templates.all():
            if template.facts:  # one that still warms up has no worker to kill
                with suppress(subprocess.TimeoutExpired):
                    left = began + grace - time.monotonic()
                    template.process.wait(max(0.0, left))
            self._bury(template, began)
        for attempt in self._roster:
            self._roster.remove(attempt)
        end = time.monotonic() + _BURIAL_S
        while self._graves and time.monotonic() < end:
            time.sleep(0.001)
            self._graves.reap(began)

    def _listen(self, fd: int, now: float) -> None:
        if (template := self._templates.at(fd)) is not None:
            for message in template.messages():
                self._heed(template, message, now)
        elif (attempt := self._roster.at(fd)) is not None:
            for event in attempt.hear(now):
                self._news.append(event)
                if isinstance(event, Started) and attempt.template is not None:
                    attempt.template.asked_at = None  # the fork is its answer
            if attempt.hung_up:
                self._roster.mute(attempt)

    def _heed(
        self, template: TemplateProcess, message: dict[str, Any], now: float
    ) -> None:
        template.asked_at = None
        match message:
            case {"kind": "ready", **facts}:
                template.facts = TemplateFacts(**facts)
                self.trouble = ""
            case {"kind": "failed", "message": str(text)}:
                self.trouble = template.complaint = text
            case {"kind": "reaped", "ticket": int(ticket), "exit_code": int(code)}:
                self._finish(ticket, code, now)
            case {"kind": "refused", "ticket": int(ticket), "errno": int(number)}:
                if (attempt := self._roster.holding(ticket)) is not None:
                    self._end(attempt, worker_failures.refused(number))
            case _:
                self._bury(template, now)

    def _finish(self, ticket: int, exit_code: int, now: float) -> None:
        """End an attempt whose worker is dead and whose group was killed."""
        if (attempt := self._roster.holding(ticket)) is not None:
            self._news += attempt.hear_out(now)
            failure = attempt.verdict or worker_failures.died(exit_code)
            self._end(attempt, failure, by_itself=attempt.verdict is None)

    def _order_queued(self) -> None:
        queued = self._roster.queued()
        if not queued:
            return
        try:
            self._templates.warm()
        except TemplateError as error:
            self._fail(queued, error.message)
            return
        if (template := self._templates.ready()) is not None:
            for attempt in queued:
                attempt.order(template)

    def _tend_templates(self, now: float) -> None:
        awaited = {a.template for a in self._roster if a.awaits_template()}
        for template in self._templates.tend(now, awaited):
            if not template.facts:
                template.complaint = "it did not become ready in time"
            self._bury(template, now)

    def _bury(self, template: TemplateProcess, now: float) -> None:
        """End a template that died or hangs, and all its workers."""
        self._templates.forget(template)
        template.destroy()
        orphans = self._roster.of(template)
        for attempt in orphans:
            self._news += attempt.hear_out(now)
        workers = [a.pid for a in orphans if a.pid is not None]
        self._graves.bury(template, workers, now)
        for attempt in orphans:
            self._end(attempt, attempt.verdict or worker_failures.TEMPLATE_DIED)
        if not template.facts and not self._is_closing:
            self._go_without(template)

    def _go_without(self, template: TemplateProcess) -> None:
        """Try the installed engine in place of one that cannot start, if there is."""
        reason = template.complaint or "it died at its start"
        was_killed = template.process.returncode == -signal.SIGKILL
        if template.complaint or not was_killed:  # else it may be good all the same
            reason = self._templates.without(template.engine_path, reason)
        if reason:
            self._fail(self._roster.queued(), reason)
        else:
            with suppress(TemplateError):  # each attempt will be told why
                self._templates.warm()

    def _fail(self, attempts: list[Attempt], why: str) -> None:
        self.trouble = why
        for attempt in attempts:
            self._end(attempt, worker_failures.no_template(why))

    def _end(
        self, attempt: Attempt, failure: Failure, *, by_itself: bool = False
    ) -> None:
        self._roster.remove(attempt)
        said = attempt.outcome
        outcome = said or attempt.failed(failure)
        self._tell_end(attempt.request, outcome, by_itself=by_itself and said is None)

    def _tell_end(
        self, request: FetchRequest, outcome: Outcome, *, by_itself: bool
    ) -> None:
        key, number = request.key, request.attempt
        ended = Ended(key=key, attempt=number, outcome=outcome, by_itself=by_itself)
        self._news.append(ended)

    def _is_held_up(self) -> bool:
        """Tell whether an order must be repeated: the control socket was full."""
        unsent = any(a.verdict and not a.kill_ordered for a in self._roster)
        return unsent or bool(self._templates.ready() and self._roster.queued())

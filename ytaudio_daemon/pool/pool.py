"""The pool: starts attempts in workers, bounds them, and tells how they ended."""

import select
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.model import Failure, FetchRequest, Outcome
from ytaudio_daemon.pool import kernel, verdicts, wire
from ytaudio_daemon.pool.attempt import Attempt, Stage
from ytaudio_daemon.pool.events import Ended, Event, Started, TemplateFacts, Usage
from ytaudio_daemon.pool.graves import Graves
from ytaudio_daemon.pool.launch import Recipe, TemplateProcess
from ytaudio_daemon.pool.roster import Roster
from ytaudio_daemon.pool.templates import Templates

#: Seconds until a full control socket or an open grave is looked at again.
_AGAIN_S = 0.01
#: Seconds that `close` waits for killed processes to be reaped.
_BURIAL_S = 1.0


class Pool:
    """Runs attempts in worker processes. It knows no ledger and no session.

    All calls belong to one thread. `fileno()` is readable when `poll` has something
    to do; `next_due` tells when it will have without that.

    Args:
        downloads: Download slots.
        converters: Converter slots.
        state_id: Marks every process, for `kill_leftovers` after a crash.
        home: The workers' private home folder; made if missing.
        engine_path: A folder whose yt-dlp is preferred to the installed one.
        idle_exit_s: Seconds without an attempt after which the template exits.
        answer_s: Seconds the template may take to answer before it counts as hung.
        entry: The module whose `preload` and `run` do the work.
        adopt_orphans: Become the parent of orphaned descendants, so that the workers
            of a killed template are ended by group and reaped. Not for a library,
            which must not change its caller's process.
    """

    def __init__(  # noqa: PLR0913 - one named setting each; a bundle would hide them
        self,
        *,
        downloads: int,
        converters: int,
        state_id: str,
        home: Path,
        engine_path: Path | None = None,
        idle_exit_s: float = 300,
        answer_s: float = 10,
        entry: str = "ytaudio_daemon.fetch",
        adopt_orphans: bool = True,
    ) -> None:
        self._downloads = downloads
        self._converters = converters
        recipe = Recipe(
            state_id=state_id, home=home, engine_path=engine_path, entry=entry
        )
        self._epoll = select.epoll()
        self._templates = Templates(recipe, self._epoll, idle_exit_s, answer_s)
        self._roster = Roster(self._epoll)
        self._graves = Graves()
        self._news: list[Event] = []
        self._unsettled = False  # something was asked for since the last poll
        #: Why the last template could not warm up, or "".
        self.trouble = ""
        if adopt_orphans:
            kernel.adopt_orphans()

    @property
    def hello(self) -> TemplateFacts | None:
        """What the template said when ready; None while there is none."""
        return self._templates.facts()

    def fileno(self) -> int:
        """Return a descriptor for select or a selector; readable: call `poll`."""
        return self._epoll.fileno()

    def warm(self) -> None:
        """Start the template now unless it is up. Does not wait for it.

        Raises:
            TemplateError: It cannot be started.
        """
        self._templates.warm()
        self._unsettled = True

    def usage(self) -> Usage:
        """Count the attempts by the slots they hold."""
        return self._roster.usage()

    def room(self) -> int:
        """Return how many attempts may be started now.

        There must be a download slot for each, and no more than a few workers shall
        sit and wait for a converter: they would only cost memory.
        """
        use = self.usage()
        few = max(2, self._converters)
        alive = use.downloading + use.converting + use.waiting
        alive_at_most = self._downloads + self._converters + few
        return max(0, min(self._downloads - use.downloading, alive_at_most - alive))

    def start(self, request: FetchRequest) -> None:
        """Start an attempt as soon as the template is warm. `Ended` always follows.

        The caller keeps to `room`.

        Raises:
            ValueError: The attempt of that key has not ended.
        """
        if self._roster.find(request.key) is not None:
            raise ValueError(f"the attempt of {request.key} has not ended")
        self._unsettled = True
        try:
            attempt = self._roster.enter(request)
        except OSError as error:
            outcome = Outcome(failure=verdicts.refused(error.errno or 0))
            self._tell_end(request, outcome, by_itself=False)
            return
        if len(attempt.payload) > wire.MAX_REQUEST:
            self._end(attempt, verdicts.too_big(len(attempt.payload)))
            return
        self._templates.retire_outdated()
        self._order_queued()

    def kill(self, key: str) -> None:
        """SIGKILL the attempt's process group; `Ended` follows. Unknown keys are fine."""
        attempt = self._roster.find(key)
        if attempt is None:
            return
        self._unsettled = True
        attempt.condemn(verdicts.KILLED)
        if attempt.stage is Stage.QUEUED:
            self._end(attempt, verdicts.KILLED)

    def poll(self, now: float) -> list[Event]:
        """Do what is to be done, without waiting, and return what has happened.

        Args:
            now: `time.monotonic()`.
        """
        self._unsettled = False
        for fd, _ in self._epoll.poll(0):
            self._listen(fd, now)
        self._order_queued()
        self._grant_converters(now)
        self._judge(now)
        self._tend_templates(now)
        self._graves.reap()
        news, self._news = self._news, []
        return news

    def next_due(self, now: float) -> float | None:
        """Return when `poll` must be called even if nothing is readable; None: never."""
        if self._unsettled or self._news:
            return now
        due = self._templates.due() + self._roster.due()
        if self._graves or self._is_held_up():
            due.append(now + _AGAIN_S)
        return min(due, default=None)

    def close(self, grace: float = 2.0) -> None:
        """Kill everything; no process is left.

        Args:
            grace: Seconds the template may take to do so before it is killed too.
        """
        now = time.monotonic()
        for template in self._templates.all():
            template.dismiss()
        for template in self._templates.all():
            if template.facts:  # one that still warms up has no worker to kill
                left = max(0.0, now + grace - time.monotonic())
                with suppress(subprocess.TimeoutExpired):
                    template.process.wait(left)
            self._bury(template, now)
        for attempt in self._roster:
            self._roster.remove(attempt)
        end = time.monotonic() + _BURIAL_S
        while self._graves and time.monotonic() < end:
            time.sleep(0.001)
            self._graves.reap()
        self._epoll.close()

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
                self.trouble = text
            case {"kind": "reaped", "ticket": int(ticket), "exit_code": int(code)}:
                self._finish(ticket, code, now)
            case {"kind": "refused", "ticket": int(ticket), "errno": int(number)}:
                if (attempt := self._roster.holding(ticket)) is not None:
                    self._end(attempt, verdicts.refused(number))
            case _:
                self._bury(template, now)

    def _finish(self, ticket: int, exit_code: int, now: float) -> None:
        """End an attempt whose worker is dead and whose group was killed."""
        if (attempt := self._roster.holding(ticket)) is not None:
            self._news += attempt.hear_out(now)
            failure = attempt.verdict or verdicts.died(exit_code)
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

    def _grant_converters(self, now: float) -> None:
        free = self._converters - self.usage().converting
        for attempt in self._roster.waiting()[: max(0, free)]:
            attempt.grant_converter(now)

    def _judge(self, now: float) -> None:
        for attempt in self._roster:
            verdict = attempt.verdict
            if verdict is None and attempt.patience is not None:
                verdict = attempt.patience.verdict(now)
            if verdict is not None:
                attempt.condemn(verdict)

    def _tend_templates(self, now: float) -> None:
        awaited = {a.template for a in self._roster if a.awaits_template()}
        for template in self._templates.tend(now, awaited):
            if not template.facts:
                self.trouble = "it did not become ready in time"
            self._bury(template, now)

    def _bury(self, template: TemplateProcess, now: float) -> None:
        """End a template that died or hangs, and all its workers."""
        self._templates.forget(template)
        template.destroy()
        orphans = self._roster.of(template)
        for attempt in orphans:
            self._news += attempt.hear_out(now)
        self._graves.bury(template, [a.pid for a in orphans if a.pid is not None])
        for attempt in orphans:
            self._end(attempt, attempt.verdict or verdicts.TEMPLATE_DIED)
        if not template.facts:  # another would fare no better
            self._fail(self._roster.queued(), self.trouble or "it died at its start")

    def _fail(self, attempts: list[Attempt], why: str) -> None:
        self.trouble = why
        for attempt in attempts:
            self._end(attempt, verdicts.no_template(why))

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

"""The one loop: every step is short, and `now` is read once a tick.

Threads of watchdog and APScheduler only leave a note and wake it. A step that fails
in a way that may pass is tried again a second later, named in `problems`; nothing it
had in hand is lost.
"""

import math
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog

from ytaudio_daemon.daemon.problems import DEGRADING
from ytaudio_daemon.daemon.signals import Signals, Wake
from ytaudio_daemon.daemon.snapshot_builder import Health
from ytaudio_daemon.daemon.step_problems import stumble
from ytaudio_daemon.daemon.systemd_status import Bulletin
from ytaudio_daemon.daemon.systemd_watchdog import Pulse
from ytaudio_daemon.daemon.ytdlp_updater import Freshness
from ytaudio_daemon.errors import (
    LedgerError,
    LedgerGoneError,
    LedgerUnreachableError,
    TemplateError,
    UnsafePathError,
)
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import Hints, Watch
from ytaudio_daemon.jobs import Attempts
from ytaudio_daemon.ledger import Ledger, gates, meta, queries, transitions
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import Sweeper
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Policy, furthest_retry
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.notify.notifications import Messenger
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import Notifier
from ytaudio_daemon.views import Live, Views

log = structlog.get_logger()

#: A failing step is tried again after so long, in seconds.
AGAIN_S = 1.0
#: The daemon's age is kept this often, in seconds: a crash forgets at most so much.
HEARTBEAT_S = 30.0
#: A heartbeat is due so much earlier when the daemon is awake anyway, in seconds: an
#: idle one wakes up for its status file alone, and does everything else then.
EARLY_S = 10.0
#: A start waits so long for a template, in seconds: it warms up for 60 at most, but one
#: that was dismissed meanwhile, for another engine, is not replaced before it is needed.
TEMPLATE_S = 90.0
#: A template that could not start is tried again so much later, in seconds, if no job
#: asks for one before.
REWARM_S = 600.0
#: Running attempts may go on so long after SIGTERM, in seconds.
DRAIN_S = 90.0


@dataclass(slots=True, kw_only=True)
class Parts:
    """All that the loop drives."""

    ledger: Ledger
    pool: Pool
    freshness: Freshness
    intake: Intake
    attempts: Attempts
    sweeper: Sweeper
    pruner: Pruner
    views: Views
    messenger: Messenger
    health: Health
    watch: Watch
    hints: Hints
    wake: Wake
    signals: Signals
    clock: Clock
    notifier: Notifier
    reload: Callable[[], None]


@dataclass(slots=True)
class _Due:
    """When which step is due again by itself, monotonic seconds."""

    heartbeat: float = 0.0
    claim: float = 0.0
    retries: float = 0.0
    rewarm: float = 0.0
    cancel: bool = False
    template: bool = False
    sweep: bool = True
    again: dict[str, float] = field(default_factory=dict)


class Loop:
    """Drives the parts until a signal ends it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._due = _Due()
        self._state = "running"
        self._bulletin = Bulletin(parts.notifier, parts.ledger)
        self._began = time.monotonic()
        self._pulse = Pulse(parts.notifier, self._is_up, time.monotonic())
        self._drain_until: float | None = None
        self._gates: list[Gate] = []
        self._poller = select.poll()
        self._poller.register(parts.wake.fileno(), select.POLLIN)
        self._poller.register(parts.pool.fileno(), select.POLLIN)
        self._poller.register(parts.messenger.fileno(), select.POLLIN)

    def sweep_soon(self) -> None:
        """Have the sessions looked through at the next tick; any thread may call.

        That is soon enough: it comes within seconds by itself.
        """
        self._due.sweep = True

    def run(self) -> None:
        """Loop until drained.

        Raises:
            LedgerGoneError: The ledger's file was taken away: nothing may be taken.
        """
        busy = True
        while not self._is_over():
            self._sleep(0.0 if busy else self._seconds_to_next())
            busy = self._tick()

    @property
    def is_draining(self) -> bool:
        """Whether no new work is begun any more."""
        return self._drain_until is not None

    def _tick(self) -> bool:
        """Do what is due; returns whether there is more to do at once."""
        parts = self._parts
        now, mono = parts.clock.now(), time.monotonic()
        self._take_signals(mono)
        self._take_hints()
        self._hear(now, mono)
        self._try("heartbeat", lambda: self._heartbeat(now, mono))
        self._try("cancel", lambda: self._cancel(now))
        busy = False
        if not self.is_draining:
            self._try("engine", lambda: self._freshen(now, mono))
            self._try("template", self._warm)
            busy = bool(self._try("intake", lambda: parts.intake.step(now, mono)))
            if parts.intake.take_news():
                self._due.claim = 0.0
            self._try("claims", lambda: self._fill(now, mono))
            self._try("retries", lambda: self._wake_due(now, mono))
            busy = bool(self._try("sweep", lambda: self._sweep(now))) or busy
            busy = bool(self._try("trash", parts.sweeper.step)) or busy
            self._try("retention", lambda: self._prune(now, mono))
        live = self._look(now)
        self._try("views", lambda: parts.views.refresh(now, live))
        self._try("bulletin", lambda: self._bulletin.tell(live, mono))
        self._try("notify", lambda: parts.messenger.step(now))
        self._pulse.beat(time.monotonic())
        return busy

    def _is_up(self) -> bool:
        """Whether all that a start consists of is done, or cannot be.

        Without a template nothing is fetched, but drops are taken and told about, and
        the remedy may come while the daemon runs.
        """
        pool = self._parts.pool
        has_template = pool.hello is not None or bool(pool.trouble)
        is_late = time.monotonic() > self._began + TEMPLATE_S
        return (has_template or is_late) and self._parts.intake.has_looked

    def _try(self, name: str, step: Callable[[], object]) -> object:
        """Run a step; one that fails for now is left alone for a second."""
        self._pulse.beat(time.monotonic())  # a step may wait half a minute for a server
        if self._due.again.get(name, 0.0) > time.monotonic():
            return None
        failing = self._parts.health.failing
        try:
            result = step()
        except LedgerGoneError:
            raise
        except (LedgerError, TemplateError, UnsafePathError, OSError) as error:
            self._check_ledger()
            if name == "heartbeat":
                self._pulse.ledger_failed(error, time.monotonic())
            self._due.again[name] = time.monotonic() + AGAIN_S
            if name not in failing:
                log.warning("step.failed", step=name, error=str(error))
            failing[name] = stumble(name, error)
            return None
        failing.pop(name, None)
        self._due.again.pop(name, None)
        return result

    def _check_ledger(self) -> None:
        """Stop if there is no use in trying again: the ledger is gone."""
        try:
            self._parts.ledger.check_still_there()
        except LedgerUnreachableError:
            # Looks again as soon as the server is back, or the folder open.
            self._due.heartbeat = time.monotonic() + AGAIN_S + EARLY_S

    def _take_signals(self, mono: float) -> None:
        parts = self._parts
        if parts.signals.take_reload():
            parts.reload()
            self._due.sweep = True  # raised limits let held jobs in
        if parts.signals.stops and self._drain_until is None:
            self._drain_until = mono + DRAIN_S
            self._state = "draining"
            # Steps that are not taken any more must not be waited for.
            self._due.again.clear()
            parts.health.failing.clear()
            parts.freshness.stop()
            busy = parts.attempts.busy
            log.info("daemon.draining", running=busy)
            parts.notifier.stopping(f"Draining: {busy} running")
            parts.notifier.extend_timeout(DRAIN_S + 15)

    def _take_hints(self) -> None:
        noted, poked = self._parts.hints.take()
        for session in noted:
            self._parts.intake.note(session)
        if noted:
            self._due.template = True  # ready by the time the drop has settled
        if poked:
            self._due.claim = self._due.retries = 0.0
            self._due.cancel = True
            self._due.sweep = True  # a session may have been expired
            self._parts.freshness.look_soon()

    def _hear(self, now: Now, mono: float) -> None:
        """Take in how attempts go on and end; an end makes room and may be retried."""
        self._parts.messenger.hear(now)
        attempts = self._parts.attempts
        busy = attempts.busy
        events = self._parts.pool.poll(mono)
        attempts.hear(events)
        self._try("attempts", lambda: attempts.settle_ended(now))
        if events or attempts.busy != busy:
            self._due.claim = self._due.retries = 0.0

    def _wake_due(self, now: Now, mono: float) -> None:
        """Queue the waiting jobs whose time has come."""
        if mono < self._due.retries:
            return
        ledger = self._parts.ledger
        with ledger.read() as db:
            soonest = queries.soonest_retry(db)
        furthest = furthest_retry(Policy(cap_s=self._retry_cap))
        if soonest is not None and not now.wall < soonest <= now.wall + furthest:
            with ledger.write() as db:
                transitions.wake_due(db, now, furthest)
            self._due.claim = 0.0
            self._due.retries = mono
        else:
            wait = math.inf if soonest is None else soonest - now.wall
            self._due.retries = _unless_later(mono, wait)

    @property
    def _retry_cap(self) -> float:
        return self._parts.attempts.settings.retry.cap

    def _fill(self, now: Now, mono: float) -> None:
        """Start what may start; when nothing may, note when to look again."""
        if mono < self._due.claim or self._parts.pool.room() == 0:
            return
        attempts = self._parts.attempts
        # Who has lost its lock to another daemon claims nothing beside it.
        self._parts.ledger.check_still_there()
        attempts.fill(now)
        with self._parts.ledger.read() as db:
            self._gates = gates.closed_gates(db)
        self._due.claim = _unless_later(mono, attempts.seconds_to_claim(now))
        self._due.retries = 0.0  # one that could not even be started may wait now

    def _freshen(self, now: Now, mono: float) -> None:
        """Care for yt-dlp; with another one, jobs that waited for it may be due."""
        if self._parts.freshness.step(now, mono):
            self._due.retries = 0.0
            self._due.template = True  # the one there was goes with its last attempt

    def _warm(self) -> None:
        if self._due.template:
            self._parts.pool.warm()
            self._due.template = False

    def _cancel(self, now: Now) -> None:
        if self._due.cancel:
            self._parts.attempts.kill_cancelled(now)
            self._due.cancel = False

    def _sweep(self, now: Now) -> bool:
        """Look for what has expired; returns whether there is more at once."""
        if self._due.sweep:
            self._due.sweep = self._parts.sweeper.sweep(now)
            self._due.claim = 0.0  # it may have let held jobs in
        return self._due.sweep

    def _prune(self, now: Now, mono: float) -> None:
        """Forget a piece of old history; what told of it goes, too."""
        self._parts.pruner.step(now, mono)
        if self._parts.pruner.take_news():
            self._parts.views.survey_soon(now)

    def _heartbeat(self, now: Now, mono: float) -> None:
        parts = self._parts
        if mono < self._due.heartbeat - EARLY_S:
            return
        # Should a hint have been lost.
        self._due.claim = self._due.retries = 0.0
        self._due.cancel = True
        parts.ledger.check_still_there()
        with parts.ledger.write() as db:
            meta.keep_lived(db, now.lived)
        self._pulse.ledger_written(mono)
        parts.attempts.recover_lost(now)
        parts.watch.heal()
        self._look_for_tools()
        jump = parts.clock.jump_s()
        if jump:
            log.warning("clock.jumped", seconds=round(jump))
        if parts.pool.trouble and mono >= self._due.rewarm:
            self._due.template = True  # nobody may need one for long, and all be well
            self._due.rewarm = mono + REWARM_S
        parts.health.look_around(mono)
        # Only now: a heartbeat that failed stays due, and a problem.
        self._due.heartbeat = mono + HEARTBEAT_S

    def _look_for_tools(self) -> None:
        """See whether somebody installed what was missing, or removed what was there."""
        parts = self._parts
        if parts.attempts.tools.is_whole():
            return
        parts.attempts.tools = parts.health.tools = find_tools()

    def _look(self, now: Now) -> Live:
        """Return how things stand; nothing is read for it, so it is told of anything."""
        messenger = self._parts.messenger
        self._parts.health.untold = messenger.troubles()
        live = self._parts.health.live(self._state, self._gates, now)
        causes = [problem for problem in live.problems if problem.code in DEGRADING]
        messenger.weather.hear(live.state, causes, now.lived)
        return live

    def _is_over(self) -> bool:
        """Whether the drain is done, was too long, or was cut short by a signal."""
        if self._drain_until is None:
            return False
        return (
            self._parts.attempts.busy == 0
            or time.monotonic() >= self._drain_until
            or self._parts.signals.stops > 1
        )

    def _seconds_to_next(self) -> float:
        """Return how long there is nothing to do; a step that failed is not due yet."""
        mono = time.monotonic()
        again = self._due.again
        soonest = min(
            max(due, again.get(step, due)) for step, due in self._timetable(mono)
        )
        return max(0.0, soonest - mono)

    def _timetable(self, mono: float) -> Iterator[tuple[str, float]]:
        """Yield the steps and when they are due next, monotonic seconds."""
        parts, due = self._parts, self._due
        now = parts.clock.now()
        yield from due.again.items()
        yield "heartbeat", due.heartbeat
        yield "bulletin", self._bulletin.next_due()
        yield "pulse", self._pulse.next_due()
        pool_due = parts.pool.next_due(mono)
        yield "pool", math.inf if pool_due is None else pool_due
        yield "views", _after(mono, parts.views.next_due(now))
        yield "notify", _after(mono, parts.messenger.next_due(now))
        if self._drain_until is not None:
            yield "drain", self._drain_until
            return
        yield "intake", parts.intake.next_due()
        yield "retries", due.retries
        yield "engine", parts.freshness.next_due()
        yield "retention", parts.pruner.next_due()
        if parts.pool.room() > 0:
            yield "claims", due.claim

    def _sleep(self, seconds: float) -> None:
        # Rounded up: a wait cut short would spin until the time has come.
        if self._poller.poll(int(seconds * 1000 + 0.999)):
            self._parts.wake.drain()


def _unless_later(mono: float, wait_s: float) -> float:
    """Return when that is, or never when the next heartbeat comes first."""
    return mono + wait_s if wait_s < HEARTBEAT_S else math.inf


def _after(mono: float, wait_s: float | None) -> float:
    return math.inf if wait_s is None else mono + wait_s

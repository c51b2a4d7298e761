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

from ytaudio_daemon.daemon.problems import DEGRADING_CODES
from ytaudio_daemon.daemon.signals import Signals, WakePipe
from ytaudio_daemon.daemon.snapshot_builder import SnapshotBuilder
from ytaudio_daemon.daemon.step_problems import problem_of
from ytaudio_daemon.daemon.systemd_status import SystemdStatusLine
from ytaudio_daemon.daemon.systemd_watchdog import SystemdWatchdog
from ytaudio_daemon.daemon.ytdlp_updater import YtDlpUpdater
from ytaudio_daemon.errors import (
    LedgerError,
    LedgerGoneError,
    LedgerUnreachableError,
    TemplateError,
    UnsafePathError,
)
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import InboxWatcher, PendingChanges
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Ledger, gates, meta, queries, transitions
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import RetryPolicy, max_retry_delay_s
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.notify.notifications import Notifications
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import DaemonSnapshot, Views

log = structlog.get_logger()

#: A failing step is tried again after so long, in seconds.
STEP_RETRY_S = 1.0
#: The daemon's age is kept this often, in seconds: a crash forgets at most so much.
HEARTBEAT_S = 30.0
#: A heartbeat is due so much earlier when the daemon is awake anyway, in seconds: an
#: idle one wakes up for its status file alone, and does everything else then.
HEARTBEAT_SLACK_S = 10.0
#: A start waits so long for a template, in seconds: it warms up for 60 at most, but one
#: that was dismissed meanwhile, for another engine, is not replaced before it is needed.
TEMPLATE_WAIT_S = 90.0
#: A template that could not start is tried again so much later, in seconds, if no job
#: asks for one before.
TEMPLATE_RETRY_S = 600.0
#: Running attempts may go on so long after SIGTERM, in seconds.
DRAIN_TIMEOUT_S = 90.0


@dataclass(slots=True, kw_only=True)
class Services:
    """All that the loop drives."""

    ledger: Ledger
    pool: Pool
    ytdlp_updater: YtDlpUpdater
    intake: Intake
    job_runner: JobRunner
    session_expirer: SessionExpirer
    pruner: Pruner
    views: Views
    notifications: Notifications
    snapshot_builder: SnapshotBuilder
    inbox_watcher: InboxWatcher
    pending_changes: PendingChanges
    wake_pipe: WakePipe
    signals: Signals
    clock: Clock
    notifier: SystemdNotifier
    reload: Callable[[], None]


@dataclass(slots=True)
class _Schedule:
    """When which step is due again by itself, monotonic seconds."""

    heartbeat: float = 0.0
    claim: float = 0.0
    retries: float = 0.0
    template_retry: float = 0.0
    cancel_requested: bool = False
    template_requested: bool = False
    sweep_requested: bool = True
    retry_at: dict[str, float] = field(default_factory=dict)


class Loop:
    """Drives the parts until a signal ends it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._schedule = _Schedule()
        self._state = "running"
        self._status_line = SystemdStatusLine(services.notifier, services.ledger)
        self._started_at = time.monotonic()
        self._watchdog = SystemdWatchdog(
            services.notifier, self._is_startup_done, time.monotonic()
        )
        self._drain_until: float | None = None
        self._gates: list[Gate] = []
        self._poller = select.poll()
        self._poller.register(services.wake_pipe.fileno(), select.POLLIN)
        self._poller.register(services.pool.fileno(), select.POLLIN)
        self._poller.register(services.notifications.fileno(), select.POLLIN)

    def request_sweep(self) -> None:
        """Have the sessions looked through at the next tick; any thread may call.

        That is soon enough: it comes within seconds by itself.
        """
        self._schedule.sweep_requested = True

    def run(self) -> None:
        """Loop until drained.

        Raises:
            LedgerGoneError: The ledger's file was taken away: nothing may be taken.
        """
        busy = True
        while not self._is_drained():
            self._sleep(0.0 if busy else self._seconds_to_next())
            busy = self._tick()

    @property
    def is_draining(self) -> bool:
        """Whether no new work is begun any more."""
        return self._drain_until is not None

    def _tick(self) -> bool:
        """Do what is due; returns whether there is more to do at once."""
        services = self._services
        now, mono = services.clock.now(), time.monotonic()
        self._handle_signals(mono)
        self._handle_pending_changes()
        self._collect_results(now, mono)
        self._run_step("heartbeat", lambda: self._heartbeat(now, mono))
        self._run_step("cancel", lambda: self._kill_cancelled(now))
        busy = False
        if not self.is_draining:
            self._run_step("engine", lambda: self._update_ytdlp(now, mono))
            self._run_step("template", self._ensure_template)
            busy = bool(
                self._run_step(
                    "intake", lambda: services.intake.process_drops(now, mono)
                )
            )
            if services.intake.pop_recorded():
                self._schedule.claim = 0.0
            self._run_step("claims", lambda: self._start_jobs(now, mono))
            self._run_step("retries", lambda: self._requeue_due(now, mono))
            busy = (
                bool(self._run_step("sweep", lambda: self._sweep_sessions(now))) or busy
            )
            busy = (
                bool(
                    self._run_step("trash", services.session_expirer.delete_trash_batch)
                )
                or busy
            )
            self._run_step("retention", lambda: self._prune(now, mono))
        live = self._snapshot(now)
        self._run_step("views", lambda: services.views.refresh(now, live))
        self._run_step("bulletin", lambda: self._status_line.update(live, mono))
        self._run_step("notify", lambda: services.notifications.deliver_pending(now))
        self._watchdog.ping(time.monotonic())
        return busy

    def _is_startup_done(self) -> bool:
        """Whether all that a start consists of is done, or cannot be.

        Without a template nothing is fetched, but drops are taken and told about, and
        the remedy may come while the daemon runs.
        """
        pool = self._services.pool
        has_template = pool.template_facts is not None or bool(pool.template_error)
        is_late = time.monotonic() > self._started_at + TEMPLATE_WAIT_S
        return (has_template or is_late) and self._services.intake.has_scanned_once

    def _run_step(self, name: str, step: Callable[[], object]) -> object:
        """Run a step; one that fails for now is left alone for a second."""
        self._watchdog.ping(
            time.monotonic()
        )  # a step may wait half a minute for a server
        if self._schedule.retry_at.get(name, 0.0) > time.monotonic():
            return None
        failing = self._services.snapshot_builder.step_problems
        try:
            result = step()
        except LedgerGoneError:
            raise
        except (LedgerError, TemplateError, UnsafePathError, OSError) as error:
            self._check_ledger()
            if name == "heartbeat":
                self._watchdog.ledger_failed(error, time.monotonic())
            self._schedule.retry_at[name] = time.monotonic() + STEP_RETRY_S
            if name not in failing:
                log.warning("step.failed", step=name, error=str(error))
            failing[name] = problem_of(name, error)
            return None
        failing.pop(name, None)
        self._schedule.retry_at.pop(name, None)
        return result

    def _check_ledger(self) -> None:
        """Stop if there is no use in trying again: the ledger is gone."""
        try:
            self._services.ledger.check_not_replaced()
        except LedgerUnreachableError:
            # Looks again as soon as the server is back, or the folder open.
            self._schedule.heartbeat = (
                time.monotonic() + STEP_RETRY_S + HEARTBEAT_SLACK_S
            )

    def _handle_signals(self, mono: float) -> None:
        services = self._services
        if services.signals.pop_reload():
            services.reload()
            self._schedule.sweep_requested = True  # raised limits let held jobs in
        if services.signals.stop_count and self._drain_until is None:
            self._drain_until = mono + DRAIN_TIMEOUT_S
            self._state = "draining"
            # Steps that are not taken any more must not be waited for.
            self._schedule.retry_at.clear()
            services.snapshot_builder.step_problems.clear()
            services.ytdlp_updater.stop()
            busy = services.job_runner.running_count
            log.info("daemon.draining", running=busy)
            services.notifier.stopping(f"Draining: {busy} running")
            services.notifier.extend_timeout(DRAIN_TIMEOUT_S + 15)

    def _handle_pending_changes(self) -> None:
        noted, poked = self._services.pending_changes.pop_changes()
        for session in noted:
            self._services.intake.mark_dirty(session)
        if noted:
            self._schedule.template_requested = (
                True  # ready by the time the drop has settled
            )
        if poked:
            self._schedule.claim = self._schedule.retries = 0.0
            self._schedule.cancel_requested = True
            self._schedule.sweep_requested = True  # a session may have been expired
            self._services.ytdlp_updater.request_refresh()

    def _collect_results(self, now: Now, mono: float) -> None:
        """Take in how attempts go on and end; an end makes room and may be retried."""
        self._services.notifications.poll(now)
        attempts = self._services.job_runner
        busy = attempts.running_count
        events = self._services.pool.poll(mono)
        attempts.collect(events)
        self._run_step("attempts", lambda: attempts.finish_ended(now))
        if events or attempts.running_count != busy:
            self._schedule.claim = self._schedule.retries = 0.0

    def _requeue_due(self, now: Now, mono: float) -> None:
        """Queue the waiting jobs whose time has come."""
        if mono < self._schedule.retries:
            return
        ledger = self._services.ledger
        with ledger.read() as db:
            soonest = queries.next_retry_at(db)
        furthest = max_retry_delay_s(RetryPolicy(cap_s=self._retry_cap))
        if soonest is not None and not now.wall < soonest <= now.wall + furthest:
            with ledger.write() as db:
                transitions.requeue_due(db, now, furthest)
            self._schedule.claim = 0.0
            self._schedule.retries = mono
        else:
            wait = math.inf if soonest is None else soonest - now.wall
            self._schedule.retries = _due_before_heartbeat(mono, wait)

    @property
    def _retry_cap(self) -> float:
        return self._services.job_runner.settings.retry.cap

    def _start_jobs(self, now: Now, mono: float) -> None:
        """Start what may start; when nothing may, note when to look again."""
        if mono < self._schedule.claim or self._services.pool.free_slots() == 0:
            return
        attempts = self._services.job_runner
        # Who has lost its lock to another daemon claims nothing beside it.
        self._services.ledger.check_not_replaced()
        attempts.start_jobs(now)
        with self._services.ledger.read() as db:
            self._gates = gates.closed_gates(db)
        self._schedule.claim = _due_before_heartbeat(
            mono, attempts.seconds_to_next_claim(now)
        )
        self._schedule.retries = 0.0  # one that could not even be started may wait now

    def _update_ytdlp(self, now: Now, mono: float) -> None:
        """Care for yt-dlp; with another one, jobs that waited for it may be due."""
        if self._services.ytdlp_updater.update_if_due(now, mono):
            self._schedule.retries = 0.0
            self._schedule.template_requested = (
                True  # the one there was goes with its last attempt
            )

    def _ensure_template(self) -> None:
        if self._schedule.template_requested:
            self._services.pool.ensure_template()
            self._schedule.template_requested = False

    def _kill_cancelled(self, now: Now) -> None:
        if self._schedule.cancel_requested:
            self._services.job_runner.kill_cancelled(now)
            self._schedule.cancel_requested = False

    def _sweep_sessions(self, now: Now) -> bool:
        """Look for what has expired; returns whether there is more at once."""
        if self._schedule.sweep_requested:
            self._schedule.sweep_requested = self._services.session_expirer.sweep(now)
            self._schedule.claim = 0.0  # it may have let held jobs in
        return self._schedule.sweep_requested

    def _prune(self, now: Now, mono: float) -> None:
        """Forget a piece of old history; what told of it goes, too."""
        self._services.pruner.run_if_due(now, mono)
        if self._services.pruner.pop_pruned():
            self._services.views.request_scan(now)

    def _heartbeat(self, now: Now, mono: float) -> None:
        services = self._services
        if mono < self._schedule.heartbeat - HEARTBEAT_SLACK_S:
            return
        # Should a hint have been lost.
        self._schedule.claim = self._schedule.retries = 0.0
        self._schedule.cancel_requested = True
        services.ledger.check_not_replaced()
        with services.ledger.write() as db:
            meta.save_uptime(db, now.uptime_s)
        self._watchdog.ledger_written(mono)
        services.job_runner.recover_lost(now)
        services.inbox_watcher.restart_if_dead()
        self._refresh_tools()
        jump = services.clock.jump_s()
        if jump:
            log.warning("clock.jumped", seconds=round(jump))
        if services.pool.template_error and mono >= self._schedule.template_retry:
            self._schedule.template_requested = (
                True  # nobody may need one for long, and all be well
            )
            self._schedule.template_retry = mono + TEMPLATE_RETRY_S
        services.snapshot_builder.run_self_check(mono)
        # Only now: a heartbeat that failed stays due, and a problem.
        self._schedule.heartbeat = mono + HEARTBEAT_S

    def _refresh_tools(self) -> None:
        """See whether somebody installed what was missing, or removed what was there."""
        services = self._services
        if services.job_runner.tools.is_complete():
            return
        services.job_runner.tools = services.snapshot_builder.tools = find_tools()

    def _snapshot(self, now: Now) -> DaemonSnapshot:
        """Return how things stand; nothing is read for it, so it is told of anything."""
        notifications = self._services.notifications
        self._services.snapshot_builder.notify_problems = (
            notifications.delivery_problems()
        )
        live = self._services.snapshot_builder.build(self._state, self._gates, now)
        causes = [
            problem for problem in live.problems if problem.code in DEGRADING_CODES
        ]
        notifications.degraded_state.update_from_state(live.state, causes, now.uptime_s)
        return live

    def _is_drained(self) -> bool:
        """Whether the drain is done, was too long, or was cut short by a signal."""
        if self._drain_until is None:
            return False
        return (
            self._services.job_runner.running_count == 0
            or time.monotonic() >= self._drain_until
            or self._services.signals.stop_count > 1
        )

    def _seconds_to_next(self) -> float:
        """Return how long there is nothing to do; a step that failed is not due yet."""
        mono = time.monotonic()
        again = self._schedule.retry_at
        soonest = min(
            max(due, again.get(step, due)) for step, due in self._due_times(mono)
        )
        return max(0.0, soonest - mono)

    def _due_times(self, mono: float) -> Iterator[tuple[str, float]]:
        """Yield the steps and when they are due next, monotonic seconds."""
        services, due = self._services, self._schedule
        now = services.clock.now()
        yield from due.retry_at.items()
        yield "heartbeat", due.heartbeat
        yield "bulletin", self._status_line.next_due()
        yield "pulse", self._watchdog.next_due()
        pool_due = services.pool.next_due(mono)
        yield "pool", math.inf if pool_due is None else pool_due
        yield "views", _due_after(mono, services.views.next_due(now))
        yield "notify", _due_after(mono, services.notifications.next_due(now))
        if self._drain_until is not None:
            yield "drain", self._drain_until
            return
        yield "intake", services.intake.next_due()
        yield "retries", due.retries
        yield "engine", services.ytdlp_updater.next_due()
        yield "retention", services.pruner.next_due()
        if services.pool.free_slots() > 0:
            yield "claims", due.claim

    def _sleep(self, seconds: float) -> None:
        # Rounded up: a wait cut short would spin until the time has come.
        if self._poller.poll(int(seconds * 1000 + 0.999)):
            self._services.wake_pipe.drain()


def _due_before_heartbeat(mono: float, wait_s: float) -> float:
    """Return when that is, or never when the next heartbeat comes first."""
    return mono + wait_s if wait_s < HEARTBEAT_S else math.inf


def _due_after(mono: float, wait_s: float | None) -> float:
    return math.inf if wait_s is None else mono + wait_s

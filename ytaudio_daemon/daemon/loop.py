"""The one loop: every step is short, and `now` is read once a tick.

Other threads (watchdog) only set a flag and wake it. A step that fails is a problem in
the status and is tried again a second later; nothing that it was working on is lost.
`Loop._tick` has the order of the steps, `schedule` the times at which they are due.
"""

import select
import time
from functools import partial

from ytaudio_daemon.daemon.collection_steps import CollectionSteps
from ytaudio_daemon.daemon.drain import Drain
from ytaudio_daemon.daemon.heartbeat import Heartbeat
from ytaudio_daemon.daemon.job_steps import JobSteps
from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.problems import DEGRADING_CODES
from ytaudio_daemon.daemon.schedule import Schedule, Step, service_due_times
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.daemon.step_runner import StepRunner
from ytaudio_daemon.daemon.systemd_status import SystemdStatusLine
from ytaudio_daemon.daemon.systemd_watchdog import SystemdWatchdog
from ytaudio_daemon.daemon.tick_scheduler import TickScheduler
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views import DaemonSnapshot

#: READY=1 waits so long for the first template process, in seconds. It warms up for 60 at
#: most; one that is stopped meanwhile, for another yt-dlp, has no successor before a job
#: needs it.
TEMPLATE_WAIT_S = 90.0


class Loop:
    """Drives the services until a signal ends it.

    Args:
        services: All parts of the daemon.
        scheduler: Its jobs run in each tick.
    """

    def __init__(self, services: Services, scheduler: TickScheduler) -> None:
        self._services = services
        self._scheduler = scheduler
        self._started_at = time.monotonic()
        self._drain = Drain(
            services.notifier, lambda: services.job_runner.running_count
        )
        self._schedule = Schedule()
        self._status_line = SystemdStatusLine(services.notifier, services.ledger)
        self._systemd_watchdog = SystemdWatchdog(
            services.notifier, self._is_startup_done, self._started_at
        )
        self._steps = StepRunner(
            services.ledger,
            self._schedule,
            self._systemd_watchdog,
            services.snapshot_builder.step_problems,
        )
        self._jobs = JobSteps(services, self._schedule)
        self._collections = CollectionSteps(services, self._schedule)
        self._heartbeat = Heartbeat(services, self._schedule, self._systemd_watchdog)
        self._poller = select.poll()
        for wakes in (services.wake_pipe, services.pool, services.notifications):
            self._poller.register(wakes.fileno(), select.POLLIN)

    def request_sweep(self) -> None:
        """Have expired sessions searched in this tick, or the next."""
        self._schedule.due_now(Step.SWEEP)

    def request_looks(self) -> None:
        """Have the looks of subscriptions queued that are due."""
        self._schedule.due_now(Step.SUBSCRIPTIONS)

    def run(self) -> None:
        """Loop until drained.

        Raises:
            LedgerGoneError: The ledger's file was taken away: nothing may be written.
        """
        has_more = True
        signals = self._services.signals
        while not self._drain.is_over(signals.stop_count, time.monotonic()):
            self._sleep(0.0 if has_more else self._seconds_to_next())
            has_more = self._tick()

    def _tick(self) -> bool:
        """Do what is due; return whether there is more to do at once."""
        services, steps = self._services, self._steps
        now, mono = services.clock.now(), time.monotonic()
        self._scheduler.run_due(mono)
        self._handle_signals(mono)
        self._handle_pending_changes()
        services.notifications.poll(now)
        self._jobs.collect_events(mono)
        steps.run("attempts", partial(self._jobs.finish_ended, now))
        steps.run("heartbeat", partial(self._heartbeat.beat, now, mono))
        steps.run("cancel", partial(self._jobs.kill_cancelled, now, mono))
        has_pages = steps.run("listings", partial(self._collections.record, now))
        has_more = not self._drain.is_begun and self._take_in_work(now, mono)
        snapshot = self._snapshot(now)
        steps.run("views", partial(services.views.refresh, now, snapshot))
        status_line, event = self._status_line, services.views.last_event
        steps.run("bulletin", partial(status_line.update, snapshot, event, mono))
        steps.run("notify", partial(services.notifications.deliver_pending, now))
        self._systemd_watchdog.ping(time.monotonic())
        return has_more or has_pages

    def _take_in_work(self, now: Now, mono: float) -> bool:
        """Take in drops and start jobs, which a draining daemon does not.

        Returns:
            Whether there is more to do at once.
        """
        services, run = self._services, self._steps.run
        run("engine", partial(self._update_ytdlp, now, mono))
        run("template", partial(self._ensure_template, mono))
        has_drops = run("intake", partial(services.intake.process_drops, now, mono))
        if services.intake.pop_recorded():
            self._schedule.due_now(Step.CLAIMS, Step.COLLECTIONS)
        if services.intake.pop_returned_mounts():
            services.views.rewrite_receipts(now)
        has_looks = run(
            "subscriptions", partial(self._collections.look_again, now, mono)
        )
        run("collections", partial(self._collections.start, now, mono))
        run("claims", partial(self._jobs.start_jobs, now, mono))
        run("retries", partial(self._jobs.requeue_due, now, mono))
        has_sessions = run("sweep", partial(self._sweep_sessions, now, mono))
        has_trash = run("trash", services.session_expirer.delete_trash_batch)
        run("retention", partial(self._prune, now, mono))
        return has_drops or has_sessions or has_trash or has_looks

    def _handle_signals(self, mono: float) -> None:
        signals = self._services.signals
        if signals.pop_reload():
            self._services.reload()
            self._schedule.due_now(Step.SWEEP)  # raised limits let held jobs in
            self._schedule.due_now(Step.HEARTBEAT)  # it may be the end of a terminal
        if signals.stop_count and not self._drain.is_begun:
            self._steps.forget_failures()
            self._services.ytdlp_updater.stop()
            self._drain.begin(mono)

    def _handle_pending_changes(self) -> None:
        """Make due what another thread has seen change: the inbox, or the wake file."""
        services = self._services
        sessions, is_ledger_changed = services.pending_changes.pop_changes()
        for session in sessions:
            services.intake.mark_dirty(session)
        if sessions:  # the template is ready by the time the drop has settled
            self._schedule.due_now(Step.TEMPLATE)
        if is_ledger_changed:
            self._schedule.jobs_due_now()
            self._schedule.due_now(Step.SWEEP)  # a session may have been expired
            services.ytdlp_updater.request_refresh()

    def _update_ytdlp(self, now: Now, mono: float) -> None:
        """Update yt-dlp if due; jobs that waited for another version may be due then."""
        if self._services.ytdlp_updater.update_if_due(now, mono):
            # The old version's template goes with its last attempt.
            self._schedule.due_now(Step.CLAIMS, Step.RETRIES, Step.TEMPLATE)

    def _ensure_template(self, mono: float) -> None:
        if self._schedule.is_due(Step.TEMPLATE, mono):
            self._services.pool.ensure_template()
            self._schedule.done(Step.TEMPLATE)

    def _sweep_sessions(self, now: Now, mono: float) -> bool:
        """Expire sessions if due; return whether there is more at once."""
        if not self._schedule.is_due(Step.SWEEP, mono):
            return False
        has_more = self._services.session_expirer.sweep(now)
        if not has_more:
            self._schedule.done(Step.SWEEP)
        self._schedule.due_now(Step.CLAIMS)  # it may have let held jobs in
        return has_more

    def _prune(self, now: Now, mono: float) -> None:
        """Delete a piece of old history, and the documents that showed it."""
        self._services.pruner.run_if_due(now, mono)
        if self._services.pruner.pop_pruned():
            self._services.views.request_scan(now)

    def _is_startup_done(self) -> bool:
        """Whether everything that a start consists of is done, or cannot be.

        Without a template nothing is downloaded, but drops are recorded and shown, and
        the remedy may come while the daemon runs.
        """
        pool = self._services.pool
        has_template = pool.template_facts is not None or bool(pool.template_error)
        is_late = time.monotonic() > self._started_at + TEMPLATE_WAIT_S
        return (has_template or is_late) and self._services.intake.has_scanned_once

    def _snapshot(self, now: Now) -> DaemonSnapshot:
        """Build the status from memory only, so that it works when the ledger does not."""
        builder = self._services.snapshot_builder
        notifications = self._services.notifications
        problems = notifications.delivery_problems()
        builder.notify_problems = [ProblemReport(*problem) for problem in problems]
        state = "draining" if self._drain.is_begun else "running"
        snapshot = builder.build(state, self._jobs.gates, now)
        causes = [p for p in snapshot.problems if p.code in DEGRADING_CODES]
        notifications.degraded_state.update_from_state(
            snapshot.state, causes, now.uptime_s
        )
        return snapshot

    def _seconds_to_next(self) -> float:
        """Return the seconds for which there is nothing to do."""
        services, mono = self._services, time.monotonic()
        draining = self._drain.is_begun
        due = [
            *self._schedule.own_due_times(
                is_draining=draining, has_room=services.pool.free_slots() > 0
            ),
            *service_due_times(
                services, services.clock.now(), mono, is_draining=draining
            ),
            ("bulletin", self._status_line.next_due()),
            ("watchdog", self._systemd_watchdog.next_due()),
        ]
        if self._drain.until is not None:
            due.append(("drain", self._drain.until))
        return self._schedule.seconds_to_next(due, mono)

    def _sleep(self, seconds: float) -> None:
        # Rounded up: a wait cut short would spin until the time has come.
        if self._poller.poll(int(seconds * 1000 + 0.999)):
            self._services.wake_pipe.drain()

"""The heartbeat: checks every half minute what lost events could have left undone."""

import time

import structlog

from ytaudio_daemon.daemon.schedule import Schedule, Step
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.daemon.systemd_watchdog import SystemdWatchdog
from ytaudio_daemon.daemon.terminal_log import TerminalLog
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.jobs.stale_gates import open_stale_gates
from ytaudio_daemon.ledger import counters, gates, meta
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.hints import PERSON_CODES

log = structlog.get_logger()

#: A template that could not start is tried again so much later, in seconds, if no job
#: asks for one before.
TEMPLATE_RETRY_S = 600.0


class Heartbeat:
    """Saves the daemon's age; rescues lost jobs; checks watcher, tools, clock and folders.

    Args:
        services: All parts of the daemon.
        schedule: Holds the time of the next heartbeat.
        watchdog: Gets whether the ledger could be written.
    """

    def __init__(
        self, services: Services, schedule: Schedule, watchdog: SystemdWatchdog
    ) -> None:
        self._services = services
        self._schedule = schedule
        self._watchdog = watchdog
        self._template_retry_at = 0.0
        self._terminal_log = TerminalLog(services.snapshot_builder.settings)

    def beat(self, now: Now, mono: float) -> None:
        """Do all of this if a heartbeat is due; one that fails stays due.

        Raises:
            LedgerError: The ledger cannot be written.
            OSError: A folder cannot be read.
        """
        if not self._schedule.is_due(Step.HEARTBEAT, mono):
            return
        self._services.snapshot_builder.log_problems = self._terminal_log.check()
        self._schedule.jobs_due_now()  # should an event have been lost
        self._save_uptime(now, mono)
        self._open_stale_gates(now)
        self._services.job_runner.recover_lost(now)
        self._services.collection_lister.recover(now)
        self._services.inbox_watcher.restart_if_dead()
        self._find_missing_tools()
        self._log_clock_jump()
        self._retry_template(mono)
        self._services.snapshot_builder.run_self_check(mono)
        self._make_due_for_tokens(now)
        self._services.snapshot_builder.check_cookies(self._services.ledger, now)
        self._schedule.heartbeat_done(mono)

    def _save_uptime(self, now: Now, mono: float) -> None:
        ledger = self._services.ledger
        phase_times = self._services.job_runner.phase_times
        try:
            ledger.check_not_replaced()
            with ledger.write() as db:
                meta.save_uptime(db, now.uptime_s)
                counters.add(db, phase_times.totals())
        except LedgerError as error:
            self._watchdog.ledger_failed(error, time.monotonic())
            raise
        phase_times.clear()
        self._watchdog.ledger_written(mono)

    def _open_stale_gates(self, now: Now) -> None:
        """Open gates that closed for another proxy or network; jobs may start then."""
        services = self._services
        if open_stale_gates(services.ledger, services.job_runner.settings, now):
            self._schedule.jobs_due_now()

    def _make_due_for_tokens(self, now: Now) -> None:
        """Try again what waited for tokens, when their provider answers again."""
        services = self._services
        if services.snapshot_builder.pop_token_provider_answers_again():
            with services.ledger.write() as db:
                gates.make_codes_due(db, PERSON_CODES, now)
            self._schedule.jobs_due_now()

    def _find_missing_tools(self) -> None:
        """Search for ffmpeg and the JavaScript runtime if one is missing or removed."""
        services = self._services
        if not services.job_runner.tools.is_complete():
            services.job_runner.tools = services.snapshot_builder.tools = find_tools()

    def _log_clock_jump(self) -> None:
        jump = self._services.clock.jump_s()
        if jump:
            log.warning("clock.jumped", seconds=round(jump))

    def _retry_template(self, mono: float) -> None:
        """Start a failed template again now and then: no job may need one for long."""
        if self._services.pool.template_error and mono >= self._template_retry_at:
            self._schedule.due_now(Step.TEMPLATE)
            self._template_retry_at = mono + TEMPLATE_RETRY_S

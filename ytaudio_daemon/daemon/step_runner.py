"""Runs a step of the loop; the failure of one step does not end the others."""

import time
from collections.abc import Callable, MutableMapping

import structlog

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.schedule import Schedule
from ytaudio_daemon.daemon.step_problems import EXPECTED_ERRORS, step_problem
from ytaudio_daemon.daemon.systemd_watchdog import SystemdWatchdog
from ytaudio_daemon.errors import LedgerGoneError, LedgerUnreachableError
from ytaudio_daemon.ledger import Ledger

log = structlog.get_logger()


class StepRunner:
    """Calls steps, and turns their failures into problems and waits.

    Args:
        ledger: Checked after each failure.
        schedule: Holds the waits of failed steps.
        watchdog: Pinged before each step.
        problems: The failing steps, by name; written here, shown in the status.
    """

    def __init__(
        self,
        ledger: Ledger,
        schedule: Schedule,
        watchdog: SystemdWatchdog,
        problems: MutableMapping[str, ProblemReport],
    ) -> None:
        self._ledger = ledger
        self._schedule = schedule
        self._watchdog = watchdog
        self._problems = problems

    def run(self, name: str, step: Callable[[], object]) -> bool:
        """Run a step, unless it failed less than a second ago.

        Returns:
            Whether the step returned something true: there is more to do at once.

        Raises:
            LedgerGoneError: The ledger's file was taken away: nothing may be written.
        """
        # A step may wait half a minute for a server.
        self._watchdog.ping(time.monotonic())
        if self._schedule.is_postponed(name, time.monotonic()):
            return False
        try:
            has_more = bool(step())
        except LedgerGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - one step's fault ends no other
            self._record_failure(name, error)
            return False
        self._problems.pop(name, None)
        self._schedule.succeeded(name)
        return has_more

    def _record_failure(self, name: str, error: Exception) -> None:
        """Make a step's failure a problem, and have the step wait.

        Raises:
            LedgerGoneError: The ledger's file was taken away.
        """
        self._check_ledger()
        self._schedule.postpone(name, time.monotonic())
        if name not in self._problems:
            is_expected = isinstance(error, EXPECTED_ERRORS)
            mistake = None if is_expected else error
            log.warning("step.failed", step=name, error=str(error), exc_info=mistake)
        self._problems[name] = step_problem(name, error)

    def forget_failures(self) -> None:
        """Forget failed steps that are not run any more: nothing waits for them."""
        self._schedule.forget_failures()
        self._problems.clear()

    def _check_ledger(self) -> None:
        """Raise LedgerGoneError if the ledger's file is gone, so that no retry helps."""
        try:
            self._ledger.check_not_replaced()
        except LedgerUnreachableError:
            # Checked again as soon as the server is back, or the folder open.
            self._schedule.heartbeat_after_retry(time.monotonic())

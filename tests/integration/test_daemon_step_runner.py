"""A step that fails harms no other; only a ledger that is gone ends the daemon."""

import errno
import os
import time

import pytest
from structlog.testing import capture_logs

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.schedule import Schedule
from ytaudio_daemon.daemon.step_runner import StepRunner
from ytaudio_daemon.daemon.systemd_watchdog import SystemdWatchdog
from ytaudio_daemon.errors import LedgerGoneError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.system.systemd_notify import SystemdNotifier


class Steps:
    """A runner with its schedule and problems, and a step that can be made to fail."""

    def __init__(self, ledger: Ledger) -> None:
        self.schedule = Schedule()
        self.problems: dict[str, ProblemReport] = {}
        watchdog = SystemdWatchdog(SystemdNotifier(), lambda: True, time.monotonic())
        self.runner = StepRunner(ledger, self.schedule, watchdog, self.problems)
        self.calls = 0
        self.error: BaseException | None = None

    def step(self) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "more"

    def run(self, name: str = "views") -> bool:
        return self.runner.run(name, self.step)


@pytest.fixture
def steps(sqlite_ledger: Ledger) -> Steps:
    return Steps(sqlite_ledger)


def test_a_failed_step_is_a_problem_and_waits_until_it_succeeds(steps: Steps) -> None:
    steps.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/status")
    assert not steps.run()
    assert steps.problems["views"][0] == "disk_full"

    assert not steps.run(), "so soon it is not even called"
    assert steps.calls == 1
    steps.error = None
    assert steps.run("intake"), "no other step waits"

    steps.schedule.forget_failures()
    assert steps.run()
    assert steps.problems == {}


def test_steps_that_are_not_run_any_more_leave_no_problem(steps: Steps) -> None:
    steps.error = OSError(errno.EACCES, os.strerror(errno.EACCES), "/inbox")
    steps.run("intake")
    steps.runner.forget_failures()
    assert steps.problems == {}
    assert not steps.schedule.is_postponed("intake", time.monotonic())


def test_a_mistake_of_the_program_is_named_and_ends_nothing(steps: Steps) -> None:
    steps.error = ZeroDivisionError("division by zero")
    with capture_logs() as logs:
        assert not steps.run()
        steps.schedule.forget_failures()
        assert not steps.run()
    code, message, hint = steps.problems["views"]
    assert code == "internal_error"
    assert "views: this program made a mistake: ZeroDivisionError" in message
    assert "traceback" in hint
    [told] = logs
    assert told["exc_info"] is steps.error


def test_an_end_that_is_wanted_passes_through(steps: Steps) -> None:
    for error in (SystemExit(), KeyboardInterrupt()):
        steps.error = error
        with pytest.raises(type(error)):
            steps.run()
        steps.schedule.forget_failures()


def test_a_failed_step_whose_ledger_is_gone_ends_the_daemon(
    steps: Steps, sqlite_ledger: Ledger
) -> None:
    assert sqlite_ledger.path is not None
    sqlite_ledger.remember_inode()
    os.unlink(sqlite_ledger.path)  # noqa: PTH108 - whatever type the path has
    steps.error = OSError(errno.EIO, os.strerror(errno.EIO))
    with pytest.raises(LedgerGoneError):
        steps.run()

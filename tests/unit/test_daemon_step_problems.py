"""What is told of a step that failed: by its cause, not by who was asked."""

import errno
import os

import pytest

from ytaudio_daemon.daemon.problems import DEGRADING_CODES
from ytaudio_daemon.daemon.step_problems import STEP_PROBLEM_CODES, step_problem
from ytaudio_daemon.errors import LedgerBusyError, TemplateError, UnsafePathError


@pytest.mark.parametrize(
    ("number", "code", "remedy"),
    [
        (errno.ENOSPC, "disk_full", "Make room on the disk of /srv/x."),
        (errno.EROFS, "read_only", "/srv/x writable again"),
        (errno.EACCES, "permission_denied", "read and write /srv/x"),
        (errno.EIO, "io_error", "dmesg"),
        (errno.EMFILE, "too_many_files", "LimitNOFILE"),
        (errno.EXDEV, "other_file_system", "mount between /srv/x"),
        (errno.EINVAL, "not_supported", "Rename /srv/x"),
        (errno.EBADF, "step_failed", "again every second"),
    ],
)
def test_an_error_of_the_machine_is_named_as_what_it_is(
    number: int, code: str, remedy: str
) -> None:
    told = step_problem("views", OSError(number, os.strerror(number), "/srv/x"))
    assert told.code == code
    assert remedy in told.hint
    assert told.message == f"views: {os.strerror(number)}: /srv/x"


def test_our_own_errors_keep_their_words() -> None:
    told = step_problem("claims", LedgerBusyError("the ledger is in use", "Wait."))
    assert told == ("ledger_trouble", "claims: the ledger is in use", "Wait.")
    assert step_problem("template", TemplateError("no")).code == "template_trouble"
    assert step_problem("views", UnsafePathError("a link")).code == "unsafe_path"


def test_whatever_holds_a_step_up_makes_the_daemon_degraded() -> None:
    assert STEP_PROBLEM_CODES <= DEGRADING_CODES

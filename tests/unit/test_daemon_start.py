"""The start is patient with whoever uses the ledger just then."""

import pytest

from ytaudio_daemon.daemon import open_ledger
from ytaudio_daemon.errors import LedgerBusyError


def busy_for(times: int) -> list[Exception]:
    return [LedgerBusyError("somebody writes") for _ in range(times)]


def test_a_step_of_the_start_is_tried_again_while_the_ledger_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_ledger, "BUSY_TIMEOUT_S", 0.001)
    troubles = busy_for(3)

    def step() -> str:
        if troubles:
            raise troubles.pop()
        return "done"

    assert open_ledger.retry_while_starting(step) == "done"


def test_a_ledger_that_stays_busy_ends_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_ledger, "START_TIMEOUT_S", 0.0)

    def step() -> None:
        raise LedgerBusyError("somebody writes")

    with pytest.raises(LedgerBusyError):
        open_ledger.retry_while_starting(step)

"""What a worker says, or left on disk, becomes an outcome that can be stored, or none."""

from typing import Any

import pytest

from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.model.worker_values import storable

#: Half an emoji, and what PostgreSQL refuses.
ODD = "a\ud83db\0c"
FAILURE = Failure(kind=FailureKind.UNKNOWN, code="unknown", message=ODD, log_tail=ODD)


def test_texts_that_cannot_be_stored_are_replaced() -> None:
    told = Outcome(failure=FAILURE, title=ODD).to_json()
    outcome = Outcome.from_json(told)
    assert outcome.failure is not None
    assert outcome.title == outcome.failure.log_tail == "a\ufffdb\ufffdc"
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert storable({"tags": [ODD, 1, None]}) == {"tags": ["a\ufffdb\ufffdc", 1, None]}


@pytest.mark.parametrize(
    "odd",
    [
        {"title": ["a list"]},
        {"downloaded_bytes": 2**63},
        {"duration_s": float("inf")},
        {"failure": {"kind": "nonsense", "code": "x", "message": "y"}},
        {"failure": {"kind": "unknown", "code": 7, "message": "y"}},
        {"more": 1},
    ],
)
def test_what_is_no_outcome_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Outcome.from_json(Outcome(failure=FAILURE).to_json() | odd)

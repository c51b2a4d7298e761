"""The ledgers that the bench fills by SQL are such as the daemon writes."""

from pathlib import Path

import pytest

from bench import filling
from bench.filling import Filling
from ytaudio_daemon.ledger import audit, queries
from ytaudio_daemon.model import JobState


@pytest.mark.parametrize(
    ("is_finished", "state"), [(False, JobState.QUEUED), (True, JobState.COMPLETED)]
)
def test_a_filled_ledger_contradicts_itself_nowhere(
    tmp_path: Path, *, is_finished: bool, state: JobState
) -> None:
    full = Filling(jobs=60, sessions=3, is_finished=is_finished)
    with filling.ledger_in(tmp_path) as ledger:
        filling.fill(ledger, full)
        with ledger.read() as db:
            flaws = list(audit.find_flaws(db))
            counts = queries.total_counts(db)
    assert flaws == []
    assert counts[state] == 60

"""docs/states.md says what LEGAL_TRANSITIONS says, and names functions that exist."""

import importlib
import re
from pathlib import Path

from ytaudio_daemon.model import FINALIZED, IN_QUOTA, LEGAL_TRANSITIONS, JobState

PAGE = (Path(__file__).parents[2] / "docs/states.md").read_text(encoding="utf-8")
LEGAL = {(one, other) for one, others in LEGAL_TRANSITIONS.items() for other in others}

#: (from, to) -> the function's name, as the graph has it.
GRAPH = {
    (JobState(one), JobState(other)): name
    for one, other, name in re.findall(
        r"^    (\w+) --> (\w+): (\w+)$", PAGE, re.MULTILINE
    )
}
#: (from, to) -> "module.function", as the table has it.
TABLE = {
    (JobState(one), JobState(other)): name
    for one, other, name in re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| `(\w+\.\w+)` \|", PAGE, re.MULTILINE
    )
}


def test_the_graph_shows_the_legal_transitions() -> None:
    assert set(GRAPH) == LEGAL


def test_the_table_lists_the_legal_transitions() -> None:
    assert set(TABLE) == LEGAL


def test_graph_and_table_name_the_same_functions() -> None:
    assert {move: name.split(".")[1] for move, name in TABLE.items()} == GRAPH


def test_the_functions_exist() -> None:
    for name in TABLE.values():
        module, function = name.split(".")
        found = importlib.import_module(f"ytaudio_daemon.ledger.{module}")
        assert callable(getattr(found, function)), name


def test_finalized_jobs_only_move_when_asked_again() -> None:
    assert {
        state for state in JobState if LEGAL_TRANSITIONS[state] == {JobState.QUEUED}
    } == (FINALIZED)


def test_every_state_is_finalized_in_the_quota_or_held() -> None:
    assert FINALIZED | IN_QUOTA | {JobState.HELD} == set(JobState)
    assert not FINALIZED & IN_QUOTA

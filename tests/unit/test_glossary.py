"""docs/glossary.md has every term that users meet in states, phases, gates and kinds."""

from enum import StrEnum
from pathlib import Path

import pytest

from ytaudio_daemon.model import FailureKind, JobState
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.job import Phase

PAGE = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text()
TERMS = [
    line.split("|")[1].strip()
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| term")
]


@pytest.mark.parametrize("words", [JobState, Phase, GateName, FailureKind])
def test_every_word_of_the_model_is_explained(words: type[StrEnum]) -> None:
    assert {str(word) for word in words} <= set(TERMS)


def test_every_term_is_explained_once_and_can_be_found() -> None:
    assert len(set(TERMS)) == len(TERMS)
    assert sorted(TERMS, key=str.lower) == TERMS

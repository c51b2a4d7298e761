"""The fuzz targets hold for their seeds, and for all that fuzzing has found."""

import pytest

from fuzz.__main__ import seeds
from fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_breaks_nothing(target: str) -> None:
    inputs = seeds(target)
    assert len(inputs) >= 2
    for data in inputs:
        TARGETS[target](data)

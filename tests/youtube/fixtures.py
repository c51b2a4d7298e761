"""Pytest fixtures; loaded by ``pytest_plugins = ["tests.youtube.fixtures"]``."""

from collections.abc import Iterator

import pytest

from tests.youtube.handle import YouTube


@pytest.fixture(scope="session")
def youtube_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YouTube]:
    """Run one stand-in for the whole session."""
    with YouTube(tmp_path_factory.mktemp("youtube")) as server:
        yield server


@pytest.fixture
def youtube(youtube_server: YouTube) -> YouTube:
    """Give the stand-in without videos, faults or records of an earlier test."""
    youtube_server.reset()
    return youtube_server

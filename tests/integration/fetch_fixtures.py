"""Fixtures of the fetch tests."""

from collections.abc import Iterator

import pytest

from tests.integration.fetch_rig import Runner
from tests.youtube import YouTube
from ytaudio_daemon.model import Network


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One warm process for all attempts of the session."""
    runner = Runner(tmp_path_factory.mktemp("fetch"))
    yield runner
    runner.close()


@pytest.fixture
def network(youtube: YouTube) -> Network:
    """The way to the stand-in."""
    return Network(proxy=youtube.proxy, ca_file=str(youtube.ca_file))

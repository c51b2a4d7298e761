"""Fixtures: the stand-in with a template video, a shared daemon a module, own ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.api_rig import Front, served
from tests.acceptance.rig import House, running
from tests.new_ledgers import migrated_file
from tests.youtube import Video, YouTube

#: A second of AAC, which becomes an m4a without being encoded.
CLIP = Video(duration_s=1, formats={"aac"})

Opener = Callable[..., House]


@pytest.fixture(scope="module")
def site(youtube_server: YouTube) -> YouTube:
    """Give the stand-in, where every ID is a short clip; shared by a module's tests."""
    youtube_server.reset()
    youtube_server.default = CLIP
    return youtube_server


@pytest.fixture(autouse=True)
def healthy_site(site: YouTube) -> None:
    """Take back what an earlier test did to the whole site."""
    site.blocked = None
    site.offline = False
    site.lift(None)


@pytest.fixture(scope="module")
def home(site: YouTube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Share one daemon among a module's tests; each keeps to sessions of its own."""
    with running(House(tmp_path_factory.mktemp("home"), site)) as shared:
        yield shared


@pytest.fixture(scope="session")
def api_home(
    youtube_server: YouTube, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Share one daemon among all tests of the API; each keeps to its own sessions."""
    with running(House(tmp_path_factory.mktemp("api"), youtube_server)) as shared:
        yield shared


@pytest.fixture(scope="session")
def front(api_home: House) -> Iterator[Front]:
    """Share one API beside that daemon; everybody is its operator."""
    with served(api_home) as shared:
        yield shared


@pytest.fixture
def open_house(site: YouTube, tmp_path: Path) -> Iterator[Opener]:
    """Start daemons of the test's own; they end with it."""
    with ExitStack() as stack:

        def opened(name: str = "house", **settings: Any) -> House:
            house = House(tmp_path / name, site, **settings)
            furnish(house)
            return stack.enter_context(running(house))

        yield opened


def furnish(house: House) -> None:
    """Put a new ledger into a house, which its daemon would take longer to make."""
    if not house.ledger.exists() and "database_url" not in house.settings:
        house.ledger.parent.mkdir(exist_ok=True)
        house.ledger.write_bytes(migrated_file())

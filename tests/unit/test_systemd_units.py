"""The units as they are shipped; `systemd/test.sh` runs them."""

from configparser import ConfigParser
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"


def service(name: str) -> dict[str, str]:
    """Return a unit's last value of each directive of [Service], names in lower case."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.read(UNITS / name)
    return dict(parser["Service"])


@pytest.mark.parametrize(
    "name", ["ytaudio-daemon.service", "ytaudio-daemon.user.service"]
)
def test_every_service_has_limits(name: str) -> None:
    """One hostile body or file must not take the machine down with it."""
    directives = service(name)
    assert directives["memorymax"].endswith("%")
    assert directives["tasksmax"].isdigit()
    assert directives["oompolicy"] == "continue"

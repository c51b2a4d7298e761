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
    "name",
    [
        "ytaudio-daemon.service",
        "ytaudio-daemon.user.service",
        "ytaudio-api.service",
    ],
)
def test_every_service_has_limits(name: str) -> None:
    """One hostile body or file must not take the machine down with it."""
    directives = service(name)
    assert directives["memorymax"].endswith("%")
    assert directives["tasksmax"].isdigit()
    assert directives["oompolicy"] == "continue"


def test_the_api_is_locked_down_as_the_daemon_is() -> None:
    """It may do no more, and reaches this machine alone."""
    daemon, api = service("ytaudio-daemon.service"), service("ytaudio-api.service")
    own = {"ipaddressdeny": "any", "ipaddressallow": "localhost"}
    hardening = list(daemon)[list(daemon).index("limitcore") :]
    for key in hardening:
        assert api[key] == own.get(key, daemon[key]), key
    assert api["user"] == daemon["user"]
    assert "--token-file" in api["execstart"]


def test_the_installer_knows_every_system_unit() -> None:
    """One that it does not know would stay behind at an uninstallation."""
    installer = (UNITS / "install.sh").read_text()
    units = installer.partition("UNITS=(")[2].partition(")")[0].split()
    shipped = {
        file.name for kind in ("service", "path") for file in UNITS.glob(f"*.{kind}")
    }
    assert set(units) == shipped - {"ytaudio-daemon.user.service"}

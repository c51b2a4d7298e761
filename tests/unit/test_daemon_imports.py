"""What a daemon holds in memory for as long as it runs."""

import subprocess
import sys

import pytest

#: Packages that an idle daemon on SQLite has no use for, with what they would take.
UNNEEDED = (
    "alembic",  # 8 MiB; imported to upgrade a ledger
    "rich",  # 4 MiB with Pygments and attrs; of the commands
    "pygments",
    "attr",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",  # 2 MiB
    "yt_dlp",  # of template and workers
    "av",
)


@pytest.fixture(scope="module")
def imported() -> frozenset[str]:
    program = (
        "import sys\n"
        "import ytaudio_daemon.cli.commands.run\n"
        "print(*(name for name, module in sys.modules.items() if module))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return frozenset(found.stdout.split())


@pytest.mark.parametrize("name", UNNEEDED)
def test_the_daemon_does_not_import_what_it_does_not_use(
    name: str, imported: frozenset[str]
) -> None:
    assert name not in imported


def test_rich_can_be_imported_after_the_daemon() -> None:
    program = "import ytaudio_daemon.daemon, rich.console"
    subprocess.run([sys.executable, "-c", program], check=True)

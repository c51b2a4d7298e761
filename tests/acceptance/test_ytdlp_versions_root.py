"""root upgrades yt-dlp: foreign code never finds root in its process."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.strangers import nobodys_house
from tests.integration import ytdlp_rig
from tests.others import NOBODY
from tests.youtube import YouTube

TELLS_WHO_RUNS_IT = {
    "yt_dlp/__init__.py": (
        "import os\n"
        "try:\n"
        "    os.setuid(0)\n"
        "except PermissionError:\n"
        "    raise RuntimeError(f'run by {os.getresuid() + os.getresgid()}')\n"
    )
}


@pytest.fixture
def folder_open_to_all() -> Iterator[Path]:
    """Make one beside pytest's folders, which any pytest that starts closes to others."""
    with tempfile.TemporaryDirectory(prefix="ytaudio-open-") as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


@pytest.mark.parametrize("state_is", ["its own", "a link", "root's"])
def test_root_becomes_the_owner_of_the_tree_for_good(
    site: YouTube, folder_open_to_all: Path, state_is: str
) -> None:
    """Also when the daemon's user has put a link there to a folder of root's."""
    with nobodys_house(site) as house:
        state = house.root / "state"
        os.chown(house.root, NOBODY, NOBODY)
        if state_is == "a link":
            state.symlink_to(folder_open_to_all)
            os.chown(state, NOBODY, NOBODY, follow_symlinks=False)
        else:
            state.mkdir()
            os.chown(state, NOBODY, NOBODY) if state_is == "its own" else None
        changed = ytdlp_rig.rebuilt(
            house.root / "wheels", ytdlp_rig.NEXT, changed=TELLS_WHO_RUNS_IT
        )
        done = subprocess.run(
            [
                house.python, "-m", "ytaudio_daemon",
                "engine", "upgrade", changed, "--json",
            ],
            env=house.environment(), cwd=house.root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if state_is == "root's":
            assert (done.returncode, "sudo -u nobody ytaudio" in done.stderr) == (
                2,
                True,
            )
            return
        told = json.loads(done.stdout or "{}")
        nobody = ", ".join([str(NOBODY)] * 6)
        assert told.get("result") == "refused", done
        assert f"run by ({nobody})" in told["message"]
        made = [state / "engine", *(state / "engine").rglob("*")]
        assert {path.lstat().st_uid for path in made} == {NOBODY}


def test_root_runs_no_daemon_in_another_s_tree(site: YouTube) -> None:
    """Its files there would keep the owner's daemon from starting."""
    with nobodys_house(site) as house:
        os.chown(house.root, NOBODY, NOBODY)
        done = subprocess.run(
            [house.python, "-m", "ytaudio_daemon", "run"],
            env=house.environment(), cwd=house.root, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 2, done
        assert "sudo -u nobody ytaudio run" in done.stderr
        assert not (house.root / "state").exists()

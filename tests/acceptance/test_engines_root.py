"""root upgrades yt-dlp: foreign code never finds root in its process."""

import json
import os
import subprocess

from tests.acceptance.rig import NOBODY
from tests.acceptance.strangers import nobodys_house
from tests.integration import engine_rig
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


def test_root_becomes_the_owner_of_the_state_folder_for_good(
    site: YouTube,
) -> None:
    with nobodys_house(site) as house:
        state = house.root / "state"
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        changed = engine_rig.rebuilt(
            house.root / "wheels", engine_rig.NEXT, changed=TELLS_WHO_RUNS_IT
        )
        done = subprocess.run(
            [
                house.python, "-m", "ytaudio_daemon",
                "engine", "upgrade", changed, "--json",
            ],
            env=house.environment(), cwd=house.root, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        told = json.loads(done.stdout or "{}")
        nobody = ", ".join([str(NOBODY)] * 6)
        assert told.get("result") == "refused", done
        assert f"run by ({nobody})" in told["message"]
        made = [state / "engine", *(state / "engine").rglob("*")]
        assert {path.lstat().st_uid for path in made} == {NOBODY}

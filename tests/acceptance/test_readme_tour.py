"""The README's tour, pasted whole into a shell beside a running daemon."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

from tests.acceptance.rig import House, running
from tests.youtube import Video, YouTube

README = (Path(__file__).parents[2] / "README.md").read_text()
#: What a quick house would hide: receipts that come a while after the ledger's word.
AS_SHIPPED: dict[str, Any] = {
    "inbox_settle": "1s",
    "status_interval": "2s",
    "download_format": "mp3",
}
TOUR: str = re.findall(r"```sh\n(export PATH=.*?)```", README, re.DOTALL)[0]


def paste(house: House) -> str:
    """Paste the tour into a shell in the house's folder; returns what it prints."""
    command = house.root / ".venv" / "bin" / "ytaudio"
    command.parent.mkdir(parents=True)
    python = shlex.quote(house.python)
    command.write_text(f'#!/bin/sh\nexec {python} -m ytaudio_daemon "$@"\n')
    command.chmod(0o755)
    # A machine without YouTube would wait for two minutes.
    tour = TOUR.replace("--timeout 2m", "--timeout 8s")
    assert tour != TOUR
    done = subprocess.run(
        ["/bin/sh"], input=tour, capture_output=True, text=True, timeout=120,
        cwd=house.root, env=house.environment(), check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_tour_ends_with_a_receipt_and_a_song(site: YouTube, tmp_path: Path) -> None:
    site.add(Video(id="dQw4w9WgXcQ", title="Never", duration_s=1))
    with running(House(tmp_path / "house", site, **AS_SHIPPED)) as house:
        said = paste(house)
    assert "1 completed" in said
    assert re.search(r"^ +1 +done .*\n +Never\.mp3$", said, re.MULTILINE), said
    assert "Never.mp3" in said.partition("library/alice:")[2]


def test_the_tour_says_plainly_that_youtube_cannot_be_reached(
    site: YouTube, tmp_path: Path
) -> None:
    nowhere = House(tmp_path / "house", site, download_proxy="http://127.0.0.1:9")
    with running(nowhere) as house:
        said = paste(house)
    assert "not finished after 8 s" in said
    assert re.search(
        r"^ +1 +to be tried again .*\n +The proxy did", said, re.MULTILINE
    ), said
    assert "No such file" not in said
    assert ".mp3" not in said.partition("library:")[2]

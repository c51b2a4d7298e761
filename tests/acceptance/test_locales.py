"""File names are UTF-8 whatever the locale says: in the daemon, commands, programs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.acceptance.conftest import CLIP
from tests.acceptance.rig import House, links
from tests.locales import LATIN_1, PLAIN, locale_environment
from tests.youtube import Video, YouTube
from tests.youtube.handle import child_environment

SESSION = "Größe"
TITLES = {"LOCALE00001": "日本の歌", "LOCALE00002": "Café"}


class HouseInALocale(House):
    """Its programs start on their own, in a locale."""

    variables: Mapping[str, str]

    @property
    def is_plain(self) -> bool:
        return False

    def environment(self, **more: str) -> dict[str, str]:
        # What commands print is read by `House`, which expects UTF-8.
        words = {**self.variables, "PYTHONIOENCODING": "utf-8", **more}
        return super().environment(**words)


@pytest.mark.parametrize(("name", "later"), [(LATIN_1, LATIN_1), PLAIN])
def test_titles_and_folders_are_utf8_in_every_locale(
    site: YouTube, tmp_path: Path, name: str, later: str
) -> None:
    for video_id, title in TITLES.items():
        site.add(
            Video(id=video_id, title=title, duration_s=CLIP.duration_s, formats={"aac"})
        )
    house = HouseInALocale(tmp_path / "house", site)
    house.variables = locale_environment(name, tmp_path)
    try:
        house.start()
        drop = house.drop(SESSION, links(TITLES), "Wünsche.txt")
        house.wait_counts(SESSION, completed=2)
        shelf = house.library / SESSION
        house.wait(lambda: len(list(shelf.glob("[!.]*"))) == len(TITLES))
        assert {path.stem for path in shelf.iterdir()} == set(TITLES.values())
        receipt = house.wait_filed(drop).with_name("Wünsche.txt.receipt.txt")
        house.wait(
            lambda: receipt.exists() and "日本の歌" in receipt.read_text("utf-8")
        )
        assert house.daemon["problems"] == []
        house.must("status", SESSION)

        assert house.stop() == 0
        house.variables = locale_environment(later, tmp_path)
        house.start()  # what it finds at its start harms it no more
        assert house.session(SESSION)["session"]["name"] == SESSION
        house.must("status", SESSION)
    finally:
        house.close()


@pytest.mark.parametrize("name", [LATIN_1, *PLAIN])
def test_a_terminal_gets_the_characters_of_its_locale(
    tmp_path: Path, name: str
) -> None:
    variables = locale_environment(name, tmp_path)
    file = tmp_path / "Größe.txt"
    file.write_text("日本 Café\n")
    ran = subprocess.run(
        [sys.executable, "-m", "ytaudio_daemon", "check", file],
        env=child_environment(**variables),
        capture_output=True,
        check=False,
    )
    charset = "latin-1" if "LOCPATH" in variables else "utf-8"
    assert "Größe.txt" in ran.stdout.decode(charset)
    assert b"Traceback" not in ran.stderr


def test_a_program_with_other_file_names_is_refused_with_a_remedy(
    tmp_path: Path,
) -> None:
    variables = locale_environment(LATIN_1, tmp_path)
    program = (
        "from ytaudio_daemon import AudioDownloader, YtaudioError\n"
        "try: AudioDownloader('songs').close()\n"
        "except YtaudioError as error: print(error.message, error.hint)\n"
    )

    def ran(*flags: str) -> str:
        done = subprocess.run(
            [sys.executable, *flags, "-c", program],
            env=child_environment(**variables),
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        return os.fsdecode(done.stdout)

    assert "iso8859-1" in ran()
    assert "python -X utf8" in ran()
    assert ran("-X", "utf8") == ""

"""The whole tree of people's files on exFAT and NTFS, through their FUSE drivers."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rig import Document, House, links, read_json, running
from tests.odd_file_systems import odd_disk, short_names
from tests.youtube import Video, YouTube


class HouseOnADisk(House):
    """Its inbox, downloads and library are on another disk; the ledger is not."""

    disk: Path

    @property
    def inbox(self) -> Path:
        return self.disk / "inbox"

    @property
    def downloads(self) -> Path:
        return self.disk / "downloads"

    @property
    def library(self) -> Path:
        return self.disk / "library"

    @property
    def daemon(self) -> Document:
        status = self.settings.get("paths_status", str(self.root / "status"))
        return read_json(Path(status) / "daemon.json")


def _house(site: YouTube, root: Path, disk: Path) -> HouseOnADisk:
    paths = {
        f"paths_{name}": str(disk / name) for name in ("inbox", "downloads", "library")
    }
    made = HouseOnADisk(root, site)
    made.settings |= paths
    made.disk = disk
    return made


@pytest.fixture(params=["exfat", "ntfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Give a disk of each kind."""
    with odd_disk(request.param, tmp_path) as mounted:
        yield mounted


def test_drops_are_filed_and_audio_is_published_and_shelved(
    site: YouTube, tmp_path: Path, disk: Path
) -> None:
    songs = {"ODDDISK0001": "Hello", "ODDDISK0002": "HELLO", "ODDDISK0003": "Café"}
    for video_id, title in songs.items():
        site.add(Video(id=video_id, title=title, duration_s=1, formats={"aac"}))
    with running(_house(site, tmp_path / "house", disk)) as house:
        drop = house.drop("alice", links(songs))
        filed = house.wait_filed(drop)
        house.wait_counts("alice", completed=len(songs))
        shelf = house.library / "alice"
        house.wait(
            lambda: shelf.exists() and len(list(shelf.glob("[!.]*"))) == len(songs)
        )
        # `Hello` and `HELLO` are one name to people's programs, and here to the disk.
        assert all(path.stat().st_size > 1000 for path in shelf.iterdir())
        house.wait(filed.with_name("songs.txt.receipt.txt").exists)
        assert house.daemon["problems"] == []
        assert "step.failed" not in house.log.read_text()

        again = house.drop("alice", links(list(songs)[:1]))
        house.wait(lambda: not again.exists())  # filed beside its namesake
        assert filed.with_name("songs.2.txt").exists()


def test_a_short_second_name_of_ntfs_is_no_second_name(
    site: YouTube, tmp_path: Path
) -> None:
    with (
        odd_disk("ntfs", tmp_path) as disk,
        running(_house(site, tmp_path / "house", disk)) as house,
    ):
        hidden = disk / "A long name of a list.txt"
        hidden.write_text(links(["ODDDISK0004"]))
        try:
            os.setxattr(hidden, "system.ntfs_dos_name", b"ALONGN~1.TXT")
        except OSError as error:
            pytest.skip(f"this ntfs-3g makes no short names: {error}")
        assert hidden.stat().st_nlink == 2
        (house.inbox / "bob").mkdir()
        subprocess.run(["mv", hidden, house.inbox / "bob"], check=True)
        if (house.inbox / "bob" / hidden.name).stat().st_nlink == 1:
            os.setxattr(
                house.inbox / "bob" / hidden.name,
                "system.ntfs_dos_name",
                b"ALONGN~1.TXT",
            )
        house.wait_counts("bob", completed=1)


def test_short_names_are_enough_for_long_titles_and_drops(
    site: YouTube, tmp_path: Path
) -> None:
    title, video_id = "A" * 180, "ODDDISK0005"
    site.add(Video(id=video_id, title=title, duration_s=1, formats={"aac"}))
    with short_names(tmp_path) as disk:
        house = _house(site, tmp_path / "house", disk)
        house.settings["paths_status"] = str(disk / "status")
        with running(house):
            drop = house.drop("carol", links([video_id]), "D" * 166 + ".txt")
            neighbour = house.drop("carol", links([video_id]), "E.txt")
            house.wait(lambda: not drop.exists() and not neighbour.exists())
            filed = drop.parent / "processed"
            house.wait(lambda: len(list(filed.glob("*.receipt.txt"))) == 2)
            receipts = disk / "status" / "receipts" / "carol"
            house.wait(lambda: len(list(receipts.glob("[!.]*.json"))) == 2)
            shelf = house.library / "carol"
            house.wait(lambda: shelf.exists() and list(shelf.glob("A*.m4a")))
            # Where a file of that name is replaced, this disk has none for a moment.
            house.wait(lambda: house.daemon.get("problems") == [])
            assert "step.failed" not in house.log.read_text()

"""Nothing partial is ever visible: whatever has a name is whole, and stays so."""

import hashlib
import os
import threading
from pathlib import Path
from typing import Self

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import ids
from tests.youtube import Video, YouTube


class Witness:
    """Looks all the time, and hashes every file at the first sight of its name."""

    def __init__(self, *roots: Path) -> None:
        self.first: dict[Path, str] = {}
        self._roots = roots
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def changed(self) -> list[Path]:
        """Return the files that are not what they were at first."""
        return [path for path, seen in self.first.items() if sha256(path) != seen]

    def _look_on(self) -> None:
        while not self._done.wait(0.001):
            for root in self._roots:
                self._look_through(root)

    def _look_through(self, root: Path) -> None:
        for folder, inner, files in os.walk(root):
            inner[:] = [name for name in inner if not name.startswith(".")]
            for path in (Path(folder, name) for name in files):
                if path not in self.first and not path.name.startswith("."):
                    self.first[path] = sha256(path)


def sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "gone"


def test_a_witness_sees_whole_files_only(open_house: Opener, site: YouTube) -> None:
    house = open_house()
    videos = ids("WITNESS", 20)
    site.add(
        *[Video(id=video, title=f"Same {n % 7}") for n, video in enumerate(videos)]
    )
    formats = ("mp3", "m4a", "opus", "flac", "wav")
    text = "".join(
        f"https://youtu.be/{video} format={formats[n % 5]}\n"
        for n, video in enumerate(videos)
    )
    with Witness(house.downloads, house.library) as witness:
        house.drop("seen", text)
        house.wait_done("seen", len(videos), 150)
        house.wait_receipt("seen", completed=len(videos))
        # Of each its audio, its job.json, its name in the library.
        house.wait(lambda: len(witness.first) >= 3 * len(videos))
    assert len(witness.first) == 3 * len(videos)
    assert witness.changed() == []

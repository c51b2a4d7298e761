"""Too little memory for the daemon's downloads, in a real cgroup."""

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rig import House, ids, links, wait_until
from tests.acceptance.test_faults_host import let_time_pass
from tests.youtube import YouTube

#: Where cgroups of version 2 and 1 are mounted, and the file of their limit.
MOUNTS = {
    Path("/sys/fs/cgroup"): "memory.max",
    Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes",
}
ROOMY = 2 << 30
#: The daemon and its template fit, their workers do not.
SHORT = 108 << 20


class Cgroup:
    """A cgroup with a limit of memory."""

    def __init__(self, folder: Path, limit_name: str) -> None:
        self.procs = folder / "cgroup.procs"
        self._limit = folder / limit_name

    def limit(self, size: int) -> None:
        self._limit.write_text(str(size))


def _remove_when_empty(folder: Path) -> None:
    """Remove a cgroup; its last processes may still be ending."""

    def is_removed() -> bool:
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True

    wait_until(is_removed)


@pytest.fixture
def cgroup() -> Iterator[Cgroup]:
    """Give a cgroup; skips where none can be made."""
    for mount, limit_name in MOUNTS.items():
        folder = mount / f"ytaudio-test-{os.getpid()}"
        if not (mount / "cgroup.procs").exists():
            continue
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            made = Cgroup(folder, limit_name)
            try:
                made.limit(ROOMY)
            except OSError:
                continue
            yield made
            return
        finally:
            _remove_when_empty(folder)
    pytest.skip("no cgroup with a limit of memory can be made here")


def test_links_are_not_blamed_for_a_shortage_of_memory(
    site: YouTube, tmp_path: Path, cgroup: Cgroup
) -> None:
    inside = tmp_path / "python"
    inside.write_text(
        f'#!/bin/sh\necho $$ > {cgroup.procs}\nexec {sys.executable} "$@"\n'
    )
    inside.chmod(0o755)
    house = House(tmp_path / "house", site, python=str(inside))
    songs = ids("MEMORY", 6)
    try:
        house.start()
        cgroup.limit(SHORT)
        house.drop("alice", links(songs))
        gate = house.wait(lambda: house.query("SELECT code FROM gates"))
        assert gate == [("out_of_memory",)]
        cgroup.limit(ROOMY)

        def healed() -> bool:
            let_time_pass(house)
            return house.counts("alice").get("completed") == len(songs)

        house.wait(healed)
        (crashes,) = house.query("SELECT sum(crashes) FROM jobs")[0]
        assert crashes <= 1, "only before a second job showed whose fault it is"
    finally:
        house.close()

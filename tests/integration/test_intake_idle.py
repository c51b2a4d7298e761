"""What an idle inbox costs: nothing that grows with its sessions, and nothing is missed."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House
from tests.others import mounted
from ytaudio_daemon.folders import inbox_scan, quiet_folders
from ytaudio_daemon.folders.session_scan import ScanScope

SESSIONS = 50


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # Whatever the machine's disk is, this file system is trusted.
    with mounted(tmp_path, "-t", "tmpfs", "tmpfs"):
        made = House(tmp_path)
        for number in range(SESSIONS):
            (made.layout.inbox / f"s{number}" / "processed").mkdir(parents=True)
        yield made
        made.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of the session folders that scans open."""
    names: list[str] = []
    scan_session = inbox_scan._scan_session

    def count(scope: ScanScope, name: str) -> object:
        names.append(name)
        return scan_session(scope, name)

    monkeypatch.setattr(inbox_scan, "_scan_session", count)
    return names


def rest(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    """Let the folders' last change be long ago, and a scan find that."""
    long_ago = time.time() + 60
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: long_ago)
        house.take()


def test_quiet_sessions_are_not_opened_again(
    house: House, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch, house)
    assert len(opened) >= SESSIONS
    opened.clear()
    house.take()
    assert opened == []
    house.layout.inbox.joinpath("s7", "songs.txt").write_text(LINKS)
    house.take()
    assert set(opened) == {"s7"}
    assert house.ask("SELECT state FROM drops") == [("filed",)]


def test_what_may_change_without_its_folder_is_looked_at_again(
    house: House, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = house.layout.inbox
    (inbox / "s1" / "empty.txt").touch()
    (inbox / "s2" / "rock").mkdir()
    (inbox / "s3" / "other.pdf").touch()
    rest(monkeypatch, house)
    (inbox / "s1" / "empty.txt").write_text(LINKS)
    (inbox / "s2" / "rock" / "a.txt").write_text(LINKS)
    opened.clear()

    house.take()

    assert set(opened) == {"s1", "s2", "s3"}
    assert house.ask("SELECT count(*) FROM drops") == [(2,)]


def test_a_folder_that_was_just_changed_is_not_quiet_yet(
    house: House, opened: list[str]
) -> None:
    house.take()
    opened.clear()
    house.take()
    assert len(opened) >= SESSIONS, "its times may not show the next change"


def test_times_are_not_trusted_for_ever_nor_everywhere(
    house: House, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch, house)
    opened.clear()
    for _ in range(quiet_folders.FULL_SCAN_EVERY):
        house.take()
    assert len(opened) == SESSIONS + 1
    monkeypatch.setattr(quiet_folders, "TRUSTED_FILE_SYSTEMS", frozenset())
    house.restart()
    rest(monkeypatch, house)
    opened.clear()
    house.take()
    assert len(opened) >= SESSIONS


def test_a_folder_moved_or_mounted_there_is_another_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = house.layout.inbox.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "songs.txt").write_text(LINKS)
    rest(monkeypatch, house)
    os.utime(elsewhere, (0, 0))
    (house.layout.inbox / "s4").rename(house.layout.inbox.parent / "away")
    elsewhere.rename(house.layout.inbox / "s4")
    house.take()
    assert house.ask("SELECT count(*) FROM drops") == [(1,)]

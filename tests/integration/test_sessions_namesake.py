"""Two sessions of one name share a library folder; one's end leaves the other's files."""

import os
from pathlib import Path

import pytest

from tests.new_ledgers import new_ledger
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.ledger import expiry, sessions
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import load

NOW = Now(wall=1_000_000.0, uptime_s=1_000.0)


class House:
    """A ledger and a tree, without a daemon."""

    def __init__(self, root: Path) -> None:
        self.settings = load(None, {"YTAUDIO_PATHS_ROOT": str(root)})
        self.layout = layout_of(self.settings)
        prepare(self.layout, "")
        self.library = root / "library" / "shared"
        self.library.mkdir(parents=True)
        self.ledger = new_ledger(self.settings.database.url)

    def open(self) -> sessions.Session:
        with self.ledger.write() as db:
            return sessions.open_session(db, "shared", NOW)

    def publish(self, session: sessions.Session, title: str, *, linked: bool) -> Path:
        """Put a result into downloads and library, as a link or as a copy."""
        audio = self.layout.audio_file(session.uuid, f"job of {title}", title)
        audio.parent.mkdir(parents=True)
        audio.write_text(title)
        shelved = self.library / title
        if linked:
            shelved.hardlink_to(audio)
        else:
            shelved.write_text(title)
            found = audio.stat()
            os.utime(shelved, ns=(found.st_atime_ns, found.st_mtime_ns))
        return shelved

    def expire(self, session: sessions.Session, on_expiry: str) -> None:
        with self.ledger.write() as db:
            assert expiry.expire(db, session, NOW, on_expiry=on_expiry)
        SessionExpirer(self.ledger, self.layout, self.settings).sweep(NOW)


@pytest.mark.parametrize("linked", [True, False])
def test_an_end_with_delete_leaves_what_an_earlier_namesake_kept(
    tmp_path: Path, *, linked: bool
) -> None:
    house = House(tmp_path)
    first = house.open()
    kept = house.publish(first, "kept.m4a", linked=linked)
    house.expire(first, "keep")
    second = house.open()
    gone = house.publish(second, "gone.m4a", linked=linked)

    house.expire(second, "delete")

    assert kept.exists()
    assert not gone.exists()
    assert not house.layout.session_downloads(second.uuid).exists()
    assert [path.name for path in tmp_path.glob("library/.trash/*/*")] == ["gone.m4a"]
    house.ledger.close()


def test_an_end_with_delete_leaves_what_a_newer_namesake_has(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = house.open()
    gone = house.publish(first, "gone.m4a", linked=True)
    with house.ledger.write() as db:  # ... and the daemon is killed
        assert expiry.expire(db, first, NOW, on_expiry="delete")
    second = house.open()
    fresh = house.publish(second, "fresh.m4a", linked=True)

    SessionExpirer(house.ledger, house.layout, house.settings).sweep(NOW)

    assert fresh.exists()
    assert not gone.exists()
    house.ledger.close()


def test_a_lone_session_takes_its_whole_folder_along(tmp_path: Path) -> None:
    house = House(tmp_path)
    only = house.open()
    house.publish(only, "gone.m4a", linked=True)
    (house.library / "the user's own.m3u").touch()

    house.expire(only, "delete")

    assert not house.library.exists()
    house.ledger.close()

"""The sweep: one session's trouble is its own, and the row decides as it is now."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.intake_rig import House
from ytaudio_daemon.folders import trash
from ytaudio_daemon.ledger import Connection, expiry, sessions
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.model.clock import Now

LATER = Now(wall=9e9, uptime_s=9e9)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, YTAUDIO_SESSIONS_ON_EXPIRY="delete")
    yield made
    made.close()


def session_expirer(house: House) -> SessionExpirer:
    return SessionExpirer(house.ledger, house.layout, house.settings)


def opened(house: House, *names: str) -> list[Path]:
    """Open sessions that have some audio; return their folders."""
    with house.ledger.write() as db:
        made = [sessions.open_session(db, name, house.now) for name in names]
    folders = [house.layout.downloads / session.uuid for session in made]
    for folder in folders:
        folder.mkdir()
        (folder / "song.mp3").touch()
    return folders


def test_one_that_cannot_be_thrown_away_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = opened(house, "stuck", "other")
    old = house.layout.trash / "somebody.0"
    old.mkdir(parents=True)
    plain = trash.move_to_trash

    def refuse(root: Path, name: str, as_name: str) -> bool:
        if name == stuck.name:
            raise PermissionError(13, "Permission denied", name)
        return plain(root, name, as_name)

    monkeypatch.setattr(trash, "move_to_trash", refuse)
    sweep = session_expirer(house)
    with pytest.raises(PermissionError):
        sweep.sweep(LATER)
    assert (stuck.exists(), other.exists()) == (True, False)
    assert not sweep.delete_trash_batch()
    assert not old.exists()


def test_a_page_of_sessions_that_cannot_be_thrown_away_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "PAGE_SIZE", 2)
    *stuck, other = opened(house, "stuck", "jammed", "other")
    plain = trash.move_to_trash

    def refuse(root: Path, name: str, as_name: str) -> bool:
        if name in {folder.name for folder in stuck}:
            raise PermissionError(13, "Permission denied", name)
        return plain(root, name, as_name)

    monkeypatch.setattr(trash, "move_to_trash", refuse)
    with pytest.raises(PermissionError):
        session_expirer(house).sweep(LATER)
    assert all(folder.exists() for folder in stuck)
    assert not other.exists()


def test_what_cannot_be_deleted_holds_up_no_other_and_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.0", "b.0"):
        (house.layout.trash / name).mkdir(parents=True)
    plain = trash.delete

    def refuse(root: Path, name: str) -> Iterator[None]:
        if name == "a.0":
            raise PermissionError(13, "Permission denied", name)
        yield from plain(root, name)

    sweep = session_expirer(house)
    with monkeypatch.context() as patch:
        patch.setattr(trash, "delete", refuse)
        sweep.sweep(LATER)
        assert not sweep.delete_trash_batch()
        assert os.listdir(house.layout.trash) == ["a.0"]  # noqa: PTH208 - names only
        with pytest.raises(PermissionError):
            sweep.sweep(LATER)
    sweep.delete_trash_batch()
    sweep.sweep(LATER)
    assert not list(house.layout.trash.iterdir())


def test_what_is_said_after_the_look_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, touched, due = opened(house, "kept", "touched", "due")
    plain = expiry.expire

    def expire(db: Connection, *args: Any, **options: Any) -> bool:
        """Somebody's command came between the look and this."""
        db.exec_driver_sql("UPDATE sessions SET on_expiry = 'keep' WHERE id = 1")
        db.exec_driver_sql("UPDATE sessions SET last_activity_lived = 9e9 WHERE id = 2")
        return plain(db, *args, **options)

    monkeypatch.setattr(expiry, "expire", expire)
    session_expirer(house).sweep(LATER)
    assert house.ask("SELECT state, removal FROM sessions ORDER BY id") == [
        ("expired", None),
        ("active", None),
        ("expired", "done"),
    ]
    assert [f.exists() for f in (kept, touched, due)] == [True, True, False]


def test_one_whose_job_somebody_else_runs_holds_up_no_other(house: House) -> None:
    for name in ("a-sick", "healthy"):
        (house.layout.inbox / name).mkdir()
        (house.layout.inbox / name / "songs.txt").write_text(
            "https://youtu.be/AAAAAAAAAAA\n"
        )
    house.take()
    with house.ledger.write() as db:
        sick = sessions.active_session(db, "a-sick")
        assert sick is not None
        db.exec_driver_sql(
            "UPDATE jobs SET state = 'running', host = 'another', attempt = 1"
            f" WHERE session_id = {sick.id}"
        )
    sweep = session_expirer(house)
    sweep.sweep(LATER)
    while sweep.sweep(LATER):
        pass
    assert house.ask("SELECT state, count(*) FROM jobs GROUP BY state") == [
        ("cancelled", 1),
        ("running", 1),
    ]


def test_a_session_whose_drop_is_being_taken_does_not_end(house: House) -> None:
    house.drop()
    house.die_at("batch.recorded")
    with house.ledger.write() as db:
        session = sessions.active_session(db, "alice")
        assert session is not None
        db.exec_driver_sql("UPDATE sessions SET queued = 0")
        assert not expiry.expire(db, session, LATER, on_expiry="keep")


def test_raised_limits_let_held_jobs_in(tmp_path: Path) -> None:
    house = House(tmp_path, YTAUDIO_SESSIONS_MAX_JOBS="1")
    for name in ("alice", "bob", "carol"):
        (house.layout.inbox / name).mkdir(exist_ok=True)
        links = "".join(f"https://youtu.be/{name:A<10}{n}\n" for n in range(3))
        (house.layout.inbox / name / "songs.txt").write_text(links)
    house.take()
    held = "SELECT count(*) FROM jobs WHERE state = 'held'"
    sweep = session_expirer(house)
    while sweep.sweep(house.now):
        pass
    assert house.ask(held) == [(6,)]
    more = House(tmp_path / "more", YTAUDIO_SESSIONS_MAX_JOBS="2").settings
    sweep.reload(more)
    while sweep.sweep(house.now):
        pass
    assert house.ask(held) == [(3,)]
    house.close()


def test_the_name_of_a_folder_means_the_session_in_it(house: House) -> None:
    """A folder named by a UUID outlives the session of that UUID."""
    with house.ledger.write() as db:
        first = sessions.open_session(db, "a", house.now)
        db.exec_driver_sql(f"UPDATE sessions SET name = '{first.uuid}'")
        assert sessions.find_session(db, first.uuid) is not None
        assert expiry.expire(db, first, LATER, on_expiry="keep")
        assert getattr(sessions.find_session(db, first.uuid), "id", 0) == first.id
        second = sessions.open_session(db, first.uuid, LATER)
        assert getattr(sessions.find_session(db, first.uuid), "id", 0) == second.id

"""Cookies that are dropped into a session's folder."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import House, acting_as
from tests.others import NOBODY, let_others_in, may_be_anybody
from tests.youtube.accounts import cookies_text
from ytaudio_daemon.folders import cookie_jars
from ytaudio_daemon.ledger import cookies, expiry, sessions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.model.cookies import parse_cookies
from ytaudio_daemon.operations import session_changes
from ytaudio_daemon.operations.transaction import write_now

SECRET = "S3CRETVALUE"  # of nobody
GOOD = cookies_text(SECRET)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def session_of(house: House, name: str = "alice") -> Session:
    with house.ledger.read() as db:
        found = sessions.active_session(db, name)
    assert found is not None
    return found


def jar_of(house: House, name: str = "alice") -> Path | None:
    return cookie_jars.find_cookies(house.layout, session_of(house, name).uuid)


def places_of(secret: str, root: Path) -> list[str]:
    """Return the files under a folder that contain a text."""
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]


def test_they_are_taken_to_the_state_folder_and_are_nowhere_else(
    house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    house.drop("cookies.txt", GOOD)
    house.drop("songs.txt")
    house.take()
    house.show()
    session = session_of(house)
    assert places_of(SECRET, tmp_path) == [f"state/cookies/{session.uuid}/cookies.txt"]
    jar = jar_of(house)
    assert jar is not None
    assert stat.S_IMODE(jar.stat().st_mode) == 0o600
    assert stat.S_IMODE(jar.parent.stat().st_mode) == 0o700
    assert session.cookies_given_at is not None
    assert house.ask("SELECT name FROM drops") == [(b"songs.txt",)]
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    "name", ["www.youtube.com_cookies.txt", "export.txt", "list.urls", "COOKIES.TXT"]
)
def test_they_are_known_by_their_content_whatever_the_name(
    house: House, tmp_path: Path, name: str
) -> None:
    house.drop(name, GOOD)
    house.take()
    assert len(places_of(SECRET, tmp_path)) == 1
    assert jar_of(house)


def test_those_of_the_inbox_itself_are_the_default_sessions(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "cookies.txt").write_text(GOOD)
    house.take()
    assert jar_of(house, "default")
    assert len(places_of(SECRET, tmp_path)) == 1


@pytest.mark.parametrize("content", [GOOD, f"<html>{SECRET}"])
def test_those_in_a_folder_of_lists_are_the_sessions(
    house: House, tmp_path: Path, content: str
) -> None:
    folder = house.inbox / "rock" / "old"
    folder.mkdir(parents=True)
    (folder / "cookies.txt").write_text(content)
    house.take()
    assert not (folder / "cookies.txt").exists()
    assert bool(jar_of(house)) is (content == GOOD)
    assert len(places_of(SECRET, tmp_path)) == (content == GOOD)
    assert bool(session_of(house).cookies_problem) is (content != GOOD)


def test_newer_ones_replace_them(house: House, tmp_path: Path) -> None:
    house.drop("cookies.txt", GOOD)
    house.take()
    house.drop("cookies.txt", cookies_text("newer"))
    house.take()
    assert places_of(SECRET, tmp_path) == []
    jar = jar_of(house)
    assert jar is not None
    assert "newer" in jar.read_text()


def test_only_youtubes_are_stored(house: House, tmp_path: Path) -> None:
    bank = ".bank.example\tTRUE\t/\tTRUE\t4102444800\tSID\tBANKSECRET\n"
    house.drop("cookies.txt", GOOD + bank)
    house.take()
    assert places_of("BANKSECRET", tmp_path) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"<html><title>{SECRET}</title>https://youtu.be/AAAAAAAAAAA", "a web page"),
        (
            f'[{{"domain": ".youtube.com", "httpOnly": 1, "value": "{SECRET}"}}]',
            "JSON",
        ),
        (f"{SECRET} no cookies", "not in Netscape format"),
        (GOOD.replace("youtube.com", "example.com"), "no cookies of youtube.com"),
        (GOOD.replace("LOGIN_INFO", "OTHER"), "nobody who is signed in"),
        (cookies_text(SECRET, expires=1_500_000_000), "expired on 2017-07-14"),
    ],
)
def test_useless_ones_are_refused_removed_and_the_reason_told(
    house: House, tmp_path: Path, content: str, reason: str
) -> None:
    house.drop("cookies.txt", GOOD.replace(SECRET, "older"))
    house.take()
    house.drop("cookies.txt", content)
    house.take()
    house.show()
    assert places_of(SECRET, tmp_path) == []
    session = session_of(house)
    assert session.cookies_problem is not None
    assert reason in session.cookies_problem
    assert "private window" in session.cookies_problem
    assert SECRET not in session.cookies_problem
    jar = jar_of(house)
    assert jar is not None
    assert "older" in jar.read_text()
    shown = house.layout.session_status("alice").read_text()
    assert reason in shown


def test_a_list_of_links_by_the_name_of_cookies_is_a_list_of_links(
    house: House,
) -> None:
    house.drop("cookies.txt")
    house.take()
    assert house.ask("SELECT video_id FROM jobs") == [("AAAAAAAAAAA",)]


def test_a_crash_before_the_file_is_removed_repeats_it(house: House) -> None:
    house.drop("cookies.txt", GOOD)
    house.die_at("cookies.stored")
    assert (house.inbox / "cookies.txt").exists()
    house.take()
    assert not (house.inbox / "cookies.txt").exists()
    assert jar_of(house)


def test_one_that_cannot_be_removed_is_used_once_and_named(
    house: House, tmp_path: Path
) -> None:
    if not may_be_anybody():
        pytest.skip("needs another user's folder")
    house.drop("cookies.txt", GOOD)
    let_others_in(tmp_path)
    house.inbox.chmod(0o555)
    with acting_as(NOBODY, tmp_path):
        house.take()
        house.take()
    assert jar_of(house)
    assert "remove it" in house.intake.ignored_files.waiting[0][1]
    given = house.ask("SELECT COUNT(*) FROM events WHERE reason = 'cookies_given'")
    assert given == [(1,)]
    house.inbox.chmod(0o777)
    house.take()
    assert list(house.inbox.iterdir()) == []
    assert house.intake.ignored_files.waiting == []


def test_a_session_that_ends_takes_its_cookies_with_it(
    house: House, tmp_path: Path
) -> None:
    house.drop("cookies.txt", GOOD)
    house.take()
    expirer = SessionExpirer(house.ledger, house.layout, house.settings)
    expirer.sweep(house.now)
    assert jar_of(house)
    with house.ledger.write() as db:
        assert expiry.expire(db, session_of(house), house.now, on_expiry="keep")
    expirer.sweep(house.now)
    assert places_of(SECRET, tmp_path) == []
    assert list(house.layout.cookies.iterdir()) == []
    house.drop("songs.txt")
    house.take()
    assert jar_of(house) is None


def test_a_person_can_remove_them(house: House, tmp_path: Path) -> None:
    house.drop("cookies.txt", GOOD)
    house.take()

    def remove() -> bool:
        return session_changes.remove_cookies(
            lambda: write_now(house.ledger), house.layout, session_of(house)
        )

    assert remove()
    assert places_of(SECRET, tmp_path) == []
    assert session_of(house).cookies_given_at is None
    assert not remove()


def test_what_is_stored_are_all_the_cookies_that_were_given(house: House) -> None:
    house.drop("cookies.txt", GOOD)
    house.take()
    jar = jar_of(house)
    assert jar is not None
    assert parse_cookies(jar.read_text()) == parse_cookies(GOOD)
    with house.ledger.read() as db:
        assert [s.name for s in cookies.sessions_with_cookies(db)] == ["alice"]

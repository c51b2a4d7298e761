"""Whose cookies an attempt gets, and what the ledger, doctor and commands say of them."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.cli_rig import Rig
from tests.integration.jobs_rig import NO_TOOLS
from tests.integration.ledger_rig import FAILED, NO_LIMIT, claimed, drop, links, song
from tests.youtube.accounts import cookies_text
from ytaudio_daemon.doctor.check_result import CheckStatus
from ytaudio_daemon.doctor.cookie_checks import check_cookies
from ytaudio_daemon.folders import cookie_jars
from ytaudio_daemon.folders.prepare import prepare as make_folders
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.ledger import Ledger, cookies, queries, sessions, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import FetchRequest, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import load
from ytaudio_daemon.views import job_document

VIDEO = "AAAAAAAAAAA"
START = Now(wall=1_800_000_000.0, uptime_s=1000.0)
LATER = Now(wall=START.wall + 60, uptime_s=1060.0)


class Place:
    """Two sessions that ask for one video; alice has cookies."""

    def __init__(self, root: Path) -> None:
        self.rig = Rig(root)
        self.layout = self.rig.layout
        make_folders(self.layout)
        self.ledger: Ledger = self.rig.ledger()
        for name in ("alice", "bob"):
            drop(self.ledger, name, links(VIDEO), now=START)
        self.settings = load(
            None, {"YTAUDIO_DISK_RESERVE": "0"}, {"paths.root": str(root)}
        )

    def give(self, name: str, text: str, now: Now = START) -> None:
        session = self.session(name)
        cookie_jars.store_cookies(self.layout, session.uuid, text)
        with self.ledger.write() as db:
            cookies.record_given(db, session.id, now)

    def session(self, name: str) -> sessions.Session:
        with self.ledger.read() as db:
            found = sessions.active_session(db, name)
        assert found is not None
        return found

    def claims(self) -> dict[str, Claim]:
        found = [claimed(self.ledger, LATER) for _ in range(2)]
        return {claim.session_name: claim for claim in found}

    def request(self, claim: Claim) -> FetchRequest:
        found = prepare(claim, self.ledger, self.layout, self.settings, NO_TOOLS)
        assert isinstance(found, FetchRequest)
        return found

    def fail(self, claim: Claim, state: str) -> None:
        completer = AttemptCompleter(self.ledger, self.layout, self.settings)
        completer.finish(claim, replace(FAILED, cookies_state=state), LATER)

    def use_file(self, path: Path) -> None:
        download = replace(self.settings.download, cookies_file=path)
        self.settings = replace(self.settings, download=download)

    def findings(self) -> list[tuple[str, str, str]]:
        found = check_cookies(self.settings, self.layout, self.ledger, LATER.wall)
        return [(each.health.value, each.message, each.remedy) for each in found]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.rig.close()


def test_a_sessions_cookies_are_for_its_own_jobs_alone(place: Place) -> None:
    place.give("alice", cookies_text("alice"))
    claims = place.claims()
    alice, bob = (place.request(claims[name]).network for name in ("alice", "bob"))
    jar = cookie_jars.find_cookies(place.layout, claims["alice"].session_uuid)
    assert (alice.cookies_file, alice.stores_cookies) == (str(jar), True)
    assert (bob.cookies_file, bob.stores_cookies) == ("", False)


def test_what_cookies_fetched_serves_no_other_session(place: Place) -> None:
    """The other session's job of the same audio is fetched for itself."""
    place.give("alice", cookies_text("alice"))
    claims = place.claims()
    assert claims["alice"].uuid != claims["bob"].uuid
    alice, bob = place.request(claims["alice"]), place.request(claims["bob"])
    assert not {*alice.earlier_dirs, alice.attempt_dir} & {*bob.earlier_dirs}
    with place.ledger.write() as db:
        done = replace(song(), with_cookies=True)
        fence = claims["alice"].fence
        assert transitions.complete(db, fence, done, LATER, NO_LIMIT)
    with place.ledger.read() as db:
        rows = {name: queries.job_by_id(db, c.job_id) for name, c in claims.items()}
    assert {name: job_document(row)["with_cookies"] for name, row in rows.items()} == {
        "alice": True,
        "bob": False,
    }
    assert rows["bob"].state.value == "running"


def test_the_configs_are_for_sessions_without_their_own(
    place: Place, tmp_path: Path
) -> None:
    place.use_file(tmp_path / "cookies.txt")
    place.give("alice", cookies_text("alice"))
    claims = place.claims()
    assert place.request(claims["alice"]).network.stores_cookies
    bob = place.request(claims["bob"]).network
    assert (bob.cookies_file, bob.stores_cookies) == (
        str(tmp_path / "cookies.txt"),
        False,
    )


@pytest.mark.parametrize("state", ["rotated", "refused"])
def test_how_they_fared_is_told_until_others_are_given(
    place: Place, state: str
) -> None:
    place.give("alice", cookies_text("alice"))
    claims = place.claims()
    place.fail(claims["alice"], state)
    place.fail(claims["bob"], "")
    assert place.session("alice").cookies_state == state
    [(health, message, remedy)] = place.findings()
    assert health == CheckStatus.WARNING
    assert "session alice" in message
    assert state in message or "rotated them" in message
    assert "inbox/alice" in remedy
    shown = place.rig.call("session", "show", "alice").out
    assert f"YouTube {state} them" in shown
    place.give("alice", cookies_text("newer"), LATER)
    assert place.findings() == []


def test_an_attempt_that_began_with_older_ones_says_nothing_of_the_newer(
    place: Place,
) -> None:
    place.give("alice", cookies_text("alice"))
    claim = place.claims()["alice"]
    after = Now(wall=LATER.wall + 1, uptime_s=LATER.uptime_s + 1)
    place.give("alice", cookies_text("newer"), after)
    place.fail(claim, "rotated")
    assert place.session("alice").cookies_state is None


def test_words_of_a_worker_that_are_no_state_are_not_stored(place: Place) -> None:
    place.give("alice", cookies_text("alice"))
    place.fail(place.claims()["alice"], "DROP TABLE")
    assert place.session("alice").cookies_state is None


def test_the_configs_file_is_told_until_it_is_written_anew(
    place: Place, tmp_path: Path
) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text(cookies_text("shared"))
    jar.chmod(0o600)
    os.utime(jar, (START.wall, START.wall))
    place.use_file(jar)
    assert [health for health, _, _ in place.findings()] == ["ok"]
    place.fail(place.claims()["bob"], "rotated")
    [(health, message, _)] = place.findings()
    assert health == CheckStatus.WARNING
    assert "YouTube rotated them" in message
    os.utime(jar, (LATER.wall + 1, LATER.wall + 1))
    assert [health for health, _, _ in place.findings()] == ["ok"]


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        (None, 0, "No such file or directory"),
        ("<html>", 0o600, "web page"),
        (cookies_text("x", expires=1_500_000_000), 0o600, "expired on 2017-07-14"),
        (cookies_text("x"), 0o644, "everybody on this machine can read"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_configs_file(
    place: Place, tmp_path: Path, text: str | None, mode: int, told: str
) -> None:
    jar = tmp_path / "cookies.txt"
    if text is not None:
        jar.write_text(text)
        jar.chmod(mode)
    place.use_file(jar)
    [(health, message, remedy)] = place.findings()
    assert health == CheckStatus.WARNING
    assert told in message
    assert remedy


def test_doctor_says_that_a_sessions_have_expired_since(place: Place) -> None:
    place.give("alice", cookies_text("alice", expires=int(LATER.wall)))
    [(_, message, _)] = place.findings()
    assert "session alice: its cookies cannot be used: its cookies expired" in message


def test_the_command_shows_since_when_and_removes_them(place: Place) -> None:
    assert "cookies" not in place.rig.call("session", "show", "bob").out
    place.give("alice", cookies_text("S3CRET"))
    shown = place.rig.call("session", "show", "alice")
    assert "cookies" in shown.out
    assert "yes, given 2027-01-15 08:00" in shown.out
    as_json = place.rig.call("session", "show", "alice", "--json")
    assert as_json.json["cookies"] == {
        "given_at": "2027-01-15T08:00:00.000Z",
        "state": None,
        "problem": None,
    }
    assert "S3CRET" not in shown.out + as_json.out
    done = place.rig.call("session", "remove-cookies", "alice")
    assert done.out == "session alice: its cookies are removed\n"
    again = place.rig.call("session", "remove-cookies", "alice")
    assert again.out == "session alice: it has no cookies of its own\n"
    assert place.session("alice").cookies_given_at is None
    assert not list(place.layout.cookies.glob("*/*.txt"))


def test_check_shows_nothing_of_a_file_of_cookies(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "export.txt"
    file.write_text(cookies_text("S3CRET"))
    for words in (["check", str(file)], ["check", str(file), "--json"]):
        ran = place.rig.call(*words)
        assert ran.code == 1
        assert "it has cookies, not links" in ran.out
        assert "S3CRET" not in ran.out + ran.err


def test_a_music_link_of_a_drop_is_one_for_the_worker(place: Place) -> None:
    lines = [line._replace(is_music=True) for line in links("BBBBBBBBBBB")]
    drop(place.ledger, "carol", lines, now=START)
    found = [claimed(place.ledger, LATER) for _ in range(3)]
    music = {claim.session_name: place.request(claim).is_music for claim in found}
    assert music == {"alice": False, "bob": False, "carol": True}


def test_a_completed_job_says_how_the_cookies_fared(place: Place) -> None:
    place.give("alice", cookies_text("alice"))
    claim = place.claims()["alice"]
    used = Outcome(with_cookies=True, cookies_state="accepted")
    with place.ledger.write() as db:
        cookies.record_use(db, claim.session_id, used, claim.history.claimed_at, LATER)
    assert place.session("alice").cookies_state == "accepted"
    assert place.findings() == []

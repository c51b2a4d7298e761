"""Which requests carry an account's cookies, and what YouTube makes of those."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.fetch_rig import VIDEO, Ran, Runner
from tests.youtube import Fault, Status, Video, YouTube
from tests.youtube.accounts import FRESH_COOKIE, cookies_text
from ytaudio_daemon.model import FailureKind, Network, Outcome
from ytaudio_daemon.model.cookies import is_account, parse_cookies

pytest_plugins = ["tests.integration.fetch_fixtures"]

K = FailureKind
ACCOUNT = "S3CRETVALUE"  # of nobody
SONG = Video(id=VIDEO, title="Feeling Good")
CLOSED: tuple[Status, ...] = ("age", "members", "private", "sign_in")


class Account:
    """Attempts with the cookies of one account."""

    def __init__(self, runner: Runner, youtube: YouTube, network: Network) -> None:
        self.runner = runner
        self.youtube = youtube
        self.folder = runner.folder()
        self.jar = self.folder / "cookies.txt"
        self.jar.write_text(cookies_text(ACCOUNT))
        self.network = replace(network, cookies_file=str(self.jar))

    def at(self, video: Video, *, by_urllib: bool = False, **network: Any) -> Ran:
        self.youtube.add(video)
        return self.again(by_urllib=by_urllib, **network)

    def again(
        self, *, by_urllib: bool = False, is_music: bool = False, **network: Any
    ) -> Ran:
        request = self.runner.request(
            self.runner.folder(),
            network=replace(self.network, **network),
            format="m4a",
            is_music=is_music,
        )
        return self.runner.run(request, by_urllib=by_urllib)

    @property
    def hosts(self) -> set[str]:
        """The hosts that got its cookies."""
        requests = self.youtube.requests()
        return {each.host for each in requests if ACCOUNT in each.cookies}

    @property
    def stored(self) -> dict[str, str]:
        """Its cookies as they are stored."""
        found = parse_cookies(self.jar.read_text())
        return {cookie.name: cookie.value for cookie in found}


def ended(ran: Ran) -> Outcome:
    assert ran.outcome is not None
    return ran.outcome


@pytest.fixture
def account(runner: Runner, youtube: YouTube, network: Network) -> Iterator[Account]:
    account = Account(runner, youtube, network)
    yield account
    assert not list(account.folder.glob(".cookies*"))


def test_a_video_that_is_open_to_all_is_fetched_without_cookies(
    account: Account,
) -> None:
    ran = account.at(SONG)
    assert ran.result
    assert account.hosts == set()
    assert (ended(ran).with_cookies, ended(ran).cookies_state) == (False, "")


@pytest.mark.parametrize("status", CLOSED)
def test_what_is_closed_is_asked_without_them_first_and_then_with(
    account: Account, status: Status
) -> None:
    ran = account.at(Video(id=VIDEO, status=status, account=ACCOUNT))
    assert ran.result
    assert (ended(ran).with_cookies, ended(ran).cookies_state) == (True, "accepted")
    assert ran.job["how"]["with_cookies"]
    watched = [
        ACCOUNT in each.cookies for each in account.youtube.requests(kind="watch")
    ]
    assert watched == [False, True]
    assert account.hosts == {"www.youtube.com"}


def test_a_source_that_is_adopted_is_still_one_fetched_with_cookies(
    account: Account,
) -> None:
    account.youtube.add(Video(id=VIDEO, status="age", account=ACCOUNT))
    runner = account.runner
    first = runner.request(runner.folder(), network=account.network, format="m4a")
    killed = runner.run(first, die_at="converter_slot")
    adopted = runner.request(
        runner.folder(), network=account.network, earlier=(killed.folder,), format="m4a"
    )
    asked = len(account.youtube.requests())
    assert ended(runner.run(adopted)).with_cookies
    assert len(account.youtube.requests()) == asked


@pytest.mark.parametrize("status", ["removed", "geo", "bot"])
def test_no_other_failure_gets_the_cookies_out(
    account: Account, status: Status
) -> None:
    ran = account.at(Video(id=VIDEO, status=status, account=ACCOUNT))
    assert ran.failure
    assert account.hosts == set()


def test_always_sends_them_with_the_first_request(account: Account) -> None:
    ran = account.at(SONG, cookies="always")
    assert ended(ran).with_cookies
    requests = account.youtube.requests(kind="watch")
    assert [ACCOUNT in each.cookies for each in requests] == [True]


def test_never_sends_none_and_the_hint_names_the_setting(account: Account) -> None:
    ran = account.at(Video(id=VIDEO, status="age", account=ACCOUNT), cookies="never")
    assert account.hosts == set()
    assert ran.failure.code == "age_restricted"
    assert '"when_needed"' in ran.failure.hint


@pytest.mark.parametrize("status", CLOSED)
def test_an_account_that_may_not_see_it_either_is_advised_to_be_another(
    account: Account, status: Status
) -> None:
    ran = account.at(Video(id=VIDEO, status=status, account="somebody else"))
    assert ran.failure.kind is K.UNAVAILABLE
    assert "another" in ran.failure.hint or "one that may" in ran.failure.hint
    assert "Set [download] cookies_file" not in ran.failure.hint
    state = "refused" if status == "sign_in" else "accepted"
    assert ended(ran).cookies_state == state


@pytest.mark.parametrize("status", CLOSED)
def test_rotated_cookies_are_named_as_the_cause(
    account: Account, status: Status
) -> None:
    account.youtube.rotate(ACCOUNT)
    before = account.jar.read_bytes()
    video = Video(id=VIDEO, status=status, account=ACCOUNT)
    ran = account.at(video, stores_cookies=True)
    assert (ran.failure.kind, ran.failure.code) == (K.UNAVAILABLE, "cookies_rotated")
    assert "no longer valid: YouTube rotated them" in ran.failure.message
    assert "export" in ran.failure.hint
    assert ended(ran).cookies_state == "rotated"
    assert account.jar.read_bytes() == before


def test_rotated_cookies_do_not_spoil_what_is_open_to_all(account: Account) -> None:
    account.youtube.rotate(ACCOUNT)
    ran = account.at(SONG, cookies="always")
    assert ran.result
    assert ended(ran).cookies_state == "rotated"


def test_a_missing_file_is_named_where_it_is_needed_and_only_there(
    account: Account,
) -> None:
    gone = str(account.folder / "nowhere.txt")
    assert account.at(SONG, cookies_file=gone).result
    ran = account.at(Video(id=VIDEO, status="age", account=ACCOUNT), cookies_file=gone)
    assert ran.failure.code == "cookies_unusable"
    assert "cannot be read (No such file or directory)" in ran.failure.message
    assert ended(ran).cookies_state == "unreadable"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cookies_text(ACCOUNT, expires=1_500_000_000), "expired on 2017-07-14"),
        (cookies_text(ACCOUNT).replace("SAPISID", "OTHER"), "nobody who is signed in"),
        ("<html>", "a web page"),
    ],
)
def test_a_file_that_signs_nobody_in_is_named_and_not_sent(
    account: Account, text: str, reason: str
) -> None:
    account.jar.write_text(text)
    ran = account.at(Video(id=VIDEO, status="age", account=ACCOUNT))
    assert ran.failure.code == "cookies_unusable"
    assert ran.failure.message.startswith("YouTube shows this video only to people")
    assert reason in ran.failure.message
    assert ended(ran).cookies_state == "refused"
    assert account.hosts == set()
    assert len(account.youtube.requests(kind="watch")) == 1


@pytest.mark.parametrize("status", ["bot", "rate_limited"])
def test_no_hint_advises_to_set_what_is_set(account: Account, status: Status) -> None:
    for cookies in ("when_needed", "always", "never"):
        ran = account.at(Video(id=VIDEO, status=status), cookies=cookies)
        assert ran.failure.kind is K.BLOCKED
        assert "cookies" not in ran.failure.hint


def test_what_youtube_refreshes_is_stored_in_a_file_of_ours(account: Account) -> None:
    account.jar.chmod(0o600)
    ran = account.at(
        Video(id=VIDEO, status="age", account=ACCOUNT), stores_cookies=True
    )
    assert ran.result
    assert account.stored[FRESH_COOKIE].startswith("fresh-")
    assert account.stored["LOGIN_INFO"] == ACCOUNT
    assert not {"PREF", "SOCS"} & account.stored.keys()
    assert account.jar.stat().st_mode & 0o777 == 0o600


def test_a_file_of_somebody_else_is_never_written_nor_its_content_told(
    account: Account,
) -> None:
    before = account.jar.read_bytes()
    ran = account.at(Video(id=VIDEO, status="private", account="other"))
    assert ACCOUNT not in json.dumps(ended(ran).to_json())
    assert account.at(SONG, cookies="always").result
    assert account.jar.read_bytes() == before
    assert not list(ran.folder.glob("**/*cookie*"))


def test_two_at_once_do_not_spoil_the_file(account: Account, tmp_path: Path) -> None:
    ids = ["AAAAAAAAAAA", "BBBBBBBBBBB"]
    for video_id in ids:
        account.youtube.add(Video(id=video_id, status="age", account=ACCOUNT))
    for name in ids:
        (tmp_path / name).mkdir()
    runners = [Runner(tmp_path / name) for name in ids]
    network = replace(account.network, stores_cookies=True)
    requests = [
        runner.request(runner.folder(), video_id=video_id, network=network)
        for runner, video_id in zip(runners, ids, strict=True)
    ]
    try:
        with ThreadPoolExecutor() as threads:
            ran = list(threads.map(lambda r, q: r.run(q), runners, requests))
    finally:
        for runner in runners:
            runner.close()
    assert all(each.result for each in ran)
    assert is_account(parse_cookies(account.jar.read_text()))
    assert account.stored[FRESH_COOKIE].startswith("fresh-")


def test_lines_that_are_no_cookies_of_youtube_reach_nobody(
    account: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    bank = ".bank.example\tTRUE\t/\tTRUE\t4102444800\tSID\tBANKSECRET\n"
    account.jar.write_text(cookies_text(ACCOUNT, more=bank + "BROKENSECRET\tx\n"))
    ran = account.at(
        Video(id=VIDEO, status="age", account=ACCOUNT), stores_cookies=True
    )
    assert ran.result
    assert "BANKSECRET" not in account.jar.read_text()
    said = capfd.readouterr()
    assert "SECRET" not in said.out + said.err + json.dumps(ended(ran).to_json())


@pytest.mark.parametrize("by_urllib", [False, True])
@pytest.mark.parametrize("kind", ["watch", "player", "media"])
def test_cookies_go_to_the_host_they_are_of_whatever_redirects(
    account: Account, kind: Any, *, by_urllib: bool
) -> None:
    elsewhere = f"https://i.ytimg.com/vi/{VIDEO}/hq720.jpg"
    video = Video(id=VIDEO, faults=(Fault.redirects(elsewhere, kind=kind),))
    account.at(video, cookies="always", by_urllib=by_urllib)
    assert account.hosts == {"www.youtube.com"}
    assert "i.ytimg.com" in {each.host for each in account.youtube.requests()}
    away = Fault.redirects("https://evil.example/", kind=kind)
    account.at(Video(id=VIDEO, faults=(away,)), cookies="always", by_urllib=by_urllib)
    assert account.youtube.foreign_hosts == {}


@pytest.mark.parametrize(("is_music", "asked"), [(True, True), (False, False)])
def test_a_music_link_keeps_its_host_when_cookies_are_sent(
    account: Account, *, is_music: bool, asked: bool
) -> None:
    account.youtube.add(SONG)
    ran = account.again(is_music=is_music, cookies="always")
    assert ran.job["url"] == f"https://www.youtube.com/watch?v={VIDEO}"
    hosts = {each.host for each in account.youtube.requests(kind="player")}
    assert ("music.youtube.com" in hosts) is asked


def test_a_music_link_is_asked_of_youtube_when_none_are_sent(account: Account) -> None:
    account.youtube.add(SONG)
    assert account.again(is_music=True).result
    hosts = {each.host for each in account.youtube.requests()}
    assert "music.youtube.com" not in hosts

"""An account's cookies in an attempt: what is stored of them, and what is forgotten."""

from dataclasses import replace
from http.cookiejar import Cookie as JarCookie
from pathlib import Path
from threading import Thread

import pytest

from tests.youtube.accounts import cookies_text
from ytaudio_daemon.fetch.account_cookies import AccountCookies, cookies_state
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import Network
from ytaudio_daemon.model.cookies import CookiesState, parse_cookies
from ytaudio_daemon.system.files import locked

ROTATED = "The provided YouTube account cookies are no longer valid. They have likely"


#: What another worker has stored meanwhile.
OTHER_LINE = ".youtube.com\tTRUE\t/\tTRUE\t4102444800\tNID\t2\n"


def cookie(name: str, value: str) -> JarCookie:
    """Return a cookie as yt-dlp's jar holds it."""
    return JarCookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=".youtube.com",
        domain_specified=True,
        domain_initial_dot=True,
        path="/",
        path_specified=True,
        secure=True,
        expires=4102444800,
        discard=False,
        comment=None,
        comment_url=None,
        rest={},
    )


def signed_in(*more: JarCookie) -> list[JarCookie]:
    known = parse_cookies(cookies_text("alice"))
    return [*(cookie(each.name, each.value) for each in known), *more]


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "cookies.txt"
    path.write_text(cookies_text("alice"))
    return path


@pytest.fixture
def network(jar: Path) -> Network:
    return Network(cookies_file=str(jar), stores_cookies=True)


def test_what_another_process_is_writing_is_waited_for(
    jar: Path, network: Network
) -> None:
    cookies = AccountCookies(network)
    refreshed = signed_in(cookie("SIDCC", "1"))
    storing = Thread(target=cookies.store_refreshed, args=(refreshed,))
    with locked(jar):
        storing.start()
        storing.join(0.3)
        assert storing.is_alive()
        jar.write_text(cookies_text("alice", more=OTHER_LINE))
    storing.join(60)
    found = {each.name: each.value for each in parse_cookies(jar.read_text())}
    assert (found["SIDCC"], found["NID"]) == ("1", "2")


def test_somebody_elses_file_stays_as_it_is(jar: Path, network: Network) -> None:
    before = jar.read_bytes()
    cookies = AccountCookies(replace(network, stores_cookies=False))
    cookies.store_refreshed(signed_in(cookie("SIDCC", "1")))
    assert jar.read_bytes() == before


def test_an_account_that_was_signed_out_is_not_stored(
    jar: Path, network: Network
) -> None:
    before = jar.read_bytes()
    left = [each for each in signed_in() if each.name != "LOGIN_INFO"]
    AccountCookies(network).store_refreshed([*left, cookie("SIDCC", "1")])
    assert jar.read_bytes() == before


def test_a_file_that_was_removed_meanwhile_does_not_come_back(
    jar: Path, network: Network
) -> None:
    cookies = AccountCookies(network)
    jar.unlink()
    with pytest.raises(FileNotFoundError):
        cookies.store_refreshed(signed_in(cookie("SIDCC", "1")))
    assert not jar.exists()


@pytest.mark.parametrize(
    ("warnings", "is_refused", "expected"),
    [
        ([], False, CookiesState.ACCEPTED),
        ([], True, CookiesState.REFUSED),
        (["Other", ROTATED], False, CookiesState.ROTATED),
        ([ROTATED], True, CookiesState.ROTATED),
    ],
)
def test_how_cookies_fared(
    warnings: list[str], expected: CookiesState, *, is_refused: bool
) -> None:
    assert cookies_state(warnings, is_refused=is_refused) is expected


def test_a_second_try_is_not_judged_by_the_evidence_of_the_first() -> None:
    context = AttemptContext(ytdlp_version="1", live_status="is_live")
    context.log_capture.warning("Sign in to confirm your age")
    context.start_over()
    assert list(context.log_capture.warnings) == []
    assert context.live_status is None
    said = context.failed_outcome(failure_for("unknown")).failure
    assert said is not None
    assert "Sign in to confirm your age" in said.log_tail

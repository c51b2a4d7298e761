"""What is remembered is what would be worked out anew."""

import copy
import time
from collections.abc import Iterator
from http.cookiejar import Cookie
from typing import Any

import pytest
from yt_dlp.cookies import YoutubeDLCookieJar
from yt_dlp.extractor.youtube import YoutubeIE
from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS

from ytaudio_daemon.fetch import extraction_caches
from ytaudio_daemon.fetch.ytdlp_client import LogCapture, YtDlpClient

YOUTUBE = "https://www.youtube.com"


def cookie(name: str, value: str, **more: Any) -> Cookie:
    fields: dict[str, Any] = {
        "version": 0, "name": name, "value": value, "port": None,
        "port_specified": False, "domain": ".youtube.com", "domain_specified": True,
        "domain_initial_dot": True, "path": "/", "path_specified": True,
        "secure": True, "expires": None, "discard": False, "comment": None,
        "comment_url": None, "rest": {},
    }  # fmt: skip
    return Cookie(**(fields | more))


@pytest.fixture
def jar() -> Any:
    jar = YoutubeDLCookieJar()
    extraction_caches.cache_cookie_headers(jar)
    return jar


def test_no_header_without_cookies(jar: Any) -> None:
    assert jar.get_cookie_header(YOUTUBE) is None


def test_each_change_of_the_jar_changes_the_header(jar: Any) -> None:
    jar.set_cookie(cookie("a", "1"))
    assert jar.get_cookie_header(YOUTUBE) == "a=1"
    jar.set_cookie(cookie("a", "2"))
    assert jar.get_cookie_header(YOUTUBE) == "a=2"
    jar.set_cookie(cookie("b", "3"))
    assert sorted(jar.get_cookie_header(YOUTUBE).split("; ")) == ["a=2", "b=3"]
    for each in jar:
        each.value += "!"
    assert sorted(jar.get_cookie_header(YOUTUBE).split("; ")) == ["a=2!", "b=3!"]
    jar.clear(".youtube.com", "/", "a")
    assert jar.get_cookie_header(YOUTUBE) == "b=3!"


def test_each_address_has_a_header_of_its_own(jar: Any) -> None:
    jar.set_cookie(cookie("a", "1"))
    assert jar.get_cookie_header(YOUTUBE) == "a=1"
    assert jar.get_cookie_header("https://example.org") is None
    assert jar.get_cookie_header("http://www.youtube.com") is None, "it is secure"


def test_a_cookie_expires(jar: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    jar.set_cookie(cookie("a", "1", expires=int(now) + 5))
    assert jar.get_cookie_header(YOUTUBE) == "a=1"
    monkeypatch.setattr(time, "time", lambda: now + 10)
    assert jar.get_cookie_header(YOUTUBE) is None


def test_a_header_is_worked_out_once() -> None:
    asked = []

    class Jar:
        def __iter__(self) -> Iterator[Cookie]:
            return iter(())

        def get_cookie_header(self, url: str) -> str:
            asked.append(url)
            return "a=1"

    headers = extraction_caches.CookieHeaders(Jar())
    began = int(time.time())
    for _ in range(100):
        headers(YOUTUBE)
    # Once a second, since cookies expire.
    assert len(asked) <= 1 + int(time.time()) - began


def test_a_client_has_such_a_jar() -> None:
    params = {"logger": LogCapture(), "cachedir": False, "js_runtimes": {}}
    with YtDlpClient(params) as ydl:
        assert isinstance(
            ydl.cookiejar.get_cookie_header, extraction_caches.CookieHeaders
        )
        assert ydl.cookiejar is ydl.cookiejar


@pytest.mark.parametrize("client", INNERTUBE_CLIENTS)
def test_settings_of_clients_are_copies_of_their_own(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Undone after the test, as it changes the class.
    original = YoutubeIE._get_default_ytcfg
    monkeypatch.setattr(YoutubeIE, "_get_default_ytcfg", original)
    extraction_caches.cache_client_settings()
    extractor = YoutubeIE()
    before = copy.deepcopy(INNERTUBE_CLIENTS[client])
    first = extractor._get_default_ytcfg(client)
    assert first == before
    first["INNERTUBE_CONTEXT"]["client"]["hl"] = "xx"
    assert extractor._get_default_ytcfg(client) == before
    assert INNERTUBE_CLIENTS[client] == before


def test_a_ytdlp_without_the_function_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extraction_caches, "_SETTINGS_FUNCTION", "_is_no_more")
    extraction_caches.cache_client_settings()
    assert not hasattr(YoutubeIE, "_is_no_more")
    extraction_caches.cache_cookie_headers(object())

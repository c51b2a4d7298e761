"""What is remembered is what would be worked out anew."""

import copy
import itertools
import time
from collections.abc import Iterator
from http.cookiejar import Cookie
from typing import Any

import pytest
from yt_dlp.cookies import YoutubeDLCookieJar
from yt_dlp.extractor.youtube import YoutubeIE, _video
from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS
from yt_dlp.utils import unified_strdate

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


DAYS = (
    "2020-03-01", "1999-12-31", "2024-02-29", "2023-02-29", "2020-13-01", "2020-00-10",
    "0999-01-01", "2020-3-1", "20200301", "1 March 2020", "", "\u0662020-03-01",
)  # fmt: skip
TIMES = (
    "", "T00:00:00", "T23:59:59Z", "T23:59:59-08:00", "T24:00:00-08:00", "T10:00:60Z",
    "T10:00:00+0100", "T10:00:00.123Z", "T10:00:00+99:99", "T10:00", " ", " 10:00 PM",
)  # fmt: skip


def test_dates_are_read_as_ytdlp_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_video, "unified_strdate", unified_strdate)
    extraction_caches.read_iso_dates()
    assert _video.unified_strdate is not unified_strdate
    for text in (None, *map("".join, itertools.product(DAYS, TIMES))):
        assert _outcome(_video.unified_strdate, text) == _outcome(unified_strdate, text)


def test_of_youtube_s_dates_only_one_format_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(_video, "unified_strdate", asked.append)
    extraction_caches.read_iso_dates()
    assert _video.unified_strdate("2020-03-01") == "20200301"
    assert _video.unified_strdate("2020-03-01T02:03:04-08:00") == "20200301"
    assert not asked
    _video.unified_strdate("1 March 2020")
    assert asked == ["1 March 2020"]


def _outcome(read: Any, text: str | None) -> Any:
    try:
        return read(text)
    except Exception as error:  # noqa: BLE001 - yt-dlp's own, whichever it is
        return repr(error)


def test_a_ytdlp_without_the_functions_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extraction_caches, "_SETTINGS_FUNCTION", "_is_no_more")
    monkeypatch.setattr(extraction_caches, "_DATE_FUNCTION", "_is_no_more")
    extraction_caches.cache_client_settings()
    extraction_caches.read_iso_dates()
    assert not hasattr(YoutubeIE, "_is_no_more")
    assert not hasattr(_video, "_is_no_more")
    extraction_caches.cache_cookie_headers(object())

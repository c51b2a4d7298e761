"""Only YouTube is asked: whole addresses, whatever a library would make of them."""

import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.fetch.hosts import HOST_SUFFIXES, ForeignHostError, check_host


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=AAAAAAAAAAA",
        "https://youtube.com",
        "https://rr1---sn-4g5e6nls.googlevideo.com/videoplayback?expire=1",
        "https://i.ytimg.com:443/vi/x/hq720.jpg",
        "https://www.google.com/sorry/index?continue=https://evil.example/",
        "HTTPS://WWW.YOUTUBE.COM/",
        "https://www.youtube.com?x\n",
    ],
)
def test_youtube_is_asked(url: str) -> None:
    check_host(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://www.youtube.com/",
        "https://www.youtube.com.evil.example/",
        "https://evilyoutube.com/",
        "https://www.youtube.com@evil.example/",
        "https://evil.example\\@www.youtube.com/",
        "https://evil.example/https://www.youtube.com/",
        "https://www.youtube.com:8443/",
        "https://me:secret@www.youtube.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data",
        "https://google.com.evil.example/",
        "https://storage.googleapis.com/",
        "file:///etc/passwd",
        "data:text/plain,x",
        "ftp://youtube.com/",
        "//www.youtube.com/",
        " https://www.youtube.com/",
        "https://www.youtube.com\r\n.evil.example/",
        "",
    ],
)
def test_nobody_else_is(url: str) -> None:
    with pytest.raises(ForeignHostError) as told:
        check_host(url)
    assert "secret" not in str(told.value)


@given(st.text(max_size=60), st.sampled_from(HOST_SUFFIXES))
def test_what_passes_is_youtube_for_the_library_too(text: str, suffix: str) -> None:
    for url in (f"https://{text}{suffix}/", f"https://{suffix}{text}", text):
        try:
            check_host(url)
        except ForeignHostError:
            continue
        host = urllib.request.Request(url).host.removesuffix(":443").lower()
        assert host.endswith(HOST_SUFFIXES)

"""Foreign exceptions become plain facts; yt-dlp's answers are checked."""

import errno
import os
import ssl
import sys
from typing import Any

import pytest

from ytaudio_daemon.fetch.exception_facts import MAX_CHAIN, causes_of, endpoint_of
from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError
from ytaudio_daemon.fetch.resolve import NoStreamsError, check_downloadable, extract
from ytaudio_daemon.model import FetchRequest, Limits


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


class CoveringError(Exception):
    """Keeps what it covers as yt-dlp's DownloadError does."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.exc_info = sys.exc_info()


def test_the_chain_is_followed_outermost_first() -> None:
    error = raised(ValueError("outer"), raised(OSError(errno.ENOSPC, "inner")))
    causes = causes_of(error)
    assert [cause.errno for cause in causes] == [None, errno.ENOSPC]
    assert "OSError" in causes[1].classes


def test_what_yt_dlp_keeps_aside_is_found() -> None:
    try:
        os.rmdir("/nonexistent")  # noqa: PTH106 - any OSError will do
    except OSError:
        error = CoveringError("could not write")
    error.__context__ = None
    assert [cause.errno for cause in causes_of(error)] == [None, errno.ENOENT]


def test_a_tls_errors_number_is_not_the_kernels() -> None:
    """OpenSSL's 1 would read as EPERM."""
    assert causes_of(ssl.SSLError(1, "CERTIFICATE_VERIFY_FAILED"))[0].errno is None


def test_an_endless_chain_ends() -> None:
    error = ValueError("0")
    for number in range(100):
        error = ValueError(str(number), error)
    assert len(causes_of(error)) == MAX_CHAIN
    loop = ValueError("loop")
    loop.__cause__ = loop
    assert len(causes_of(loop)) == 1


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://rr1---sn-a.googlevideo.com/videoplayback?x=1", "media"),
        ("https://www.youtube.com/youtubei/v1/player", "api"),
        ("https://www.youtube.com/watch?v=AAAAAAAAAAA", "page"),
        ("https://i.ytimg.com/vi/x/default.jpg", ""),
        ("", ""),
    ],
)
def test_who_answers(url: str, place: str) -> None:
    assert endpoint_of(url) == place


class Answering:
    """Stands where yt-dlp would, and answers what a site may make it answer."""

    def __init__(self, info: dict[str, Any]) -> None:
        self._info = info

    def extract_info(self, _url: str, **_: object) -> dict[str, Any]:
        return self._info


@pytest.mark.parametrize(
    "info",
    [
        {"id": "BBBBBBBBBBB"},
        {"_type": "url", "id": "AAAAAAAAAAA"},
        {"_type": "playlist", "id": "AAAAAAAAAAA"},
        {},
    ],
)
def test_another_video_is_refused(info: dict[str, Any]) -> None:
    request = FetchRequest(
        key="k",
        attempt=1,
        url="https://www.youtube.com/watch?v=AAAAAAAAAAA",
        video_id="AAAAAAAAAAA",
        options={},
        fallback_bitrate="128k",
        attempt_dir="",
    )
    with pytest.raises(AttemptFailedError) as caught:
        extract(Answering(info), request)  # type: ignore[arg-type]  # the one method used
    assert caught.value.failure.code == "wrong_video"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"duration": None}, "no_duration"),
        ({"duration": 0}, "no_duration"),
        ({"duration": 61}, "too_long"),
        ({"formats": [{"has_drm": True}]}, "drm"),
    ],
)
def test_policy(change: dict[str, Any], code: str) -> None:
    info = {"duration": 60, "formats": [{}], "live_status": "not_live"} | change
    with pytest.raises(AttemptFailedError) as caught:
        check_downloadable(info, Limits(max_duration_s=60))
    assert caught.value.failure.code == code


def test_nothing_to_fetch() -> None:
    with pytest.raises(NoStreamsError):
        check_downloadable({"duration": 60, "formats": []}, Limits())

"""The stand-in against the real, unpatched yt-dlp: does it hear what YouTube says?

Other tests rest on the stand-in, so its answers are checked by their effect on yt-dlp
and not by their form.
"""

import http.client
import os
import select
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest

from tests.youtube import Fault, Kind, Sound, Status, Video, YouTube
from tests.youtube.handle import CHECKOUT, child_environment
from tests.youtube.probe import YtDlp

ID = "AAAAAAAAAAA"


@pytest.fixture(scope="module")
def ytdlp(
    youtube_server: YouTube, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[YtDlp]:
    """Run yt-dlp once for all these tests, as other tests do not need it."""
    child = YtDlp(youtube_server, tmp_path_factory.mktemp("ytdlp"))
    yield child
    child.close()


def name_of(value: object) -> str | None:
    """Name a fault in a test's ID; anything else names itself."""
    if not isinstance(value, Fault):
        return None
    return f"{value.name}{value.status or ''}@{value.after}"


def seconds_of(path: Path) -> float:
    """Return how much audio a file really holds, by decoding all of it."""
    decoded = subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-v", "error", "-xerror", "-i", str(path), "-map", "0:a:0"),
            *("-ac", "1", "-ar", "8000", "-f", "s16le", "-"),
        ],
        capture_output=True,
        check=True,
    )
    return len(decoded.stdout) / 16000


def connect(youtube: YouTube, host: str) -> http.client.HTTPSConnection:
    """Connect to a host of the stand-in's as any client would."""
    proxy = urlsplit(youtube.proxy)
    context = ssl.create_default_context(cafile=str(youtube.ca_file))
    connection = http.client.HTTPSConnection(
        str(proxy.hostname), proxy.port, context=context, timeout=60
    )
    connection.set_tunnel(host, 443)
    return connection


def media_url(ytdlp: YtDlp, folder: Path) -> str:
    """Return the address of a video's AAC stream."""
    info = ytdlp.fetch(ID, folder, download=False).info
    return str(next(f["url"] for f in info["formats"] if f["format_id"] == "140"))


# --- videos that play ------------------------------------------------------------


@pytest.mark.parametrize("itag", ["139", "140", "249", "250", "251", "18"])
def test_every_stream_is_real_audio(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, itag: str
) -> None:
    youtube.add(Video(id=ID))
    result = ytdlp.fetch(ID, tmp_path, format=itag)
    assert (result.error, result.warnings) == ("", [])
    assert seconds_of(next(tmp_path.iterdir())) == pytest.approx(3, abs=0.1)
    assert youtube.fetches(ID) == 1


@pytest.mark.parametrize(
    ("formats", "itags"),
    [
        (("aac",), {"139", "140"}),
        (("opus",), {"249", "250", "251"}),
        (("muxed",), {"18"}),
    ],
)
def test_only_the_chosen_formats_exist(
    youtube: YouTube,
    ytdlp: YtDlp,
    tmp_path: Path,
    formats: tuple[Sound, ...],
    itags: set[str],
) -> None:
    youtube.add(Video(id=ID, formats=formats))
    info = ytdlp.fetch(ID, tmp_path, download=False).info
    assert {f["format_id"] for f in info["formats"]} == itags


def test_longer_audio_is_as_long_as_announced(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, duration_s=150))
    # The stand-in makes the audio when it is asked for.
    result = ytdlp.fetch(ID, tmp_path, socket_timeout=30)
    assert result.error == ""
    assert result.info["duration"] == 150
    assert seconds_of(tmp_path / "a.m4a") == pytest.approx(150, abs=0.5)


@pytest.mark.parametrize("music", ["auto", "rows"])
def test_a_song_has_the_fields_of_a_song(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, music: str
) -> None:
    song = {"artist": "Nina Simone", "track": "Feeling Good", "album": "I Put a Spell"}
    youtube.add(
        Video.from_json(
            {"id": ID, "title": "Feeling Good", "channel": "Nina", **song}
            | {"music": music, "view_count": 12345678, "release_year": 1965}
        )
    )
    info = ytdlp.fetch(ID, tmp_path, download=False).info
    assert info["artists"] == ["Nina Simone"]
    assert (info["track"], info["album"]) == ("Feeling Good", "I Put a Spell")
    assert (info["channel"], info["uploader_id"]) == ("Nina", "@stand-in")
    assert (info["view_count"], info["upload_date"]) == (12345678, "20240517")
    assert (info["live_status"], info["age_limit"]) == ("not_live", 0)


def test_a_count_may_be_hidden_and_a_spot_must_be_waited_out(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, view_count=None, advert_s=100))
    before = time.time()
    info = ytdlp.fetch(ID, tmp_path, download=False).info
    assert info["view_count"] is None
    assert info["formats"][0]["available_at"] >= before + 100


@pytest.mark.parametrize(
    "title",
    [
        "</script><script>alert(1)</script>",
        "\"double\" 'single' \\ back / slash `tick` ${x} %(title)s",
        "日本語のタイトル 한국어 ไทย",
        "مرحبا بالعالم \u202eRTL\u202c שלום",
        "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
        "長" * 100,
        "control \x01\x07\x1b[31m red \u2028 line \x7f",
        " leading, trailing. ",
        "ytInitialPlayerResponse = {};var x = 1;",
    ],
)
def test_titles_arrive_as_they_are(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, title: str
) -> None:
    youtube.add(Video(id=ID, title=title))
    assert ytdlp.fetch(ID, tmp_path, download=False).info["title"] == title


def test_unknown_videos_follow_the_template(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.default = Video(title="Song {id}")
    titles = [
        ytdlp.fetch(f"{number:011}", tmp_path, download=False).info["title"]
        for number in range(3)
    ]
    assert titles == ["Song 00000000000", "Song 00000000001", "Song 00000000002"]


@pytest.mark.parametrize(
    ("thumbnail", "suffix", "lead"),
    [
        ("jpg", ".jpg", b"\xff\xd8\xff"),
        ("webp", ".webp", b"RIFF"),
        ("broken", ".webp", b"\x00\x26"),
    ],
)
def test_thumbnails(
    youtube: YouTube,
    ytdlp: YtDlp,
    tmp_path: Path,
    thumbnail: str,
    suffix: str,
    lead: bytes,
) -> None:
    youtube.add(Video.from_json({"id": ID, "thumbnail": thumbnail}))
    result = ytdlp.fetch(ID, tmp_path, writethumbnail=True)
    assert result.error == ""
    assert (tmp_path / f"a{suffix}").read_bytes().startswith(lead)


def test_a_video_may_have_no_thumbnail(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, thumbnail=None))
    assert ytdlp.fetch(ID, tmp_path, writethumbnail=True).error == ""
    tried = youtube.requests(ID, "thumbnail")
    assert len(tried) > 30
    assert {request.status for request in tried} == {404}


# --- videos that do not play -------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("private", "Private video. Sign in if you've been granted access"),
        ("removed", "Video unavailable. This video has been removed by the uploader"),
        ("violated", "removed for violating YouTube's Terms of Service"),
        ("terminated", "account associated with this video has been terminated"),
        ("copyright", "blocked it on copyright grounds"),
        ("members", "Join this channel to get access to members-only content"),
        ("geo", "not made this video available in your country"),
        ("age", "Sign in to confirm your age. This video may be inappropriate"),
        ("drm", "This video is DRM protected"),
        ("unavailable", "Video unavailable"),
        ("upcoming", "This live event will begin in 2 hours."),
        ("premiere", "Premieres in 2 hours"),
        ("processing", "We're processing this video. Check back later."),
        ("bot", "Sign in to confirm you’re not a bot. Use --cookies"),  # noqa: RUF001
        ("rate_limited", "has been rate-limited by YouTube for up to an hour"),
        ("captcha", "YouTube is requiring a captcha challenge before playback"),
        ("wrong_id", "Your IP is likely being blocked by Youtube"),
        ("sabr", "No video formats found!"),
        # HLS is all that a live video has, and it is not asked for here.
        ("live", "Requested format is not available"),
    ],
)
def test_statuses_bring_out_the_genuine_message(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, status: Status, message: str
) -> None:
    youtube.add(Video(id=ID, status=status))
    result = ytdlp.fetch(ID, tmp_path)
    assert message in result.error
    expected = "GeoRestrictedError" if status == "geo" else "ExtractorError"
    assert expected in result.causes
    assert youtube.requests(ID, "media") == []


def test_a_bare_unavailable_gives_no_reason(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, status="unavailable"))
    assert ytdlp.fetch(ID, tmp_path).error.endswith(": Video unavailable")


@pytest.mark.parametrize(
    ("status", "live_status"),
    [
        ("live", "is_live"),
        ("post_live", "post_live"),
        ("upcoming", "is_upcoming"),
        ("premiere", "is_upcoming"),
    ],
)
def test_live_videos_are_known_as_such(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, status: Status, live_status: str
) -> None:
    youtube.add(Video(id=ID, status=status))
    result = ytdlp.fetch(
        ID, tmp_path, download=False, ignore_no_formats_error=True, format=None
    )
    assert result.info["live_status"] == live_status


def test_a_paid_video_leads_to_its_trailer(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(
        Video(id=ID, status="trailer", other_id="TTTTTTTTTTT"), Video(id="TTTTTTTTTTT")
    )
    assert ytdlp.fetch(ID, tmp_path, download=False).info["id"] == "TTTTTTTTTTT"


def test_a_blocked_address_sees_every_video_so(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    youtube.blocked = "bot"
    assert "not a bot" in ytdlp.fetch(ID, tmp_path).error
    youtube.blocked = None
    assert ytdlp.fetch(ID, tmp_path).error == ""


# --- faults ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.answers(403), "HTTP Error 403: Forbidden"),
        (Fault.answers(429, retry_after=77), "HTTP Error 429: Too Many Requests"),
        (Fault.answers(503), "HTTP Error 503: Service Unavailable"),
        (Fault.resets(), "more expected"),
        (Fault.truncates(), "more expected"),
        (Fault.stalls(), "timed out"),
        (Fault.expires(), "HTTP Error 403: Forbidden"),
    ],
    ids=name_of,
)
def test_faults_of_the_media(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, fault: Fault, message: str
) -> None:
    youtube.add(Video(id=ID, faults=(fault,)))
    # An expired address shows at the second request only.
    result = ytdlp.fetch(ID, tmp_path, retries=int(fault.name == "expired"))
    assert message in result.error
    assert youtube.requests(ID, "media")[0].fault == fault.name
    assert youtube.fetches(ID) == 0


@pytest.mark.parametrize(
    ("fault", "share"),
    [
        (Fault.shortens(), 0.5),
        (Fault.shortens(after=0.1), 0.1),
        (Fault.garbles(), 1),
        (Fault.zeroes(), 1),
        (Fault.serves_html(), None),
    ],
    ids=name_of,
)
def test_bad_media_that_ytdlp_believes(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, fault: Fault, share: float | None
) -> None:
    youtube.add(Video(id=ID, faults=(fault,)))
    result = ytdlp.fetch(ID, tmp_path)
    assert (result.error, result.warnings) == ("", [])
    got = (tmp_path / "a.m4a").stat().st_size
    if share is not None:
        assert got == int(result.info["filesize"] * share)
    with pytest.raises((subprocess.CalledProcessError, AssertionError)):
        assert seconds_of(tmp_path / "a.m4a") == pytest.approx(3, abs=0.1)
    assert youtube.fetches(ID) == 0


@pytest.mark.parametrize(
    ("fault", "warning"),
    [
        (Fault.answers(403, kind="player"), "HTTP Error 403: Forbidden"),
        (Fault.answers(429, kind="player"), "HTTP Error 429: Too Many Requests"),
        (Fault.answers(500, kind="player"), "HTTP Error 500: Internal Server Error"),
        (Fault.resets(kind="player"), "more expected"),
        (Fault.truncates(kind="player"), "more expected"),
        (Fault.stalls(kind="player"), "timed out"),
        (Fault.shortens(kind="player"), "Failed to parse JSON"),
        (Fault.garbles(kind="player"), "Failed to parse JSON"),
        (Fault.serves_html(kind="player"), "Failed to parse JSON"),
    ],
    ids=name_of,
)
def test_faults_of_the_player_show_in_warnings_only(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, fault: Fault, warning: str
) -> None:
    youtube.add(Video(id=ID, faults=(fault,)))
    result = ytdlp.fetch(ID, tmp_path, extractor_retries=0)
    assert "No video formats found!" in result.error
    assert any(warning in text for text in result.warnings)


def test_a_thumbnail_that_fails_is_done_without(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, faults=(Fault.answers(503, kind="thumbnail"),)))
    assert ytdlp.fetch(ID, tmp_path, writethumbnail=True).error == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a.m4a"]


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_page_that_fails_is_done_without(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, status: int
) -> None:
    youtube.add(Video(id=ID, faults=(Fault.answers(status, kind="watch"),)))
    result = ytdlp.fetch(ID, tmp_path, extractor_retries=0)
    assert result.error == ""
    assert any(f"HTTP Error {status}" in text for text in result.warnings)


def test_page_and_player_failing_leave_nothing(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    for kind in ("watch", "player"):
        youtube.fault(ID, Fault.answers(429, kind=kind, retry_after=77))
    result = ytdlp.fetch(ID, tmp_path)
    assert "Failed to extract any player response" in result.error
    assert all("HTTP Error 429" in text for text in result.warnings)


@pytest.mark.parametrize("kind", ["watch", "player", "media"])
def test_a_fault_may_pass(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, kind: Kind
) -> None:
    youtube.add(Video(id=ID, faults=(Fault.answers(503, kind=kind, times=1),)))
    assert ytdlp.fetch(ID, tmp_path, retries=1).error == ""
    statuses = [request.status for request in youtube.requests(ID, kind)]
    assert statuses[0] == 503
    assert statuses[-1] in {200, 206}


def test_faults_are_set_and_lifted_while_it_runs(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    youtube.fault(None, Fault.answers(403))
    assert "403" in ytdlp.fetch(ID, tmp_path).error
    youtube.lift(None)
    assert ytdlp.fetch(ID, tmp_path).error == ""


def test_an_expired_address_heals_with_a_new_page(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, faults=(Fault.expires(),)))
    assert "403" in ytdlp.fetch(ID, tmp_path, retries=3).error
    assert ytdlp.fetch(ID, tmp_path, continuedl=False).error == ""


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "https://evil.example/x"]
)
def test_a_redirect_abroad_is_refused_and_counted(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, location: str
) -> None:
    youtube.add(Video(id=ID, faults=(Fault.redirects(location),)))
    assert "403 Forbidden" in ytdlp.fetch(ID, tmp_path).error.replace(": ", " ")
    assert youtube.foreign_hosts == {urlsplit(location).hostname: 1}


def test_without_a_network_nothing_gets_through(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    youtube.offline = True
    result = ytdlp.fetch(ID, tmp_path, extractor_retries=0)
    assert "Connection reset by peer" in result.error
    assert "TransportError" in result.causes
    youtube.offline = False
    assert ytdlp.fetch(ID, tmp_path).error == ""
    assert youtube.foreign_hosts == {}


# --- the challenge -----------------------------------------------------------------


def test_the_challenge_is_solved_by_the_players_own_code(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, challenge=True))
    result = ytdlp.fetch(ID, tmp_path)
    assert (result.error, result.warnings) == ("", [])
    assert seconds_of(tmp_path / "a.m4a") == pytest.approx(3, abs=0.1)
    assert [request.status for request in youtube.requests(kind="playerjs")] == [200]


def test_without_javascript_the_challenge_stays_unsolved(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID, challenge=True))
    result = ytdlp.fetch(ID, tmp_path, js_runtimes={}, cachedir=False)
    assert "No video formats found!" in result.error
    warnings = "\n".join(result.warnings)
    assert "No supported JavaScript runtime could be found" in warnings
    assert "n challenge solving failed" in warnings
    assert "Signature solving failed" in warnings


@pytest.mark.parametrize("part", ["n", "sig"])
def test_an_unsolved_address_is_refused(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path, part: str
) -> None:
    youtube.add(Video(id=ID, challenge=True))
    url = urlsplit(media_url(ytdlp, tmp_path))
    connection = connect(youtube, str(url.hostname))
    statuses = []
    for query in (url.query, url.query.replace(f"{part}=", f"{part}=x")):
        connection.request("GET", f"{url.path}?{query}")
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [200, 403]


# --- the wire ----------------------------------------------------------------------


def test_ranges(youtube: YouTube, ytdlp: YtDlp, tmp_path: Path) -> None:
    youtube.add(Video(id=ID))
    url = urlsplit(media_url(ytdlp, tmp_path))
    connection = connect(youtube, str(url.hostname))
    bodies: dict[str, tuple[int, bytes]] = {}
    for asked in ("bytes=0-", "bytes=10-19", "bytes=99999999-"):
        connection.request("GET", f"{url.path}?{url.query}", headers={"Range": asked})
        response = connection.getresponse()
        bodies[asked] = (response.status, response.read())
    connection.close()
    whole = bodies["bytes=0-"][1]
    assert bodies["bytes=10-19"] == (206, whole[10:20])
    assert bodies["bytes=99999999-"] == (416, b"")
    assert youtube.fetches(ID) == 1


def test_an_endless_body_does_not_end(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    url = urlsplit(media_url(ytdlp, tmp_path))
    youtube.fault(ID, Fault.never_ends())
    connection = connect(youtube, str(url.hostname))
    connection.request("GET", f"{url.path}?{url.query}")
    response = connection.getresponse()
    assert response.getheader("Content-Length") is None
    assert len(response.read(1_000_000)) == 1_000_000
    connection.close()


def test_a_throttled_body_trickles(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    url = urlsplit(media_url(ytdlp, tmp_path))
    youtube.fault(ID, Fault.throttles(100))
    connection = connect(youtube, str(url.hostname))
    connection.request("GET", f"{url.path}?{url.query}")
    response = connection.getresponse()
    assert len(response.read1(1000)) < 100
    connection.close()


def test_a_test_can_wait_for_a_request_and_end_a_stall(
    youtube: YouTube, ytdlp: YtDlp, tmp_path: Path
) -> None:
    youtube.add(Video(id=ID))
    url = urlsplit(media_url(ytdlp, tmp_path))
    youtube.fault(ID, Fault.stalls(after=0.5))
    connection = connect(youtube, str(url.hostname))
    connection.request("GET", f"{url.path}?{url.query}")
    response = connection.getresponse()
    [seen] = youtube.wait_for(ID, "media")
    assert (seen.fault, seen.itag, seen.finished) == ("stall", 140, False)
    youtube.reset()
    with pytest.raises((http.client.IncompleteRead, OSError)):
        response.read()
    connection.close()
    assert youtube.requests() == []


def test_waiting_in_vain_says_so(youtube: YouTube) -> None:
    with pytest.raises(TimeoutError):
        youtube.wait_for(ID, "media", timeout_s=0.01)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/watch", None, 200),
        ("/youtubei/v1/player", b"{not json", 200),
        ("/videoplayback?itag=x&id=y", None, 404),
        ("/nowhere", None, 404),
    ],
)
def test_nonsense_gets_an_answer(
    youtube: YouTube, path: str, body: bytes | None, status: int
) -> None:
    connection = connect(youtube, "www.youtube.com")
    connection.request("POST" if body else "GET", path, body)
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == status


def test_a_wrong_order_is_refused_by_name(youtube: YouTube) -> None:
    with pytest.raises(ValueError, match="no_such_field"):
        youtube._order("fault", video_id=ID, fault={"no_such_field": 1})


# --- the program -------------------------------------------------------------------


def test_it_can_be_played_with_by_hand(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.youtube", "--folder", str(tmp_path / "new")],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().split() for _ in range(2)]
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert lines[0][1].startswith("http://127.0.0.1:")
    assert Path(lines[1][2]).name == "ca.pem"
    assert process.returncode == 0


def test_it_ends_with_its_maker(tmp_path: Path) -> None:
    server = YouTube(tmp_path)
    server.close()
    assert not Path(f"/proc/{server.pid}").exists()


def test_it_does_not_outlive_a_killed_maker(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.youtube import YouTube;"
        "print(YouTube(Path(sys.argv[1])).pid, flush=True); time.sleep(60)"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        env=child_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdout is not None
    server = os.pidfd_open(int(maker.stdout.readline()))
    maker.kill()
    maker.communicate()
    ended, _, _ = select.select([server], [], [], 10)
    os.close(server)
    assert ended

"""Whole attempts by the unpatched yt-dlp against the stand-in."""

import ctypes
import json
import re
from pathlib import Path
from typing import Any

import mutagen
import pytest

from tests.integration.fetch_rig import VIDEO, Ran, Runner
from tests.others import NOBODY, let_others_in, may_be_anybody
from tests.youtube import Fault, Sound, Status, Video, YouTube
from ytaudio_daemon.fetch.response_limit import MAX_RESPONSE_BYTES
from ytaudio_daemon.model import FailureKind, Limits, Network

pytest_plugins = ["tests.integration.fetch_fixtures"]

SONG = Video(
    id=VIDEO,
    title="Feeling Good: 3/4?",
    artist="Nina Simone",
    track="Feeling Good",
    album="I Put a Spell on You",
)


ONLY_AAC: tuple[Sound, ...] = ("aac",)


def can_forbid_jit() -> bool:
    """Ask for PR_GET_MDWE."""
    return int(ctypes.CDLL(None).prctl(66, 0, 0, 0, 0)) >= 0


class Attempts:
    """Attempts at the stand-in's videos."""

    def __init__(self, runner: Runner, youtube: YouTube, network: Network) -> None:
        self.runner = runner
        self.youtube = youtube
        self.network = network

    def at(self, video: Video, **wishes: Any) -> Ran:
        self.youtube.add(video)
        return self.again(**wishes)

    def again(self, die_at: str = "", **wishes: Any) -> Ran:
        by_urllib = bool(wishes.pop("by_urllib", False))
        defaults: dict[str, Any] = {"network": self.network, "format": "m4a"}
        request = self.runner.request(self.runner.folder(), **(defaults | wishes))
        return self.runner.run(request, die_at=die_at, by_urllib=by_urllib)


@pytest.fixture
def attempts(runner: Runner, youtube: YouTube, network: Network) -> Attempts:
    return Attempts(runner, youtube, network)


@pytest.mark.parametrize("quality", ["bestaudio", "worstaudio", "best", "worst"])
@pytest.mark.parametrize(
    ("target", "streams"),
    [
        ("mp3", ("251", "139", "18", "18")),
        ("m4a", ("140", "139", "18", "18")),
        ("wav", ("251", "139", "18", "18")),
        ("flac", ("251", "139", "18", "18")),
        ("ogg", ("251", "139", "18", "18")),
        ("opus", ("251", "249", "18", "18")),
    ],
)
def test_formats_and_qualities(
    attempts: Attempts, target: str, quality: str, streams: tuple[str, ...]
) -> None:
    ran = attempts.at(SONG, format=target, quality=quality)
    at = ["bestaudio", "worstaudio", "best", "worst"].index(quality)
    assert ran.job["source"]["format_id"] == streams[at]
    assert ran.result.file_name == f"Feeling Good - 3-4.{target}"
    assert abs(ran.result.duration_s - 3) < 0.2
    assert ran.result.copied == (
        (target, quality[-5:]) in {("m4a", "audio"), ("opus", "audio")}
        or (target == "m4a")
    )
    assert mutagen.File(ran.audio).tags


def test_what_the_outcome_and_the_job_file_say(attempts: Attempts) -> None:
    ran = attempts.at(SONG, format="opus", job_facts={"id": "j", "line": 3})
    result, job = ran.result, ran.job
    assert (result.title, result.artist) == ("Feeling Good: 3/4?", "Nina Simone")
    assert (result.view_count, result.codec) == (1234, "opus")
    assert result.size_bytes == ran.audio.stat().st_size
    assert job["schema"] == "ytaudio.job-file/1"
    assert job["url"] == f"https://www.youtube.com/watch?v={VIDEO}"
    assert job["job"] == {"id": "j", "line": 3}
    assert job["audio"]["sha256"] == result.sha256
    assert job["tags"]["album"] == "I Put a Spell on You"
    assert job["how"]["copied"] is True
    assert re.fullmatch(r"\d{4}\.\d+\.\d+.*", job["how"]["yt_dlp"])
    assert job["how"]["ffmpeg"]
    assert ran.outcome is not None
    assert ran.outcome.downloaded_bytes == job["source"]["size_bytes"]
    assert ran.phases == [
        "resolving",
        "downloading",
        "converter_slot",
        "converting",
        "verifying",
    ]


def test_audio_only_where_no_muxed_video_exists(attempts: Attempts) -> None:
    ran = attempts.at(Video(id=VIDEO, formats=ONLY_AAC), quality="best")
    assert ran.job["source"]["format_id"] == "140"
    assert "audio only" in ran.result.note


def test_a_challenge_is_solved(attempts: Attempts) -> None:
    assert attempts.at(Video(id=VIDEO, challenge=True)).result


@pytest.mark.skipif(not can_forbid_jit(), reason="needs Linux 6.3")
def test_a_challenge_is_solved_where_jit_is_forbidden(attempts: Attempts) -> None:
    attempts.youtube.add(Video(id=VIDEO, challenge=True))
    runner = attempts.runner
    request = runner.request(
        runner.folder(), network=attempts.network, format="m4a",
        cache_dir=str(runner.folder()),
    )  # fmt: skip
    ran = runner.run(request, no_jit=True)
    assert ran.result


def test_a_challenge_without_a_javascript_runtime(attempts: Attempts) -> None:
    ran = attempts.at(Video(id=VIDEO, challenge=True), js_runtime=())
    assert (ran.failure.kind, ran.failure.code) == (
        FailureKind.HOST,
        "js_runtime_missing",
    )


def test_no_javascript_runtime_and_no_challenge(attempts: Attempts) -> None:
    assert attempts.at(SONG, js_runtime=()).result


K = FailureKind


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("private", K.UNAVAILABLE, "private_video"),
        ("removed", K.UNAVAILABLE, "removed_by_uploader"),
        ("violated", K.UNAVAILABLE, "removed_by_youtube"),
        ("terminated", K.UNAVAILABLE, "account_closed"),
        ("copyright", K.UNAVAILABLE, "copyright"),
        ("members", K.UNAVAILABLE, "members_only"),
        ("geo", K.UNAVAILABLE, "geo_blocked"),
        ("age", K.UNAVAILABLE, "age_restricted"),
        ("drm", K.UNAVAILABLE, "drm"),
        ("unavailable", K.UNAVAILABLE, "video_unavailable"),
        ("trailer", K.POLICY, "wrong_video"),
        ("live", K.NOT_YET, "live_now"),
        ("upcoming", K.NOT_YET, "upcoming"),
        ("premiere", K.NOT_YET, "premiere"),
        ("post_live", K.NOT_YET, "post_live"),
        ("processing", K.NOT_YET, "processing"),
        ("bot", K.BLOCKED, "bot_check"),
        ("captcha", K.BLOCKED, "bot_check"),
        ("rate_limited", K.BLOCKED, "rate_limited"),
        ("wrong_id", K.BLOCKED, "rate_limited"),
        ("sabr", K.OUTDATED, "sabr_only"),
    ],
)
def test_why_a_video_does_not_play(
    attempts: Attempts, status: Status, kind: FailureKind, code: str
) -> None:
    ran = attempts.at(Video(id=VIDEO, status=status))
    assert (ran.failure.kind, ran.failure.code) == (kind, code)
    assert ran.failure.confirm == (status in {"unavailable", "drm"})
    assert not list(ran.folder.iterdir())
    assert attempts.youtube.requests(VIDEO, "media") == []


def test_a_title_is_known_even_when_it_fails(attempts: Attempts) -> None:
    ran = attempts.at(Video(id=VIDEO, title="Soon", status="premiere"))
    assert ran.outcome is not None
    assert ran.outcome.title == "Soon"


def test_a_video_that_names_no_title_has_none_when_it_fails(attempts: Attempts) -> None:
    ran = attempts.at(Video(id=VIDEO, status="private"))
    assert ran.outcome is not None
    assert ran.outcome.title is None


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault.answers(403), K.TRANSIENT, "media_refused"),
        (Fault.answers(404), K.UNAVAILABLE, "media_gone"),
        (Fault.answers(410), K.UNAVAILABLE, "media_gone"),
        (Fault.answers(429), K.BLOCKED, "rate_limited"),
        (Fault.answers(429, kind="player"), K.BLOCKED, "rate_limited"),
        (Fault.answers(403, kind="player"), K.TRANSIENT, "forbidden"),
        (Fault.answers(503, kind="player"), K.TRANSIENT, "server_error"),
        (Fault.resets(kind="player"), K.TRANSIENT, "cut_off"),
        (Fault.garbles(kind="player"), K.TRANSIENT, "no_answer"),
        (Fault.shortens(), K.BAD_MEDIA, "cut_short"),
        (Fault.serves_html(), K.BAD_MEDIA, "cut_short"),
        (Fault.garbles(), K.BAD_MEDIA, "does_not_decode"),
        (Fault.zeroes(), K.BAD_MEDIA, "does_not_decode"),
        (Fault.expires(times=None), K.TRANSIENT, "media_refused"),
        (Fault.redirects("http://169.254.169.254/"), K.TRANSIENT, "foreign_host"),
        (Fault.redirects("https://evil.example/x"), K.TRANSIENT, "foreign_host"),
        (
            Fault.redirects("https://evil.example/", kind="player"),
            K.TRANSIENT,
            "foreign_host",
        ),
    ],
)
def test_faults_of_the_site(
    attempts: Attempts, fault: Fault, kind: FailureKind, code: str
) -> None:
    ran = attempts.at(Video(id=VIDEO, faults=(fault,)), format="mp3")
    assert (ran.failure.kind, ran.failure.code) == (kind, code)
    assert not (ran.folder / "source").exists()
    assert not (ran.folder / "job").exists()
    assert attempts.youtube.foreign_hosts == {}


def test_a_server_that_stays_broken(attempts: Attempts) -> None:
    ran = attempts.at(Video(id=VIDEO, faults=(Fault.answers(503, retry_after=5),)))
    assert (ran.failure.kind, ran.failure.code) == (K.TRANSIENT, "server_error")
    assert ran.failure.retry_after_s == 5
    # Nor is the signed address told to anybody.
    told = json.dumps(ran.failure.log_tail) + ran.failure.message
    assert "HTTP Error 503" in told
    assert "videoplayback" not in told
    assert "expire" not in told


@pytest.mark.parametrize("kind", ["media", "player", "watch"])
def test_retry_after_is_found_wherever_it_was_said(
    attempts: Attempts, kind: Any
) -> None:
    faults = [Fault.answers(429, kind=kind, retry_after=77)]
    if kind == "watch":
        faults.append(Fault.answers(429, kind="player"))
    ran = attempts.at(Video(id=VIDEO, faults=tuple(faults)))
    assert (ran.failure.kind, ran.failure.retry_after_s) == (K.BLOCKED, 77)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.answers(503, times=1),
        Fault.resets(times=1),
        Fault.truncates(times=1),
        Fault.answers(429, kind="watch"),
    ],
)
def test_what_yt_dlp_gets_over(attempts: Attempts, fault: Fault) -> None:
    assert attempts.at(Video(id=VIDEO, faults=(fault,))).result


@pytest.mark.parametrize(
    "fault",
    [Fault.answers(status, times=1) for status in (403, 404, 410)] + [Fault.expires()],
)
def test_a_refused_address_is_asked_for_once_more(
    attempts: Attempts, fault: Fault
) -> None:
    assert attempts.at(Video(id=VIDEO, faults=(fault,))).result
    assert len(attempts.youtube.requests(VIDEO, "watch")) == 2


def test_a_stream_refused_for_good_costs_two_requests(attempts: Attempts) -> None:
    assert attempts.at(Video(id=VIDEO, faults=(Fault.answers(403),))).failure
    assert len(attempts.youtube.requests(VIDEO, "media")) == 2


@pytest.mark.parametrize(
    ("video", "remark", "has_cover"),
    [
        (Video(id=VIDEO, thumbnail="jpg"), "", True),
        (Video(id=VIDEO, thumbnail="webp"), "", True),
        (Video(id=VIDEO, thumbnail="broken"), "the picture is broken", False),
        (Video(id=VIDEO, thumbnail=None), "no picture", False),
        (
            Video(id=VIDEO, faults=(Fault.resets(kind="thumbnail"),)),
            "could not be fetched",
            False,
        ),
    ],
)
def test_pictures_never_fail_a_job(
    attempts: Attempts, video: Video, remark: str, *, has_cover: bool
) -> None:
    ran = attempts.at(video)
    assert remark in ran.result.note
    assert ran.job["audio"]["cover"] == has_cover
    assert ("covr" in mutagen.File(ran.audio)) == has_cover
    assert len(attempts.youtube.requests(VIDEO, "thumbnail")) <= 5


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_duration_s=2), "too_long"),
        (Limits(max_size_bytes=10_000), "too_big"),
        (Limits(max_duration_s=0, max_size_bytes=0), None),
    ],
)
def test_limits(attempts: Attempts, limits: Limits, code: str | None) -> None:
    ran = attempts.at(SONG, limits=limits)
    if code is None:
        assert ran.result
    else:
        assert (ran.failure.kind, ran.failure.code) == (K.POLICY, code)
        assert attempts.youtube.requests(VIDEO, "media") == []


def test_an_endless_body_is_cut_off_at_the_limit(attempts: Attempts) -> None:
    video = Video(id=VIDEO, faults=(Fault.never_ends(),))
    ran = attempts.at(video, limits=Limits(max_size_bytes=1_000_000))
    assert (ran.failure.kind, ran.failure.code) == (K.POLICY, "too_big")
    assert ran.outcome is not None
    assert 1_000_000 <= ran.outcome.downloaded_bytes < 1_200_000


@pytest.mark.parametrize("kind", ["watch", "player"])
def test_an_endless_page_is_not_read_to_the_end_of_memory(
    attempts: Attempts, kind: Any
) -> None:
    ran = attempts.at(Video(id=VIDEO, faults=(Fault.never_ends(kind=kind),)))
    assert (ran.failure.kind, ran.failure.code) == (K.TRANSIENT, "endless_answer")
    sent = [each.bytes_sent for each in attempts.youtube.requests(VIDEO, kind)]
    assert len(sent) == 1
    assert MAX_RESPONSE_BYTES < sent[0] < MAX_RESPONSE_BYTES + (8 << 20)


#: A redirect to another page of the site.
TV = "https://www.youtube.com/tv"


@pytest.mark.parametrize("by_urllib", [False, True])
@pytest.mark.parametrize(
    "bomb",
    [
        Fault.bombs(200),
        Fault.bombs(403),
        Fault.bombs(500, layers=2),
        Fault.bombs(302, location=TV),
        Fault.bombs(302, kind="watch", location=TV),
        Fault.bombs(200, kind="media"),
        Fault.bombs(500, kind="thumbnail"),
    ],
    ids=lambda bomb: f"{bomb.status}-{bomb.kind}",
)
def test_a_body_that_unpacks_to_much_takes_no_memory(
    attempts: Attempts, bomb: Fault, *, by_urllib: bool
) -> None:
    at_rest = attempts.at(SONG, by_urllib=by_urllib).peak_bytes
    video, limits = Video(id=VIDEO, faults=(bomb,)), Limits(max_size_bytes=1_000_000)
    ran = attempts.at(video, by_urllib=by_urllib, limits=limits)
    seen = attempts.youtube.requests(VIDEO, bomb.kind)
    assert bomb.status in {request.status for request in seen}
    assert ran.peak_bytes < at_rest + 2 * MAX_RESPONSE_BYTES


def test_the_disk_reserve(attempts: Attempts) -> None:
    ran = attempts.at(SONG, limits=Limits(disk_reserve_bytes=1 << 60))
    assert (ran.failure.kind, ran.failure.code) == (K.HOST, "disk_full")
    assert attempts.youtube.requests() == []


def test_the_rate_limit_is_kept(attempts: Attempts) -> None:
    from time import monotonic  # noqa: PLC0415 - a measurement

    start = monotonic()
    assert attempts.at(SONG, limits=Limits(rate_limit_bps=60_000)).result
    assert monotonic() - start > 0.5  # 51 KB, the first block at once


def test_an_unwritable_folder_is_the_hosts_fault(
    attempts: Attempts, tmp_path: Path
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    let_others_in(tmp_path)
    request = attempts.runner.request(folder, network=attempts.network, format="m4a")
    # Permissions do not hold root back.
    ran = attempts.runner.run(request, uid=NOBODY if may_be_anybody() else 0)
    assert (ran.failure.kind, ran.failure.code) == (K.HOST, "permission_denied")
    assert attempts.youtube.requests() == []


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"proxy": "http://127.0.0.1:9"}, K.OFFLINE, "proxy_failed"),
        ({"ca_file": ""}, K.HOST, "certificate"),
    ],
)
def test_ways_to_the_network(
    attempts: Attempts, change: dict[str, Any], kind: FailureKind, code: str
) -> None:
    attempts.youtube.add(SONG)
    fields: dict[str, Any] = {
        "proxy": attempts.network.proxy,
        "ca_file": attempts.network.ca_file,
    }
    ran = attempts.again(network=Network(**(fields | change)))
    assert (ran.failure.kind, ran.failure.code) == (kind, code)


def test_a_finished_source_is_adopted_without_any_request(attempts: Attempts) -> None:
    attempts.youtube.add(SONG)
    killed = attempts.again(die_at="converter_slot")
    assert killed.outcome is None
    assert attempts.youtube.fetches(VIDEO) == 1
    requests = len(attempts.youtube.requests())
    ran = attempts.again(earlier=(killed.folder,))
    assert ran.result.title == SONG.title
    assert len(attempts.youtube.requests()) == requests
    assert "resolving" not in ran.phases
    assert ran.job["audio"]["cover"]


@pytest.mark.parametrize("die_at", ["converting", "verifying"])
def test_a_kill_after_the_download_costs_no_second_fetch(
    attempts: Attempts, die_at: str
) -> None:
    attempts.youtube.add(SONG)
    killed = attempts.again(die_at=die_at)
    assert attempts.again(earlier=(killed.folder,)).result
    assert attempts.youtube.fetches(VIDEO) == 1


def test_an_interrupted_download_starts_over(attempts: Attempts) -> None:
    attempts.youtube.add(Video(id=VIDEO, faults=(Fault.throttles(200_000, times=1),)))
    killed = attempts.again(die_at="downloading")
    assert killed.outcome is None
    ran = attempts.again(earlier=(killed.folder,))
    assert ran.result
    assert "resolving" in ran.phases


@pytest.mark.parametrize("change", [{"quality": "worstaudio"}, {"format": "opus"}])
def test_a_source_for_other_wishes_is_not_adopted(
    attempts: Attempts, change: dict[str, str]
) -> None:
    attempts.youtube.add(SONG)
    killed = attempts.again(die_at="converter_slot")
    assert "resolving" in attempts.again(earlier=(killed.folder,), **change).phases


def test_a_shortened_source_is_not_adopted(attempts: Attempts) -> None:
    attempts.youtube.add(SONG)
    killed = attempts.again(die_at="converter_slot")
    media = killed.folder / "source" / "media.m4a"
    media.write_bytes(media.read_bytes()[:-1])
    assert "resolving" in attempts.again(earlier=(killed.folder,)).phases


def test_a_result_is_returned_as_it_is(attempts: Attempts) -> None:
    first = attempts.at(SONG)
    requests = len(attempts.youtube.requests())
    request = attempts.runner.request(first.folder, network=attempts.network)
    again = attempts.runner.run(request)
    assert again.outcome == first.outcome
    assert again.events == []
    later = attempts.again(earlier=(first.folder,))
    assert later.outcome == first.outcome
    assert later.audio.is_file()
    assert len(attempts.youtube.requests()) == requests


def test_no_other_host_is_asked(attempts: Attempts) -> None:
    assert attempts.at(SONG).result
    assert attempts.youtube.foreign_hosts == {}

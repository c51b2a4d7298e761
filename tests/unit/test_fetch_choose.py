"""Which stream is fetched."""

from typing import Any

import pytest

from ytaudio_daemon.fetch.choose import choose_stream, codec_name


def stream(name: str, acodec: str, vcodec: str = "none", **more: Any) -> dict[str, Any]:
    return {"format_id": name, "acodec": acodec, "vcodec": vcodec, **more}


STORYBOARD = stream("sb0", "none", "none")
MUTE = stream("137", "none", "avc1")
MUXED_LOW = stream("18", "mp4a.40.2", "avc1", tbr=500)
MUXED_HIGH = stream("22", "mp4a.40.2", "avc1", tbr=2000)
AAC_LOW = stream("139", "mp4a.40.5", abr=48)
OPUS_LOW = stream("249", "opus", abr=50)
AAC = stream("140", "mp4a.40.2", abr=128)
OPUS = stream("251", "opus", abr=130)
ALL = [STORYBOARD, AAC_LOW, OPUS_LOW, AAC, OPUS, MUTE, MUXED_LOW, MUXED_HIGH]


@pytest.mark.parametrize(
    ("target", "quality", "expected"),
    [
        ("mp3", "bestaudio", "251"),
        ("flac", "bestaudio", "251"),
        ("opus", "bestaudio", "251"),
        ("m4a", "bestaudio", "140"),
        ("mp3", "worstaudio", "139"),
        ("opus", "worstaudio", "249"),
        ("m4a", "worstaudio", "139"),
        ("mp3", "best", "22"),
        ("opus", "best", "22"),
        ("m4a", "worst", "18"),
    ],
)
def test_the_stream_for_each_wish(target: str, quality: str, expected: str) -> None:
    chosen = choose_stream(ALL, target=target, quality=quality)
    assert chosen is not None
    assert (chosen[0]["format_id"], chosen[1]) == (expected, "")


def test_another_codec_when_the_fitting_one_is_missing() -> None:
    chosen = choose_stream([AAC_LOW, AAC], target="opus", quality="bestaudio")
    assert chosen == (AAC, "")


@pytest.mark.parametrize(("quality", "expected"), [("best", AAC), ("worst", AAC_LOW)])
def test_audio_only_when_no_muxed_video_exists_and_it_is_said(
    quality: str, expected: dict[str, Any]
) -> None:
    chosen = choose_stream([AAC_LOW, AAC, MUTE], target="mp3", quality=quality)
    assert chosen is not None
    assert chosen[0] is expected
    assert "audio only" in chosen[1]


def test_a_videos_sound_when_no_separate_one_exists_and_it_is_said() -> None:
    chosen = choose_stream([MUTE, MUXED_LOW], target="mp3", quality="bestaudio")
    assert chosen is not None
    assert chosen[0] is MUXED_LOW
    assert "a video's" in chosen[1]


def test_nothing_with_sound() -> None:
    assert choose_stream([MUTE, STORYBOARD], target="mp3", quality="best") is None


def test_the_worst_is_not_a_dubbed_or_damaged_one() -> None:
    formats = [
        stream("dub", "opus", abr=10, language_preference=-1),
        stream("broken", "opus", abr=20, language_preference=10, preference=-10),
        stream("low", "opus", abr=30, language_preference=10),
        stream("high", "opus", abr=40, language_preference=10),
    ]
    chosen = choose_stream(formats, target="mp3", quality="worstaudio")
    assert chosen is not None
    assert chosen[0]["format_id"] == "low"


def test_a_damaged_stream_is_better_than_none() -> None:
    damaged = stream("broken", "opus", preference=-10)
    assert choose_stream([damaged], target="mp3", quality="bestaudio") == (damaged, "")


@pytest.mark.parametrize(
    ("acodec", "name"),
    [
        ("mp4a.40.2", "aac"),
        ("mp4a.40.5", "aac"),
        ("mp4a.6B", "mp3"),
        ("opus", "opus"),
        ("vorbis", "vorbis"),
        ("ec-3", "eac3"),
        (None, "unknown"),
        ("none", "unknown"),
    ],
)
def test_codec_names(acodec: str | None, name: str) -> None:
    assert codec_name(acodec) == name


@pytest.mark.parametrize(
    ("track", "remark"),
    [
        ({}, ""),
        ({"language": "en", "language_preference": 10}, ""),
        ({"language": "en", "language_preference": 5}, "which may be dubbed"),
        (
            {
                "language": "de",
                "language_preference": 5,
                "format_note": "German dubbed",
            },
            "only dubbed audio tracks",
        ),
        ({"language": "de", "language_preference": -1}, "only dubbed audio tracks"),
        ({"language": "en-desc", "language_preference": -10}, "description"),
    ],
)
def test_a_track_that_is_not_the_original_is_remarked_on(
    track: dict[str, Any], remark: str
) -> None:
    offered = [AAC_LOW | track, AAC | track]
    chosen = choose_stream(offered, target="mp3", quality="bestaudio")
    assert chosen is not None
    assert remark in chosen[1]
    assert bool(remark) is bool(chosen[1])
    muxed = choose_stream(offered, target="mp3", quality="best")
    assert muxed is not None
    assert "audio only was used" in muxed[1]
    assert remark in muxed[1]


def test_the_original_is_taken_before_any_dub_and_nothing_is_said() -> None:
    dub = OPUS | {"language": "de", "language_preference": -1}
    original = AAC_LOW | {"language": "en", "language_preference": 10}
    chosen = choose_stream([original, dub], target="mp3", quality="bestaudio")
    assert chosen == (original, "")

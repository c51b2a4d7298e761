"""Copy or encode, at which bitrate; and what is wrong with a decoded file."""

from typing import Any

import pytest

from ytaudio_daemon.fetch.convert import ConversionPlan, plan_conversion
from ytaudio_daemon.fetch.cover import image_mime_type, thumbnail_urls
from ytaudio_daemon.fetch.libav import DecodedSound
from ytaudio_daemon.fetch.metadata import VideoFacts
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.fetch.verify import find_defect


def source(codec: str, channels: int | None = 2) -> Source:
    return Source(
        facts=VideoFacts(video_id="AAAAAAAAAAA", title="x", duration_s=3),
        wanted="",
        file="media.webm",
        size_bytes=1,
        format_id="251",
        codec=codec,
        channels=channels,
    )


@pytest.mark.parametrize(
    ("target", "codec", "copied"),
    [
        ("m4a", "aac", True),
        ("opus", "opus", True),
        ("mp3", "mp3", True),
        ("ogg", "vorbis", True),
        ("m4a", "opus", False),
        ("opus", "aac", False),
        ("flac", "opus", False),
        ("m4a", "unknown", False),
    ],
)
def test_what_fits_is_copied(target: str, codec: str, copied: bool) -> None:  # noqa: FBT001 - a table
    made = plan_conversion(source(codec), {"format": target}, "128k")
    assert made.copied is copied


def test_an_explicit_bitrate_is_always_encoded() -> None:
    made = plan_conversion(source("aac"), {"format": "m4a", "bitrate": "96k"}, "128k")
    assert made == ConversionPlan(format="m4a", copied=False, kbps=96)


def test_the_fallback_bitrate_serves_where_none_is_given() -> None:
    assert plan_conversion(source("opus"), {"format": "mp3"}, "128k").kbps == 128


@pytest.mark.parametrize("target", ["wav", "flac"])
def test_lossless_from_lossy_is_said(target: str) -> None:
    made = plan_conversion(source("opus"), {"format": target}, "128k")
    assert made.kbps is None
    assert "lossy" in made.note


@pytest.mark.parametrize(
    ("target", "asked", "channels", "given"),
    [
        ("mp3", "512k", 2, 320),
        ("ogg", "16k", 2, 48),
        ("ogg", "512k", 1, 240),
        ("opus", "512k", 1, 256),
        ("opus", "512k", 2, 512),
        ("opus", "512k", None, 256),
        ("m4a", "16k", 2, 16),
    ],
)
def test_an_impossible_bitrate_becomes_the_nearest(
    target: str, asked: str, channels: int | None, given: int
) -> None:
    options: dict[str, Any] = {"format": target, "bitrate": asked}
    made = plan_conversion(source("eac3", channels), options, "128k")
    assert made.kbps == given
    assert bool(made.note) == (f"{given}k" != asked)


GOOD = {"samples_s": 100.0, "out_time_s": 100.0}


@pytest.mark.parametrize(
    ("decoded", "announced", "written", "code"),
    [
        ({}, 100, 100, None),
        ({}, 102, 100, None),
        ({}, 102.1, 100, "cut_short"),
        ({}, 97.9, 100, "wrong_length"),
        ({"samples_s": 990.5, "out_time_s": 990.5}, 1000, 990.5, None),
        ({"samples_s": 989.0, "out_time_s": 989.0}, 1000, 989.0, "cut_short"),
        ({"out_time_s": 101.0}, 101, 100, "holes"),
        ({}, 101, 101, "holes"),
        ({"samples_s": 0.0, "out_time_s": 0.0}, 1, 0, "does_not_decode"),
    ],
)
def test_defects(
    decoded: dict[str, Any], announced: float, written: float, code: str | None
) -> None:
    assert find_defect(DecodedSound(**(GOOD | decoded)), announced, written) == code


def test_pictures_are_tried_from_the_largest_jpeg_first() -> None:
    thumbnails = [
        {"url": f"https://i.ytimg.com/{folder}/{name}.{ext}", "preference": rank}
        for n, name in enumerate(("maxres", "hq", "mq"))
        for folder, ext, rank in (
            ("vi_webp", "webp", -2 * n),
            ("vi", "jpg", -1 - 2 * n),
        )
    ]
    assert thumbnail_urls(thumbnails) == [
        "https://i.ytimg.com/vi/maxres.jpg",
        "https://i.ytimg.com/vi/hq.jpg",
        "https://i.ytimg.com/vi/mq.jpg",
    ]


def test_pictures_from_elsewhere_than_https_are_not_fetched() -> None:
    assert thumbnail_urls([{"url": "file:///etc/passwd"}, {"url": None}]) == []


def test_a_cut_jpeg_is_no_picture() -> None:
    whole = b"\xff\xd8\xff" + bytes(200) + b"\xff\xd9"
    assert image_mime_type(whole) == "image/jpeg"
    assert image_mime_type(whole[:-2]) is None
    assert image_mime_type(b"<html>") is None

"""Subscriptions, as far as they are pure: feeds, delays, words."""

import pytest

from ytaudio_daemon.model.collection_options import check_collection_option
from ytaudio_daemon.model.list_totals import feed_mark
from ytaudio_daemon.model.options import OptionError
from ytaudio_daemon.model.subscription import (
    Follow,
    Look,
    feed_query,
    follow_text,
    misused_follow,
    next_delay_s,
    next_look,
)

UC = "UCuAXFkgsw1L7xaCfnd5JJOw"
TAIL = UC[2:]
CHANNEL = f"https://www.youtube.com/channel/{UC}"


@pytest.mark.parametrize(
    ("kind", "url", "list_id", "query"),
    [
        (
            "playlist",
            "https://www.youtube.com/playlist?list=PLx",
            "PLx",
            "playlist_id=PLx",
        ),
        ("album", "https://www.youtube.com/x", "OLAK5uy_x", "playlist_id=OLAK5uy_x"),
        ("playlist", "https://www.youtube.com/x", "", ""),
        ("playlist", "https://www.youtube.com/x", "PL&x=1", ""),
        ("channel", f"{CHANNEL}/videos", UC, f"playlist_id=UULF{TAIL}"),
        (
            "channel",
            "https://www.youtube.com/@a.b/shorts",
            UC,
            f"playlist_id=UUSH{TAIL}",
        ),
        ("channel", f"{CHANNEL}/streams", UC, f"playlist_id=UULV{TAIL}"),
        ("channel", f"{CHANNEL}/videos", f"UU{TAIL}", f"channel_id={UC}"),
        ("channel", f"{CHANNEL}/releases", UC, ""),
        ("channel", f"{CHANNEL}/playlists", UC, ""),
    ],
)
def test_each_kind_of_list_has_its_feed_or_none(
    kind: str, url: str, list_id: str, query: str
) -> None:
    assert feed_query(kind, url, list_id, UC) == query


def test_a_channel_whose_id_is_not_known_has_no_feed() -> None:
    assert feed_query("channel", f"{CHANNEL}/videos", "", "") == ""


def test_looks_are_never_early_and_somewhat_late() -> None:
    assert next_delay_s(3600, 0.0) == 3600
    assert next_delay_s(3600, 1.0) == pytest.approx(3960)


@pytest.mark.parametrize(
    ("kind", "count", "query", "days", "look"),
    [
        ("channel", 900, "playlist_id=UULFx", 6.9, Look.FEED),
        ("channel", 900, "playlist_id=UULFx", 7.1, Look.LIST),
        ("channel", 900, "", 0.1, Look.LIST),
        ("playlist", 14, "playlist_id=PLx", 6.9, Look.FEED),
        ("playlist", 15, "playlist_id=PLx", 0.9, Look.FEED),
        ("playlist", 15, "playlist_id=PLx", 1.1, Look.LIST),
        ("playlist", None, "playlist_id=PLx", 1.1, Look.LIST),
    ],
)
def test_the_whole_list_is_read_where_its_feed_may_not_show_what_is_new(
    kind: str, count: int | None, query: str, days: float, look: Look
) -> None:
    assert next_look(kind, count, query, days * 86_400) is look


@pytest.mark.parametrize(
    ("given", "canonical"),
    [("6h", "6h"), ("90m", "1h30m"), ("7d", "7d"), ("15M", "15m")],
)
def test_an_interval_has_one_form(given: str, canonical: str) -> None:
    assert check_collection_option("follow", given) == canonical


@pytest.mark.parametrize("given", ["14m", "91d", "", "yes", True, "-6h", "6 h 6"])
def test_an_interval_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(OptionError, match="from 15m to 90d"):
        check_collection_option("follow", given)


def test_what_does_not_go_together_is_refused() -> None:
    assert (
        misused_follow({"follow": "6h", "keep_last": 3, "since": "2026-01-01"}) is None
    )
    assert misused_follow({"keep_last": 3}) is not None
    assert misused_follow({"follow": "6h", "items": "1-3"}) is not None


def test_a_check_says_what_following_will_do() -> None:
    plain = follow_text(Follow(interval_s=21_600), None)
    assert plain == (
        "followed every 6h: the first look takes none, later ones what is new"
    )
    kept = follow_text(Follow(interval_s=86_400, keep_last=20), "2026-01-01")
    assert kept == (
        "followed every 1d: the first look takes those since 2026-01-01; "
        "the latest 20 files stay"
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ('"abc"', '"abc"'),
        ("a\r\nX: y", ""),
        ("", ""),
        (None, ""),
        ("x" * 201, ""),
        ("é", ""),
    ],
)
def test_only_harmless_marks_are_sent_back(given: object, sent: str) -> None:
    assert feed_mark(given) == sent

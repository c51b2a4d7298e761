"""When yt-dlp is upgraded, blamed, and given up again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model import FailureKind
from ytaudio_daemon.model.ytdlp_policy import (
    CHECK_INTERVAL_S,
    OUTAGE_CHECK_INTERVAL_S,
    URGENT_CHECK_INTERVAL_S,
    EndedAttempt,
    FailureCounts,
    age_days,
    canary_verdict,
    canonical_version,
    count_failures,
    is_newer,
    is_on_probation,
    is_outdated,
    is_significantly_worse,
    is_valid_version,
    release_numbers,
    upgrade_is_due,
)

NOON = 1_793_448_000.0  # 2026-10-31 12:00 UTC
NIGHTLY = "2026.10.26.220202.dev0"


def endings(*kinds: str) -> list[EndedAttempt]:
    return [EndedAttempt(job=n, kind=kind) for n, kind in enumerate(kinds)]


def test_a_version_is_compared_by_its_numbers() -> None:
    assert release_numbers("2026.08.19") == release_numbers("2026.8.19")
    assert release_numbers(NIGHTLY) == release_numbers("2026.10.26.220202")
    assert is_newer("2026.10.1", "2026.9.30")
    assert is_newer(NIGHTLY, "2026.10.26")
    assert not is_newer("2026.10.26", NIGHTLY)
    assert not is_newer("2026.10.26", "2026.10.26")
    assert is_newer("2026.10.26", "")


def test_a_version_has_one_spelling() -> None:
    assert canonical_version("2026.10.26.220202dev") == NIGHTLY
    assert canonical_version(NIGHTLY) == NIGHTLY
    assert canonical_version("2026.08.19") == "2026.8.19"
    assert canonical_version("2026.08.19+mine") == "2026.08.19+mine"


@pytest.mark.parametrize("text", ["2026.10.26", NIGHTLY, "2026.10.26+mine"])
def test_versions_can_name_a_folder(text: str) -> None:
    assert is_valid_version(text)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../x", "a", "current", "2026/1", "-1", "2026.1\n", "2 0"]
)
def test_nothing_else_can(text: str) -> None:
    assert not is_valid_version(text)


def test_the_age_is_the_version_s() -> None:
    assert age_days("2026.10.26", NOON) == 5
    assert age_days(NIGHTLY, NOON) == 5
    assert age_days("1.2", NOON) is None
    assert age_days("2026.13.1", NOON) is None
    assert age_days("", NOON) is None


def test_a_video_counts_once_by_its_last_attempt() -> None:
    newest_first = [
        EndedAttempt(job=1, kind="completed"),
        EndedAttempt(job=2, kind="unknown"),
        EndedAttempt(job=1, kind="outdated"),
        EndedAttempt(job=2, kind="unknown"),
        EndedAttempt(job=3, kind="unavailable"),
    ]
    assert count_failures(newest_first) == FailureCounts(videos=3, suspect=1)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ((4, 4), (0, 0)),  # all fail, nothing known before
        ((4, 4), (100, 1)),
        ((8, 6), (20, 2)),
        ((30, 12), (100, 5)),
    ],
)
def test_a_version_that_fails_more_is_worse(
    new: tuple[int, int], old: tuple[int, int]
) -> None:
    assert is_significantly_worse(
        FailureCounts(videos=new[0], suspect=new[1]),
        FailureCounts(videos=old[0], suspect=old[1]),
    )


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ((3, 3), (100, 0)),  # too few to say
        ((10, 4), (20, 8)),
        ((50, 5), (100, 8)),
        ((20, 12), (20, 20)),  # bad, but better than before
        ((0, 0), (0, 0)),
    ],
)
def test_a_version_that_may_be_as_good_is_kept(
    new: tuple[int, int], old: tuple[int, int]
) -> None:
    assert not is_significantly_worse(
        FailureCounts(videos=new[0], suspect=new[1]),
        FailureCounts(videos=old[0], suspect=old[1]),
    )


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_version_with_a_smaller_share_is_never_worse(
    good: int, bad: int, old_good: int, old_bad: int
) -> None:
    new = FailureCounts(videos=good + bad, suspect=bad)
    old = FailureCounts(videos=old_good + old_bad, suspect=old_bad)
    credited = old.videos + 10
    if new.suspect * credited <= old.suspect * new.videos:
        assert not is_significantly_worse(new, old)


def test_it_is_urgent_when_most_of_the_latest_videos_fail_as_outdated() -> None:
    assert is_outdated(endings("outdated", "outdated", "completed", "outdated"))
    assert not is_outdated(endings("outdated", "outdated"))
    assert not is_outdated(endings(*["outdated"] * 3, *["completed"] * 3))
    assert is_outdated(endings(*["outdated"] * 11, *["completed"] * 200))
    one_video = [EndedAttempt(job=1, kind="outdated")] * 9
    assert not is_outdated(one_video)


def test_the_newest_is_looked_for_once_a_day_and_sooner_in_need() -> None:
    assert upgrade_is_due(None, NOON, outdated=False)
    assert not upgrade_is_due(NOON - CHECK_INTERVAL_S + 1, NOON, outdated=False)
    assert upgrade_is_due(NOON - CHECK_INTERVAL_S, NOON, outdated=False)
    assert not upgrade_is_due(NOON - URGENT_CHECK_INTERVAL_S + 1, NOON, outdated=True)
    assert upgrade_is_due(NOON - URGENT_CHECK_INTERVAL_S, NOON, outdated=True)
    assert upgrade_is_due(NOON + 60, NOON, outdated=False)  # the clock went back


def test_in_an_outage_the_newest_is_looked_for_at_once_and_then_hourly() -> None:
    began = NOON - 10
    assert upgrade_is_due(began - 1, NOON, outdated=False, outage_since=began)
    assert not upgrade_is_due(began + 1, NOON, outdated=True, outage_since=began)
    later = began + OUTAGE_CHECK_INTERVAL_S
    assert not upgrade_is_due(began, later - 1, outdated=True, outage_since=began)
    assert upgrade_is_due(began, later, outdated=False, outage_since=began)


def test_a_version_is_watched_for_some_videos_and_days() -> None:
    assert is_on_probation(FailureCounts(videos=5), NOON - 86_400, NOON)
    assert not is_on_probation(FailureCounts(videos=60), NOON - 60, NOON)
    assert not is_on_probation(FailureCounts(videos=5), NOON - 8 * 86_400, NOON)


K = FailureKind


@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        ({"a": None}, {}, True),
        ({"a": None, "b": K.UNAVAILABLE}, {}, True),
        ({"a": None, "b": K.UNKNOWN}, {"b": K.UNKNOWN}, True),
        ({"a": None, "b": K.UNKNOWN}, {"b": None}, False),
        ({"a": K.TRANSIENT}, {"a": None}, False),
        ({"a": K.OUTDATED}, {"a": K.OUTDATED}, False),
        ({"a": K.TRANSIENT}, {"a": K.TRANSIENT}, None),
        ({"a": K.TIMEOUT}, {"a": K.OFFLINE}, None),
        ({"a": K.OFFLINE, "b": K.BLOCKED}, {}, None),
        ({"a": K.UNAVAILABLE}, {}, None),
        ({"a": K.HOST}, {}, None),
    ],
)
def test_known_links_judge_a_version(
    new: dict[str, FailureKind | None],
    old: dict[str, FailureKind | None],
    verdict: object,
) -> None:
    assert canary_verdict(new, old)[0] is verdict

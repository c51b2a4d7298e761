"""When to upgrade yt-dlp and when to go back. Pure: counts and times in, a word out.

YouTube changes overnight, and yt-dlp follows within days. A version is judged by how
many videos fail in a way that is its own fault, never by one video.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ytaudio_daemon.model.outcome import FailureKind

#: What a person types to upgrade yt-dlp; needs no restart.
UPGRADE_COMMAND = "ytaudio engine upgrade"
#: Failures that a yt-dlp may be to blame for.
SUSPECT_KINDS = frozenset({FailureKind.OUTDATED, FailureKind.UNKNOWN})
#: The newest is looked for so often, in seconds; a little less than a day, so that the
#: hourly look with its jitter does not slip by an hour each day.
CHECK_INTERVAL_S = 23 * 3600.0
#: When videos fail as outdated it is tried at once, but not again for so long.
URGENT_CHECK_INTERVAL_S = 3 * 3600.0
#: So many videos must have failed as outdated before it is urgent: one may be odd.
MIN_OUTDATED_VIDEOS = 3
#: Of the latest videos, so many are looked at.
RECENT_VIDEOS = 20
#: So many videos must have failed before a version is blamed.
MIN_SUSPECT_VIDEOS = 4
#: A new version passed its check, so it starts with so many good videos.
PRIOR_GOOD_VIDEOS = 10
#: How unlikely the difference must be by chance.
SIGNIFICANCE_LEVEL = 0.01
#: After so many videos a new version has proven itself.
PROBATION_VIDEOS = 60
#: A version is watched at most so long, in seconds.
PROBATION_S = 7 * 86_400.0

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAttempt:
    """How an attempt ended.

    Attributes:
        job: Whose.
        kind: "completed", or a failure kind.
    """

    job: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """How some videos fared.

    Attributes:
        videos: All of them.
        suspect: Those whose last attempt failed as `SUSPECT`.
    """

    videos: int = 0
    suspect: int = 0


def is_valid_version(text: str) -> bool:
    """Return whether a text can be a version, and so the name of a folder."""
    return _VERSION.fullmatch(text) is not None


def canonical_version(version: str) -> str:
    """Return a version as packaging tools write it (PEP 440), where it is a plain one.

    yt-dlp's nightlies call themselves 2026.10.26.220202dev in their own metadata.
    """
    if re.fullmatch(r"[0-9.]+(\.?dev[0-9]*)?", version) is None:
        return version
    numbers = ".".join(map(str, release_numbers(version)))
    return f"{numbers}.dev0" if "dev" in version else numbers


def release_numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, to compare by.

    "2026.08.19" is 2026.8.19 to packaging tools (PEP 440), and the nightly that calls
    itself 2026.10.26.220202 is 2026.10.26.220202.dev0 to them.
    """
    plain = re.sub(r"\.?dev\d*$", "", version)
    return tuple(int(number) for number in re.findall(r"\d+", plain))


def is_newer(version: str, than: str) -> bool:
    """Return whether a version is newer than another."""
    return release_numbers(version) > release_numbers(than)


def age_days(version: str, wall: float) -> int | None:
    """Return how old a yt-dlp is by its version, which is the day of its release.

    Returns:
        Days; None when the version is no date (a build of somebody's own).
    """
    numbers = release_numbers(version)[:3]
    try:
        released = date(*numbers)
    except (TypeError, ValueError):
        return None
    days = (datetime.fromtimestamp(wall, UTC).date() - released).days
    return max(0, days)


def count_failures(attempts: Iterable[EndedAttempt]) -> FailureCounts:
    """Count videos by how their last attempt ended.

    Args:
        attempts: The newest first: a video that failed first and came later is fine.
    """
    last: dict[int, str] = {}
    for attempt in attempts:
        last.setdefault(attempt.job, attempt.kind)
    suspect = sum(kind in SUSPECT_KINDS for kind in last.values())
    return FailureCounts(videos=len(last), suspect=suspect)


def is_significantly_worse(new: FailureCounts, old: FailureCounts) -> bool:
    """Return whether a version fails for more videos than the one before.

    Fisher's exact test, one-sided: would the failures fall like that if both were
    equally good? A version that nothing is known of is taken for a good one.

    Args:
        new: Since the switch.
        old: Before it.
    """
    if new.suspect < MIN_SUSPECT_VIDEOS:
        return False
    old_videos = old.videos + PRIOR_GOOD_VIDEOS
    suspect = new.suspect + old.suspect
    ways = math.comb(new.videos + old_videos, new.videos)
    as_bad = sum(
        math.comb(suspect, n)
        * math.comb(new.videos + old_videos - suspect, new.videos - n)
        for n in range(new.suspect, min(suspect, new.videos) + 1)
    )
    return as_bad / ways < SIGNIFICANCE_LEVEL


def is_outdated(attempts: Sequence[EndedAttempt]) -> bool:
    """Return whether so many of the latest videos failed as outdated that it is urgent.

    Args:
        attempts: Of the version in use, the newest first.
    """
    last: dict[int, str] = {}
    for attempt in attempts:
        last.setdefault(attempt.job, attempt.kind)
    kinds = list(last.values())[:RECENT_VIDEOS]
    outdated = kinds.count(FailureKind.OUTDATED)
    return outdated >= MIN_OUTDATED_VIDEOS and outdated * 2 > len(kinds)


def upgrade_is_due(last_at: float | None, wall: float, *, outdated: bool) -> bool:
    """Return whether the newest version should be looked for now.

    Args:
        last_at: When it was last tried, wall clock; None for never. A time to come
            tells that the clock went back.
        wall: Now.
        outdated: As `is_outdated` says.
    """
    if last_at is None or last_at > wall:
        return True
    return wall - last_at >= (URGENT_CHECK_INTERVAL_S if outdated else CHECK_INTERVAL_S)


def is_on_probation(counts: FailureCounts, since: float, wall: float) -> bool:
    """Return whether a version is still watched.

    Args:
        counts: How videos fared with it.
        since: When it was switched to, wall clock.
        wall: Now.
    """
    return counts.videos < PROBATION_VIDEOS and wall - since < PROBATION_S


def canary_verdict(
    new: Mapping[str, FailureKind | None], old: Mapping[str, FailureKind | None]
) -> tuple[bool | None, str]:
    """Judge a version by the links it was tried on.

    Args:
        new: How each link ended with it; None is a success.
        old: How those that failed for it ended with the version in use.

    Returns:
        True: it works; False: it does not; None: the links tell nothing (the network
        is down, or the videos are). And one sentence for people.
    """
    good = [link for link, kind in new.items() if kind is None]
    telling = [link for link, kind in new.items() if kind in _INFORMATIVE_KINDS]
    worse = [link for link in telling if old.get(link, None) is None]
    if worse:
        kind = new[worse[0]]
        return False, f"it fails for {worse[0]} ({kind}), which works without it"
    if good:
        return True, f"{len(good)} of {len(new)} known links came through"
    blamed = [link for link in telling if new[link] not in _TRANSIENT_KINDS]
    if blamed:
        kind = new[blamed[0]]
        return False, f"it fails for {blamed[0]} ({kind}), as the one in use does"
    kinds = ", ".join(sorted({str(kind) for kind in new.values()}))
    return None, f"the known links tell nothing now ({kinds})"


#: Everything a broken yt-dlp may look like: a 403 on the media is transient by its
#: text. What says more of the video, the network or this machine is left out.
_INFORMATIVE_KINDS = frozenset(
    {
        FailureKind.OUTDATED,
        FailureKind.UNKNOWN,
        FailureKind.TRANSIENT,
        FailureKind.TIMEOUT,
        FailureKind.BAD_MEDIA,
        FailureKind.CRASHED,
    }
)
#: Of those, what is the network's when the version in use fails as well.
_TRANSIENT_KINDS = frozenset({FailureKind.TRANSIENT, FailureKind.TIMEOUT})

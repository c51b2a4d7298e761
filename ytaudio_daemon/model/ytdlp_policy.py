"""Decides when to upgrade yt-dlp and when to roll back. Pure.

YouTube changes overnight, and yt-dlp follows within days. A version is judged by the
number of videos that fail in a way that is its own fault, never by one video.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ytaudio_daemon.model.outcome import FailureKind

#: What a person types to upgrade yt-dlp; needs no restart.
UPGRADE_COMMAND = "ytaudio engine upgrade"
#: Failures that a version of yt-dlp may be to blame for.
SUSPECT_KINDS = frozenset({FailureKind.OUTDATED, FailureKind.UNKNOWN})
#: Seconds between two searches for a newer version; a little less than a day, so that
#: the hourly check with its jitter does not slip by an hour each day.
CHECK_INTERVAL_S = 23 * 3600.0
#: An older yt-dlp soon fails: YouTube changes, and a release comes every few weeks.
STALE_YTDLP_DAYS = 90
#: If videos fail as outdated, one is searched at once, then after so many seconds.
URGENT_CHECK_INTERVAL_S = 3 * 3600.0
#: In an outage one is searched at once, then after so many seconds.
OUTAGE_CHECK_INTERVAL_S = 3600.0
#: So many videos must have failed as outdated before an upgrade is urgent.
MIN_OUTDATED_VIDEOS = 3
#: So many of the latest videos count.
RECENT_VIDEOS = 20
#: So many videos must have failed before a version is blamed.
MIN_SUSPECT_VIDEOS = 4
#: A new version has passed its check: it starts with so many good videos.
PRIOR_GOOD_VIDEOS = 10
#: The probability that a difference is chance must be lower.
SIGNIFICANCE_LEVEL = 0.01
#: After so many videos a new version is off probation.
PROBATION_VIDEOS = 60
#: A version is on probation at most so long, in seconds.
PROBATION_S = 7 * 86_400.0

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAttempt:
    """The end of an attempt.

    Attributes:
        job: The job's row number.
        kind: "completed", or a failure kind.
    """

    job: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCounts:
    """Numbers of videos that a version was used for.

    Attributes:
        videos: All of them.
        suspect: Those whose last attempt failed with one of `SUSPECT_KINDS`.
    """

    videos: int = 0
    suspect: int = 0


def is_valid_version(text: str) -> bool:
    """Return True if a text can be a version, which names a folder."""
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
    """Return a version's numbers, for comparisons.

    "2026.08.19" is 2026.8.19 to packaging tools (PEP 440), and the nightly that calls
    itself 2026.10.26.220202 is 2026.10.26.220202.dev0 to them.
    """
    plain = re.sub(r"\.?dev\d*$", "", version)
    return tuple(int(number) for number in re.findall(r"\d+", plain))


def is_newer(version: str, than: str) -> bool:
    """Return True if a version is newer than another."""
    return release_numbers(version) > release_numbers(than)


def age_days(version: str, wall: float) -> int | None:
    """Return the age in days of a yt-dlp version, which is the date of its release.

    Returns:
        None when the version is no date (an unofficial build).
    """
    numbers = release_numbers(version)[:3]
    try:
        released = date(*numbers)
    except (TypeError, ValueError):
        return None
    days = (datetime.fromtimestamp(wall, UTC).date() - released).days
    return max(0, days)


def count_failures(attempts: Iterable[EndedAttempt]) -> FailureCounts:
    """Count videos by the end of their last attempt.

    Args:
        attempts: The newest first: a video that succeeded in the end is good.
    """
    kinds = _last_kinds(attempts)
    suspect = sum(kind in SUSPECT_KINDS for kind in kinds)
    return FailureCounts(videos=len(kinds), suspect=suspect)


def _last_kinds(attempts: Iterable[EndedAttempt]) -> list[str]:
    """Return the kind of each job's last attempt; `attempts` come the newest first."""
    kinds: dict[int, str] = {}
    for attempt in attempts:
        kinds.setdefault(attempt.job, attempt.kind)
    return list(kinds.values())


def is_significantly_worse(new: FailureCounts, old: FailureCounts) -> bool:
    """Return True if a version fails for more videos than the one before.

    Fisher's exact test, one-sided: how probable are these failures if both versions are
    equally good? A version without videos counts as good.

    Args:
        new: Videos since the switch.
        old: Videos before it.
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
    """Return True if so many of the latest videos failed as outdated that it is urgent.

    Args:
        attempts: Of the version in use, the newest first.
    """
    kinds = _last_kinds(attempts)[:RECENT_VIDEOS]
    outdated = kinds.count(FailureKind.OUTDATED)
    return outdated >= MIN_OUTDATED_VIDEOS and outdated * 2 > len(kinds)


def upgrade_is_due(
    last_at: float | None,
    wall: float,
    *,
    outdated: bool,
    outage_since: float | None = None,
) -> bool:
    """Return True if a newer version should be searched now.

    Args:
        last_at: When it was last searched, seconds since 1970; None for never. A time
            in the future shows that the clock went back.
        wall: Now, seconds since 1970.
        outdated: As `is_outdated` returns it.
        outage_since: When an outage was confirmed that lasts; None for no outage.
    """
    if last_at is None or last_at > wall:
        return True
    if outage_since is not None:
        return last_at < outage_since or wall - last_at >= OUTAGE_CHECK_INTERVAL_S
    return wall - last_at >= (URGENT_CHECK_INTERVAL_S if outdated else CHECK_INTERVAL_S)


def is_on_probation(counts: FailureCounts, since: float, wall: float) -> bool:
    """Return True if a version may still be rolled back.

    Args:
        counts: Videos since the switch.
        since: When it was switched to, seconds since 1970.
        wall: Now, seconds since 1970.
    """
    return counts.videos < PROBATION_VIDEOS and wall - since < PROBATION_S


def canary_verdict(
    new: Mapping[str, FailureKind | None], old: Mapping[str, FailureKind | None]
) -> tuple[bool | None, str]:
    """Judge a version by the links it was tried on.

    Args:
        new: The failure of each link with it; None for a success.
        old: The same with the version in use, for the links that failed.

    Returns:
        True: it works; False: it does not; None: the links show neither (the network
        is down, or the videos are). And one sentence for people.
    """
    good = [link for link, kind in new.items() if kind is None]
    informative = [link for link, kind in new.items() if kind in _INFORMATIVE_KINDS]
    worse = [link for link in informative if old.get(link) is None]
    if worse:
        kind = new[worse[0]]
        return False, f"it fails for {worse[0]} ({kind}), which works without it"
    if good:
        return True, f"{len(good)} of {len(new)} known links were downloaded"
    blamed = [link for link in informative if new[link] not in _TRANSIENT_KINDS]
    if blamed:
        kind = new[blamed[0]]
        return False, f"it fails for {blamed[0]} ({kind}), as the one in use does"
    kinds = ", ".join(sorted({str(kind) for kind in new.values()}))
    return None, f"the known links could not be tested now ({kinds})"


#: The failures that a broken yt-dlp may cause: a 403 on the media is transient by its
#: text. Failures of the video, the network or this machine are left out.
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
#: Of those, the ones that the network causes when the version in use fails as well.
_TRANSIENT_KINDS = frozenset({FailureKind.TRANSIENT, FailureKind.TIMEOUT})

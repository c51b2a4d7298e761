"""Tells an outage of YouTube from bad videos: suspicion, probe, end. Pure.

When videos of several channels fail alike in a row, either they are at fault or
YouTube is. No list of codes can decide that: a private video is the video's fault,
"DRM" on every video is an experiment of YouTube's. So a video that is known to work is
requested, the probe. If it fails like them, there is an outage.

In an outage YouTube's responses differ from request to request, and its texts change.
So all technical failures are alike; those for which a video itself can be the cause
are alike only if kind and code are the same.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

from ytaudio_daemon.model.outcome import Failure, FailureKind

#: So many videos must fail alike before they are suspected to be without fault ...
MIN_VIDEOS = 4
#: ... and so many when all are of one channel, which may have closed its videos.
MIN_VIDEOS_OF_ONE_CHANNEL = 8
#: Failures that are further apart, in seconds, are not in a row.
WINDOW_S = 86_400.0
#: While the probe is awaited nothing new is started, at most so long, in seconds.
HOLD_S = 120.0
#: A suspicion that no probe could decide is probed again after so long, in seconds.
REPEAT_PROBE_S = 30.0
#: ... and given up after so many rounds of probes.
MAX_UNDECIDED_ROUNDS = 4
#: After a refuted suspicion the same failure rouses none for so long; it doubles.
FIRST_TRUST_S = 900.0
MAX_TRUST_S = 6 * 3600.0
#: Known videos that must fail alike before a video's own fault, such as private, is an
#: outage; all of them are probed, and none may work.
PROBES_PER_ROUND = 2

#: Failures for which the video itself can be the cause.
OF_THE_VIDEO = frozenset(
    {FailureKind.UNAVAILABLE, FailureKind.POLICY, FailureKind.NOT_YET}
)
#: Failures that do not show YouTube at fault, or that have a gate of their own.
_NOT_SUSPICIOUS = frozenset(
    {
        FailureKind.POLICY,
        FailureKind.NOT_YET,
        FailureKind.BLOCKED,
        FailureKind.OFFLINE,
        FailureKind.HOST,
        FailureKind.CRASHED,
        FailureKind.BAD_MEDIA,
    }
)
#: Failures of one kind for an outage: no video or list has them of itself.
TECHNICAL_KINDS = frozenset(FailureKind) - OF_THE_VIDEO - _NOT_SUSPICIOUS
#: Of the text of an unknown failure, in its signature.
_MAX_TEXT_CHARS = 120
#: Parts of a message that differ from video to video.
_VARIABLE_PARTS = re.compile(
    r"https?://\S+|\"[^\"]*\"|'[^']*'|\b[\w-]{11}\b(?=:)|\d+", re.ASCII
)
#: Codes that stand for others.
_RENAMED = {"engine_outdated": (FailureKind.UNKNOWN, "no_formats")}


class OutageState(StrEnum):
    """How far the suspicion of an outage has come."""

    #: Videos fail alike; no probe has ended yet.
    SUSPECTED = "suspected"
    #: The probe fails, too.
    CONFIRMED = "confirmed"
    #: The probe works: the videos are at fault.
    REFUTED = "refuted"


class ProbeVerdict(StrEnum):
    """The verdict of a round of probes."""

    WORKS = "works"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A suspected, confirmed or refuted outage; times in seconds since 1970.

    Attributes:
        state: How far it has come.
        signature: What the failures have in common, as `failure_signature` gives it.
        message: The sentence of the failures.
        began_at: When the first of them ended.
        changed_at: When the state began.
        probe_at: When the next probe is due.
        rounds: Rounds of probes that decided nothing; of a refuted one: how often it
            was refuted.
        is_settled: Charges are given back, and failed jobs are queued again. Of a
            refuted one: the failures since then have been checked.
    """

    state: OutageState
    signature: str
    message: str
    began_at: float
    changed_at: float
    probe_at: float
    rounds: int = 0
    is_settled: bool = False

    @property
    def is_technical(self) -> bool:
        """True if no video itself can be the cause of its failures."""
        return _is_technical(self.signature)

    def is_alike(self, failure: Failure) -> bool:
        """Return True if a failure is of this outage."""
        return are_alike(self.signature, failure_signature(failure))

    def holds_claims(self, wall: float) -> bool:
        """Return True while nothing is started because no probe has ended yet."""
        is_recent = self.changed_at <= wall < self.changed_at + HOLD_S
        return self.state is OutageState.SUSPECTED and is_recent

    def must_be_suspected_again(self, wall: float) -> bool:
        """Return True if the trust after a refuted suspicion is over, and unchecked."""
        is_over = not self.changed_at <= wall < self.probe_at
        return self.state is OutageState.REFUTED and is_over and not self.is_settled

    def is_probe_due(self, wall: float) -> bool:
        """Return True if a probe is due; a time too far ahead comes from a clock."""
        if self.state is OutageState.REFUTED:
            return False
        return not wall < self.probe_at <= wall + MAX_TRUST_S


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """The end of an attempt.

    Attributes:
        video_id: The video.
        signature: Of its failure; "" for one that cannot be an outage; None for a
            success that came from YouTube.
        channel: The video's, or None while unknown.
        ended_at: Seconds since 1970.
        message: The sentence of its failure.
        began_at: Seconds since 1970.
    """

    video_id: str
    signature: str | None
    channel: str | None
    ended_at: float
    message: str = ""
    began_at: float = 0.0


def failure_signature(failure: Failure) -> str:
    """Return what equal failures have in common; "" if it cannot be an outage.

    It is kind and code. Of an unknown failure it is the text, without what differs
    from video to video.
    """
    kind, code = _RENAMED.get(failure.code, (failure.kind, failure.code))
    if kind in _NOT_SUSPICIOUS:
        return ""
    if code == "unknown":
        text = " ".join(_VARIABLE_PARTS.sub(" ", failure.message.lower()).split())
        return f"{kind}/{text[:_MAX_TEXT_CHARS]}"
    return f"{kind}/{code}"


def are_alike(one: str, other: str) -> bool:
    """Return True if two signatures may be of one outage."""
    return one == other or (_is_technical(one) and _is_technical(other))


def _is_technical(signature: str) -> bool:
    return bool(signature) and signature.partition("/")[0] not in OF_THE_VIDEO


def suspect(
    recent: Sequence[AttemptEnd], known: Outage | None, wall: float
) -> Outage | None:
    """Return a suspicion if the latest attempts have failed alike, else None.

    Args:
        recent: The latest attempts, the newest first.
        known: The outage that is suspected, confirmed or refuted already, if any.
        wall: The present, seconds since 1970.
    """
    if not recent or not recent[0].signature:
        return None
    signature = recent[0].signature
    refuted = known if known and known.state is OutageState.REFUTED else None
    if known is not None and refuted is None:
        return None
    since, rounds = wall - WINDOW_S, 0
    if refuted is not None and are_alike(refuted.signature, signature):
        if refuted.changed_at <= wall < refuted.probe_at:
            return None
        since = max(since, min(refuted.changed_at, wall))
        rounds = refuted.rounds if wall < refuted.probe_at + MAX_TRUST_S else 0
    fresh = [end for end in recent if end.ended_at > since]
    row = list(_in_a_row(fresh, signature))
    if not _are_enough(row):
        return None
    return Outage(
        state=OutageState.SUSPECTED,
        signature=signature,
        message=row[0].message,
        began_at=_first_since_last_success(fresh, signature).ended_at,
        changed_at=wall,
        probe_at=wall,
        rounds=rounds,
    )


def _in_a_row(recent: Iterable[AttemptEnd], signature: str) -> Iterator[AttemptEnd]:
    """Yield the ends like a signature since the last success."""
    for end in takewhile(lambda end: end.signature is not None, recent):
        if are_alike(end.signature or "", signature):
            yield end


def _first_since_last_success(
    recent: Sequence[AttemptEnd], signature: str
) -> AttemptEnd:
    """Return the first end like a signature since the last success began.

    That one may have got its address before the outage, and been fetched through it.
    """
    began = next((end.began_at for end in recent if end.signature is None), 0.0)
    alike = (end for end in recent if end.signature and end.ended_at > began)
    return [end for end in alike if are_alike(end.signature or "", signature)][-1]


def _are_enough(alike: Collection[AttemptEnd]) -> bool:
    videos = {end.video_id for end in alike}
    channels = {end.channel for end in alike}
    is_one_channel = len(channels) == 1 and None not in channels
    return len(videos) >= (MIN_VIDEOS_OF_ONE_CHANNEL if is_one_channel else MIN_VIDEOS)


def round_verdict(
    outage: Outage, failures: Sequence[Failure | None], *, has_more: bool
) -> ProbeVerdict | None:
    """Return the verdict of a round of probes; None: probe another video.

    Args:
        outage: The suspected or confirmed outage.
        failures: Of the videos known to work, in order; None for one that worked.
        has_more: There are more videos to probe.
    """
    if None in failures:
        return ProbeVerdict.WORKS
    found = [failure for failure in failures if failure is not None]
    if outage.is_technical and any(map(outage.is_alike, found)):
        return ProbeVerdict.FAILS
    if found and found[-1].kind in _NOT_SUSPICIOUS - OF_THE_VIDEO:
        return ProbeVerdict.UNDECIDED
    if has_more:
        return None
    is_lasting = outage.state is OutageState.CONFIRMED and _common_failure(found)
    needed = min(PROBES_PER_ROUND, len(found))
    fails = is_lasting or 0 < needed <= sum(map(outage.is_alike, found))
    return ProbeVerdict.FAILS if fails else ProbeVerdict.UNDECIDED


def _common_failure(failures: Sequence[Failure]) -> Failure | None:
    """Return the failure that shows YouTube at fault and not the known videos, or None.

    It is a technical one, or one that several of them have: one video may be private
    meanwhile, hardly several.
    """
    signatures = Counter(filter(None, map(failure_signature, failures)))
    for failure in failures:
        signature = failure_signature(failure)
        if _is_technical(signature) or signatures[signature] >= PROBES_PER_ROUND:
            return failure
    return None


def after_failing_round(outage: Outage, failures: Sequence[Failure | None]) -> Outage:
    """Return a confirmed outage with the failure that the known videos have now.

    If that failure is not like the ones before, those of its kind are settled, too.
    """
    found = [failure for failure in failures if failure is not None]
    latest = next(filter(outage.is_alike, found), None) or _common_failure(found)
    if latest is None:
        return outage
    return replace(
        outage,
        signature=failure_signature(latest),
        message=latest.message,
        is_settled=outage.is_settled and outage.is_alike(latest),
    )


def after_suspicion(outage: Outage, verdict: ProbeVerdict, wall: float) -> Outage:
    """Return what becomes of a suspicion after a round of probes."""
    if verdict is ProbeVerdict.FAILS:
        confirmed = OutageState.CONFIRMED
        return replace(outage, state=confirmed, changed_at=wall, rounds=0)
    rounds = outage.rounds + 1
    if verdict is ProbeVerdict.UNDECIDED and rounds < MAX_UNDECIDED_ROUNDS:
        return replace(outage, rounds=rounds, probe_at=wall + REPEAT_PROBE_S)
    trust_s = min(FIRST_TRUST_S * 2.0 ** min(rounds - 1, 16), MAX_TRUST_S)
    return replace(
        outage,
        state=OutageState.REFUTED,
        changed_at=wall,
        probe_at=wall + trust_s,
        rounds=rounds,
    )

"""Gates close when all fails alike, let few through, cost nobody a try, and open.

So do outages.
"""

from collections.abc import Iterator

from torture.books import Row
from torture.case import Case
from torture.plan import PAUSES
from torture.weather import OUTAGE_NAMES

#: The gates that ends of attempts close.
GATES = {"blocked": "site", "offline": "network"}
#: Ends of attempts that count.
CHARGED = {
    *("transient", "timeout", "bad_media", "crashed", "unknown"),
    *("completed", "unavailable", "policy"),
}


def check(case: Case) -> Iterator[str]:
    """Check what is closed, what was let through, and what was charged."""
    yield from _closed(case)
    for kind, gate in GATES.items():
        yield from _passed(case, kind, PAUSES[gate][0])
    yield from _charged(case)
    yield from _charged_in_outage(case)


def _passed(case: Case, kind: str, pause_s: float) -> Iterator[str]:
    """Nothing is claimed for a while after an end that closes a gate.

    One that began before the gate was closed tells nothing new and leaves it as it is;
    so it may be with one that began before an end that is tied with a success.
    """
    attempts = case.tables.attempts
    shut_at = unclear_until = 0.0
    ends = [attempt for attempt in attempts if attempt["kind"] == kind]
    for end in sorted(ends, key=lambda attempt: float(attempt["ended_at"])):
        if end["started_at"] < shut_at or end["started_at"] <= unclear_until:
            continue
        if kind == "blocked" and not _is_second_word(case, end, pause_s):
            if _is_second_word(case, end, pause_s, or_tied=True):
                unclear_until = end["ended_at"]
            continue
        if _is_tied(case, end):
            unclear_until = end["ended_at"]
            continue
        shut_at = end["ended_at"]
        passed = [a for a in attempts if 0 <= a["started_at"] - shut_at < pause_s]
        if passed:
            yield f"{len(passed)} attempts began after {end['code']} at {shut_at}"


def _is_second_word(
    case: Case, end: Row, window_s: float, *, or_tied: bool = False
) -> bool:
    """Whether another video was blocked just before, and none has succeeded since.

    A word with a Retry-After closes the gate alone; attempts do not have it.

    Args:
        case: The tables.
        end: The attempt that was blocked.
        window_s: How long "just before" is.
        or_tied: The other one counts, too, when it ended in the moment of a success.
    """
    since, until = end["ended_at"] - window_s, end["ended_at"]
    recent = [a for a in case.tables.attempts if since < (a["ended_at"] or 0) <= until]
    before = [a for a in recent if a["ended_at"] < until]
    good = max((a["ended_at"] for a in before if a["kind"] == "completed"), default=0)
    jobs = case.tables.jobs
    mine = jobs[end["job_id"]]["video_id"]
    return _is_first_word(case, end) and any(
        a["kind"] == "blocked"
        and (a["ended_at"] > good or (or_tied and a["ended_at"] == good))
        and jobs[a["job_id"]]["video_id"] != mine
        and _is_first_word(case, a)
        for a in recent
    )


def _is_tied(case: Case, end: Row) -> bool:
    """Whether an attempt succeeded in the same moment.

    The rows do not tell which of the two was written first: it may have closed the gate.
    """
    return any(
        attempt["kind"] == "completed" and attempt["ended_at"] == end["ended_at"]
        for attempt in case.tables.attempts
    )


def _is_first_word(case: Case, end: Row) -> bool:
    """Whether an attempt is the first of its job that was blocked."""
    mine = case.attempts_of[end["job_id"]]
    return not any(a["kind"] == "blocked" for a in mine if a["number"] < end["number"])


def _closed(case: Case) -> Iterator[str]:
    """A gate is open once an attempt that began behind it has succeeded."""
    for gate in case.tables.gates:
        for attempt in case.tables.attempts:
            proof = attempt["kind"] == "completed"
            if proof and attempt["started_at"] > gate["closed_at"]:
                yield f"gate {gate['name']} is still closed: {gate}"
                break


def _charged(case: Case) -> Iterator[str]:
    for job in case.tables.jobs.values():
        if any(e["reason"] == "retried" for e in case.events_of[job["id"]]):
            continue  # began to count anew
        attempts = case.attempts_of[job["id"]]
        count = sum(attempt["charged"] for attempt in attempts)
        if job["charged"] != count:
            yield f"job {job['uuid']} was charged {job['charged']} of {count}"
        for attempt in attempts:
            can_be_given_back = attempt["signature"] is not None
            if attempt["charged"] != int(attempt["kind"] in CHARGED) and not (
                can_be_given_back and attempt["charged"] == 0
            ):
                yield f"job {job['uuid']}: {attempt['kind']} is charged wrongly"


def _charged_in_outage(case: Case) -> Iterator[str]:
    """If one attempt in an outage cost nothing, no later one like it did."""
    for spell in case.spells:
        if spell.name not in OUTAGE_NAMES:
            continue
        ends = [
            a
            for a in case.tables.attempts
            if a["signature"] and spell.began <= (a["ended_at"] or 0) <= spell.ended
        ]
        for signature in {a["signature"] for a in ends}:
            yield from _charged_like(signature, ends)


def _charged_like(signature: str, ends: list[Row]) -> Iterator[str]:
    alike = [a for a in ends if a["signature"] == signature and a["kind"] in CHARGED]
    free = [a["ended_at"] for a in alike if not a["charged"]]
    late = [a for a in alike if free and a["charged"] and a["ended_at"] > min(free)]
    if late:
        yield f"{len(late)} attempts were charged for the outage {signature}"

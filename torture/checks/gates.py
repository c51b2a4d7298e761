"""Gates close when all fails alike, let few through, cost nobody a try, and open."""

from collections.abc import Iterator

from torture.case import Case
from torture.plan import PAUSES

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


def _passed(case: Case, kind: str, pause_s: float) -> Iterator[str]:
    """Nothing is claimed for a while after an end that closes a gate.

    One that began before the gate was closed tells nothing new and leaves it as it is.
    """
    attempts = case.tables.attempts
    shut_at = 0.0
    ends = [attempt for attempt in attempts if attempt["kind"] == kind]
    for end in sorted(ends, key=lambda attempt: float(attempt["ended_at"])):
        if end["started_at"] < shut_at:
            continue
        shut_at = end["ended_at"]
        passed = [a for a in attempts if 0 <= a["started_at"] - shut_at < pause_s]
        if passed:
            yield f"{len(passed)} attempts began after {end['code']} at {shut_at}"


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
        kinds = [attempt["kind"] for attempt in case.attempts_of[job["id"]]]
        count = sum(kind in CHARGED for kind in kinds)
        if job["charged"] != count:
            yield f"job {job['uuid']} was charged {job['charged']} of {kinds}"

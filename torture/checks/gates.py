"""Gates close when all fails alike, let few through, cost nobody a try, and open."""

from collections.abc import Iterator

from torture.case import Case

#: Spells of bad weather, and how the attempts end that run into one.
KINDS = {"bot": "blocked", "429": "blocked", "offline": "offline"}
#: Those that were running, and a probe after each pause.
MANY = 8
#: An attempt may take so long to notice, in seconds.
NOTICED_S = 2.0
#: Ends of attempts that count.
CHARGED = {
    *("transient", "timeout", "bad_media", "crashed", "unknown"),
    *("completed", "unavailable", "policy"),
}


def check(case: Case) -> Iterator[str]:
    """Check what is closed, what was let through, and what was charged."""
    yield from _closed(case)
    for spell in case.spells:
        kind = KINDS[spell.name]
        met = [
            attempt
            for attempt in case.tables.attempts
            if attempt["kind"] == kind
            and spell.began <= (attempt["ended_at"] or 0) <= spell.ended + NOTICED_S
        ]
        if len(met) > MANY:
            yield f"{len(met)} attempts ran into the spell {spell}"
    yield from _charged(case)


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

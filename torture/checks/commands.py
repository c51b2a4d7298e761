"""What was answered at the command line is so, and nothing was cancelled unasked."""

import re
from collections.abc import Iterator

from torture.books import Row
from torture.case import Case
from torture.people import Command

#: A job and what became of the wish: "1a2b3c4d queued again".
ANSWER = re.compile(r"^([0-9a-f]{8}) (.+)$", re.MULTILINE)
#: Answers, and the event that must be there. A cancelled job may have been so before.
MEANINGS = {
    "running; it is being stopped": "cancel_requested",
    "queued again": "retried",
}
#: What a job may become whose end was asked for while it was running.
ENDS = {"cancelled", "failed"}


def check(case: Case) -> Iterator[str]:
    """Check every answer, and every cancelled job."""
    for command in case.commands:
        for prefix, answer in ANSWER.findall(command.said):
            if answer in {*MEANINGS, "cancelled"}:
                yield from _is_so(case, command, prefix, answer)
    for job in case.tables.jobs.values():
        events = case.events_of[job["id"]]
        yield from _is_heard(job, events)
        yield from _was_asked(case, job, events)


def retries(case: Case, job: Row) -> tuple[int, int]:
    """Return how often a job was run again by command: at least, and at most."""
    asked = [c for c in case.commands if c.words[0] == "retry" and _names(case, c, job)]
    told = [f"{job['uuid'][:8]} queued again" in c.said for c in asked]
    return sum(told), len(asked)


def was_cancelled(case: Case, collection: Row) -> bool:
    """Whether a command that cancels a whole session cancelled a listing of its, too."""
    session = case.name_of(collection["session_id"])
    return collection["state"] == "cancelled" and any(
        c.began <= collection["finalized_at"] <= c.ended
        for c in case.commands
        if c.words == ("cancel", "--session", session)
    )


def _is_so(case: Case, command: Command, prefix: str, answer: str) -> Iterator[str]:
    found = [j for j in case.tables.jobs.values() if j["uuid"].startswith(prefix)]
    events = case.events_of[found[0]["id"]] if found else []
    then = [event for event in events if event["at"] <= command.ended]
    if answer == "cancelled":
        true = any(event["to_state"] == "cancelled" for event in then)
    else:
        fresh = [event for event in then if event["at"] >= command.began]
        true = any(event["reason"] == MEANINGS[answer] for event in fresh)
    if not true:
        yield f"`{' '.join(command.words)}` said {answer!r} of {prefix}, which is not so"


def _is_heard(job: Row, events: list[Row]) -> Iterator[str]:
    """A running job that was to be cancelled goes nowhere else, unless asked for again."""
    asked = False
    for event in events:
        if event["to_state"] is not None:
            if asked and event["to_state"] not in ENDS:
                yield (
                    f"job {job['uuid']} was to be cancelled and became "
                    f"{event['to_state']} ({event['reason']})"
                )
            asked = False
        if event["reason"] in {"cancel_requested", "asked_again"}:
            asked = event["reason"] == "cancel_requested"


def _was_asked(case: Case, job: Row, events: list[Row]) -> Iterator[str]:
    """A job is cancelled by command only: none of the sessions waits long enough."""
    cancels = [
        c for c in case.commands if c.words[0] == "cancel" and _names(case, c, job)
    ]
    for event in events:
        at_once = event["to_state"] == "cancelled" and event["from_state"] != "running"
        asked = any(c.began <= event["at"] <= c.ended for c in cancels)
        if (at_once or event["reason"] == "cancel_requested") and not asked:
            yield f"job {job['uuid']} was cancelled, and nobody had asked for it"


def _names(case: Case, command: Command, job: Row) -> bool:
    whose = case.name_of(job["session_id"])
    by_session = "--session" in command.words and whose in command.words
    return by_session or job["uuid"] in command.words

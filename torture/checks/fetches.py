"""No finished fetch was repeated: the stand-in's log against each job's history."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.youtube import Request
from tests.youtube.faults import SPOILING
from torture.books import Row
from torture.case import Case

#: An attempt's steps by job and number, and when each was passed.
Times = Mapping[tuple[str, int], float]
#: How attempts end that say nothing of what they had fetched.
STRUCK_DOWN = frozenset({"interrupted", "crashed", "cancelled"})
#: How those end whose connection was lost with the network, all sent or not.
CUT_OFF = frozenset({"transient", "offline"})
#: What the probe of an outage asks for; nothing is fetched with it.
PROBE_RANGE = "bytes=0-1023"
FINALIZED = frozenset({"completed", "failed", "cancelled"})


def check(case: Case) -> Iterator[str]:
    """Check every video that was asked for."""
    finished = _times(case, "source.finished")
    spoiled = _times(case, "source.spoiled")
    jobs = defaultdict(list)
    for job in case.tables.jobs.values():
        jobs[job["video_id"]].append(job)
    for video, mine in jobs.items():
        media = [
            request
            for request in case.requests
            if request.video_id == video
            and request.kind == "media"
            and request.range != PROBE_RANGE
        ]
        allowed = sum(_allowed(case, job, finished) for job in mine)
        whole = sum(request.is_fetch for request in media)
        if whole > allowed:
            yield f"{video} was fetched {whole} times; {allowed} can be explained"
        for job in mine:
            yield from _thrown_away(job, media, spoiled)
        if len(mine) == 1:
            yield from _asked_again(case, mine[0], media, finished, spoiled)


def _times(case: Case, name: str) -> Times:
    found = {}
    for step in case.steps:
        if step.name == name:
            job, _, number = step.about.partition("/")
            found[job, int(number)] = step.at
    return found


def _allowed(case: Case, job: Row, finished: Times) -> int:
    """Return how many whole fetches a job's history explains.

    One, one more for each attempt that was struck down before its source was
    durable, and one more each time the job was asked for again after its end.
    """
    struck = sum(
        (attempt["kind"] in STRUCK_DOWN or _was_cut_off(case, attempt))
        and (job["uuid"], attempt["number"]) not in finished
        for attempt in case.attempts_of[job["id"]]
    )
    again = sum(e["reason"] == "retried" for e in case.events_of[job["id"]])
    return int(1 + struck + again)


def _was_cut_off(case: Case, attempt: Row) -> bool:
    """Whether the network went away under an attempt."""
    return attempt["kind"] in CUT_OFF and any(
        attempt["started_at"] <= spell.ended and spell.began <= attempt["ended_at"]
        for spell in case.spells
        if spell.name == "offline"
    )


def _thrown_away(job: Row, media: list[Request], spoiled: Times) -> Iterator[str]:
    """Only what was sent spoiled may be found spoiled."""
    for (uuid, number), at in spoiled.items():
        if uuid == job["uuid"] and not any(
            request.fault in SPOILING and request.time < at for request in media
        ):
            yield f"attempt {number} of {uuid} threw away what had been sent in order"


def _asked_again(
    case: Case, job: Row, media: list[Request], finished: Times, spoiled: Times
) -> Iterator[str]:
    """With a durable source nothing is asked for, until it is used up or spoiled."""
    attempts = case.attempts_of[job["id"]]
    nexts = [*attempts[1:], {"started_at": math.inf}]
    used_up = _finalized_after(case.events_of[job["id"]])
    since = None
    for attempt, after in zip(attempts, nexts, strict=False):
        key = job["uuid"], attempt["number"]
        since = since or finished.get(key)
        end = after["started_at"]
        late = [r for r in media if since is not None and since < r.time < end]
        if late:
            yield (
                f"{job['video_id']} was asked for {len(late)} times after it was durable"
            )
        if key in spoiled or attempt["number"] in used_up:
            since = None


def _finalized_after(events: list[Row]) -> set[int]:
    """Return the attempts after which the job was at an end."""
    number, found = 0, set()
    for event in events:
        number += event["to_state"] == "running"
        # What did not fit into its session is kept for a retry.
        if event["to_state"] in FINALIZED and event["reason"] != "session_byte_limit":
            found.add(number)
    return found

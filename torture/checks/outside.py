"""What others saw: the witness, the stand-in, the machine."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from torture.arena import Arena
from torture.books import Row
from torture.case import Case

#: How attempts end that say nothing of what they had fetched.
STRUCK_DOWN = frozenset({"interrupted", "crashed", "timeout"})


def check(case: Case, arena: Arena) -> Iterator[str]:
    """Check what can be seen from outside."""
    yield from _witnessed(case)
    yield from _fetches(case)
    if hosts := arena.youtube.foreign_hosts:
        yield f"hosts that are not YouTube's were asked: {hosts}"
    if left := arena.left_processes():
        yield f"processes are left: {left}"
    for name in ("downloads/.work", "downloads/.trash", "library/.trash"):
        folder = case.root / name
        if folder.is_dir() and any(folder.iterdir()):
            yield f"{folder} holds {sorted(p.name for p in folder.iterdir())[:5]}"


def _witnessed(case: Case) -> Iterator[str]:
    """Every name that appeared had its final bytes, and none was missed."""
    proven = {job["sha256"] for job in case.completed}
    seen: dict[Path, set[str]] = defaultdict(set)
    for sighting in case.sightings:
        path = Path(sighting["path"])
        if sighting["what"] == "written":
            yield f"witness: {path} was written to under its visible name"
            continue
        seen[path].add(sighting["sha256"])
        if path.name != "job.json" and sighting["sha256"] not in proven:
            yield f"witness: {path} appeared with {sighting['size']} unfinished bytes"
    yield from _told_apart(case, seen)


def _told_apart(case: Case, seen: dict[Path, set[str]]) -> Iterator[str]:
    """Yield names that changed after they had appeared, and those never seen."""
    for path, digests in seen.items():
        # A name in the library may come back with a later session of the same name.
        if len(digests) > 1 and path.is_relative_to(case.root / "downloads"):
            yield f"witness: {path} had {len(digests)} contents"
    for job in case.completed:
        if job["sha256"] not in seen.get(Path(job["output_path"]), set()):
            yield f"witness: it missed {job['output_path']}; it is blind or was too late"


def _fetches(case: Case) -> Iterator[str]:
    """No finished fetch was repeated, and none at all came after a durable source."""
    finished = _times(case, "source.finished")
    spoiled = _times(case, "source.spoiled")
    jobs = defaultdict(list)
    for job in case.tables.jobs.values():
        jobs[job["video_id"]].append(job)
    for video, mine in jobs.items():
        media = [r for r in case.requests if r.video_id == video and r.kind == "media"]
        allowed = sum(_allowed(case, job, finished) for job in mine)
        whole = sum(request.is_fetch for request in media)
        if whole > allowed:
            yield f"{video} was fetched {whole} times; {allowed} can be explained"
        if len(mine) == 1 and (since := _kept_since(case, mine[0], finished, spoiled)):
            late = [request for request in media if request.time > since]
            if late:
                yield f"{video} was asked for {len(late)} times after it was durable"


def _times(case: Case, name: str) -> dict[tuple[str, int], float]:
    """When each attempt passed a step of its worker's."""
    found = {}
    for step in case.steps:
        if step.name == name:
            job, _, number = step.about.partition("/")
            found[job, int(number)] = step.at
    return found


def _allowed(case: Case, job: Row, finished: dict[tuple[str, int], float]) -> int:
    """Return how many whole fetches a job's history explains.

    One, one more for each attempt that was struck down before its source was
    durable (by us, or by the daemon because it stood still), and one more each time the job was asked for again after it had failed.
    """
    attempts = case.attempts_of[job["id"]]
    struck = sum(
        attempt["kind"] in STRUCK_DOWN
        and (job["uuid"], attempt["number"]) not in finished
        for attempt in attempts
    )
    again = sum(e["reason"] == "retried" for e in case.events_of[job["id"]])
    return int(1 + struck + again)


def _kept_since(
    case: Case,
    job: Row,
    finished: dict[tuple[str, int], float],
    spoiled: dict[tuple[str, int], float],
) -> float | None:
    """Return when the source became durable that was never thrown away again."""
    attempts = case.attempts_of[job["id"]]
    thrown = [a["number"] for a in attempts if (job["uuid"], a["number"]) in spoiled]
    again = any(e["reason"] == "retried" for e in case.events_of[job["id"]])
    good = [
        finished[job["uuid"], attempt["number"]]
        for attempt in attempts
        if attempt["number"] > max(thrown, default=0)
        and (job["uuid"], attempt["number"]) in finished
    ]
    return min(good) if good and not again else None

"""Every line dropped has one row, every audio one job, every file one place."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from torture.arena import session_of
from torture.books import Row
from torture.case import Case, wishes_by_drop
from torture.plan import Drop

VIEWS = (".receipt.txt", ".failed.txt", ".reason.txt")


def check(case: Case) -> Iterator[str]:
    """Compare what was dropped with what is recorded."""
    yield from _drops(case)
    asked = wishes_by_drop(case.put)
    for row in case.tables.drops.values():
        drop = asked.get((case.name_of(row["session_id"]), row["name"], row["sha256"]))
        if drop is not None:
            yield from _lines(case, row, drop)
            yield from _place(case, row, drop)
    yield from _jobs(case)
    yield from left_in_inbox(case)


def _drops(case: Case) -> Iterator[str]:
    put = Counter(
        (session_of(d.session), d.name.encode(), sha256(d.content).hexdigest())
        for d in case.put
    )
    known = Counter(
        (case.name_of(d["session_id"]), d["name"], d["sha256"])
        for d in case.tables.drops.values()
    )
    for key in put.keys() | known.keys():
        if put[key] != known[key]:
            yield f"file {key[:2]} was dropped {put[key]} times, known {known[key]} times"


def _lines(case: Case, row: Row, drop: Drop) -> Iterator[str]:
    name = f"drop {row['id']} {drop.name!r} ({row['state']})"
    lines = {line["line"]: line for line in case.lines_of[row["id"]]}
    if len(lines) != len(case.lines_of[row["id"]]):
        yield f"{name}: a line has two rows"
    if lines.keys() != {wish.line for wish in drop.wishes}:
        missing = sorted({wish.line for wish in drop.wishes} - lines.keys())
        yield f"{name}: {len(lines)} rows of {len(drop.wishes)}, without {missing[:5]}"
    for wish in drop.wishes:
        line = lines.get(wish.line)
        if line is not None and not _is_granted(
            case, row, wish.video, wish.format, line
        ):
            yield f"{name}: line {wish.line} became {line}"
    results = Counter(line["result"] for line in lines.values())
    for result in ("accepted", "duplicate", "rejected"):
        if row[result] != results[result]:
            yield f"{name}: {result} is {row[result]}, lines say {results[result]}"


def _is_granted(case: Case, drop: Row, video: str, form: str, line: Row) -> bool:
    if not video:
        return line["result"] == "rejected" and line["job_id"] is None
    job = case.tables.jobs.get(line["job_id"] or 0)
    return (
        line["result"] in {"accepted", "duplicate"}
        and job is not None
        and job["session_id"] == drop["session_id"]
        and (job["video_id"], job["options"]["format"]) == (video, form)
    )


def _place(case: Case, row: Row, drop: Drop) -> Iterator[str]:
    usable = any(wish.video for wish in drop.wishes)
    state, folder = ("filed", "processed") if usable else ("rejected", "rejected")
    if row["state"] != state or row["filed_name"] is None:
        yield f"drop {row['id']} {drop.name!r} is {row['state']}, as {row['filed_name']}"
        return
    path = case.inbox(row) / folder / row["filed_name"].decode()
    if not path.is_file() or path.read_bytes() != drop.content:
        yield f"drop {row['id']} {drop.name!r} does not lie at {path}"


def _jobs(case: Case) -> Iterator[str]:
    jobs = case.tables.jobs.values()
    keys = Counter(
        (j["session_id"], j["video_id"], j["options"]["format"]) for j in jobs
    )
    yield from (f"{count} jobs of {key}" for key, count in keys.items() if count > 1)
    accepted = Counter(
        line["job_id"] for line in case.tables.lines if line["result"] == "accepted"
    )
    for job in jobs:
        events = case.events_of[job["id"]]
        again = sum(event["reason"] == "retried" for event in events)
        if accepted[job["id"]] != 1 + again:
            yield f"job {job['uuid']} was accepted {accepted[job['id']]} times"


def left_in_inbox(case: Case) -> Iterator[str]:
    """Yield drops that nobody took."""
    inbox = case.root / "inbox"
    for path in (*inbox.glob("*"), *inbox.glob("*/*")):
        if path.is_file() and path.parent.name not in {"processed", "rejected"}:
            yield f"{path} was left in the inbox"

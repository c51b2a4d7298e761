"""Every line dropped has one row, every audio one job, every file one place."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from torture.arena import session_of
from torture.books import Row
from torture.case import Case, wishes_by_drop
from torture.checks.commands import retries
from torture.files import Drop, Wish
from torture.playlists import ListWish

#: Events of a job that a later line of the same audio makes.
TAKEN_ONCE_MORE = {"retried", "asked_again"}


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
    stays = _stays(case)
    for key in put.keys() | known.keys():
        # What stays is taken once, and its older versions only if there was time.
        allowed = {1} if stays.get(key) else {0, 1} if key in stays else {put[key]}
        if known[key] not in allowed or not put[key]:
            yield f"file {key[:2]} was dropped {put[key]} times, known {known[key]} times"


def _stays(case: Case) -> dict[tuple[str, bytes, str], bool]:
    """Return the files that stay in the inbox, and whether they still are as known."""
    if not case.plan.terrain.keep:
        return {}
    found = {}
    for key, drop in wishes_by_drop(case.put).items():
        if any(wish.is_usable for wish in drop.wishes):
            found[key] = drop.content == case.newest[key[:2]].content
    return found


def _lines(case: Case, row: Row, drop: Drop) -> Iterator[str]:
    name = f"drop {row['id']} {drop.name!r} ({row['state']})"
    lines = {line["line"]: line for line in case.lines_of[row["id"]]}
    if len(lines) != len(case.lines_of[row["id"]]):
        yield f"{name}: a line has two rows"
    missing = sorted({wish.line for wish in drop.wishes} - lines.keys())
    if case.plan.terrain.keep:
        missing = _never_taken(case, row, drop, missing)
    if missing or not lines.keys() <= {wish.line for wish in drop.wishes}:
        yield f"{name}: {len(lines)} rows of {len(drop.wishes)}, without {missing[:5]}"
    for wish in drop.wishes:
        line = lines.get(wish.line)
        if line is not None and not _is_granted(case, row, wish, line):
            yield f"{name}: line {wish.line} became {line}"
    results = Counter(line["result"] for line in lines.values())
    for result in ("accepted", "duplicate", "rejected"):
        if row[result] != results[result]:
            yield f"{name}: {result} is {row[result]}, lines say {results[result]}"


def _never_taken(case: Case, row: Row, drop: Drop, missing: list[int]) -> list[int]:
    """Return the lines that no version of a file which stays in the inbox has."""
    name = case.name_of(row["session_id"])
    if drop.content != case.newest[name, row["name"]].content:
        return []  # it had grown before it was read to its end: see the newest
    taken = {
        line["text"]
        for other in case.tables.drops.values()
        if (case.name_of(other["session_id"]), other["name"]) == (name, row["name"])
        for line in case.lines_of[other["id"]]
    }
    return [number for number in missing if drop.texts[number] not in taken]


def _is_granted(case: Case, drop: Row, wish: Wish, line: Row) -> bool:
    if not wish.is_usable:
        return line["result"] == "rejected" and line["job_id"] is None
    if wish.listed is not None:
        return _is_listed(case, drop, wish.listed, line)
    job = case.tables.jobs.get(line["job_id"] or 0)
    return (
        line["result"] in {"accepted", "duplicate"}
        and job is not None
        and job["session_id"] == drop["session_id"]
        and (job["video_id"], job["options"]["format"]) == (wish.video, wish.format)
    )


def _is_listed(case: Case, drop: Row, listed: ListWish, line: Row) -> bool:
    collection = case.tables.collections.get(line["collection_id"] or 0)
    return (
        line["result"] in {"accepted", "duplicate"}
        and collection is not None
        and collection["session_id"] == drop["session_id"]
        and collection["key"] == f"playlist:{listed.list_id}"
        and collection["options"]["format"] == listed.format
    )


def _place(case: Case, row: Row, drop: Drop) -> Iterator[str]:
    usable = any(wish.is_usable for wish in drop.wishes)
    if usable and case.plan.terrain.keep:
        yield from _kept_place(case, row, drop)
        return
    state, folder = ("filed", "processed") if usable else ("rejected", "rejected")
    if row["state"] != state or row["filed_name"] is None:
        yield f"drop {row['id']} {drop.name!r} is {row['state']}, as {row['filed_name']}"
        return
    path = case.inbox(row) / folder / row["filed_name"].decode()
    if not path.is_file() or path.read_bytes() != drop.content:
        yield f"drop {row['id']} {drop.name!r} does not lie at {path}"


def _kept_place(case: Case, row: Row, drop: Drop) -> Iterator[str]:
    if row["state"] != "kept" or row["filed_name"] is not None:
        yield f"drop {row['id']} {drop.name!r} is {row['state']}, as {row['filed_name']}"
    name = case.name_of(row["session_id"])
    path = case.inbox(row) / drop.name
    if path.read_bytes() != case.newest[name, row["name"]].content:
        yield f"{path} is not as it was put there"


def _jobs(case: Case) -> Iterator[str]:
    jobs = case.tables.jobs.values()
    keys = Counter(
        (j["session_id"], j["video_id"], j["options"]["format"]) for j in jobs
    )
    yield from (f"{count} jobs of {key}" for key, count in keys.items() if count > 1)
    accepted = Counter(
        line["job_id"] for line in case.tables.lines if line["result"] == "accepted"
    )
    listed = {entry["job_id"] for entry in case.tables.entries}
    for job in jobs:
        if job["id"] in listed:
            continue  # made, or run again, by a playlist: see `playlists`
        events = case.events_of[job["id"]]
        again = sum(event["reason"] in TAKEN_ONCE_MORE for event in events)
        least, most = retries(case, job)
        if not again - most <= accepted[job["id"]] - 1 <= again - least:
            yield (
                f"job {job['uuid']} was accepted {accepted[job['id']]} times, "
                f"run again {again} times, {least} to {most} of them by command"
            )


def left_in_inbox(case: Case) -> Iterator[str]:
    """Yield drops that nobody took."""
    inbox = case.root / "inbox"
    kept = {
        (case.name_of(drop["session_id"]), drop["name"], drop["sha256"])
        for drop in case.tables.drops.values()
        if drop["state"] == "kept"
    }
    for path in (*inbox.glob("*"), *inbox.glob("*/*")):
        if not path.is_file() or path.parent.name in {"processed", "rejected"}:
            continue
        session = session_of("" if path.parent == inbox else path.parent.name)
        digest = sha256(path.read_bytes()).hexdigest()
        if (session, path.name.encode(), digest) not in kept:
            yield f"{path} was left in the inbox"

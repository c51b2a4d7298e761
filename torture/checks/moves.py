"""The ledger is whole, its counters are true, its events replay along legal moves."""

from collections import Counter
from collections.abc import Iterator

from torture.books import Books, Row
from torture.case import Case

#: Written down here a second time, from the design and not from the code.
LEGAL = {
    "queued": {"running", "cancelled"},
    "held": {"queued", "cancelled"},
    "running": {"completed", "waiting", "failed", "cancelled", "queued"},
    "waiting": {"queued", "cancelled"},
    "completed": {"queued"},
    "failed": {"queued"},
    "cancelled": {"queued"},
}


def check(case: Case, books: Books) -> Iterator[str]:
    """Check the ledger against itself."""
    if books.is_sqlite:
        yield from _sqlite(books)
    yield from _counters(case)
    for job in case.tables.jobs.values():
        yield from _replay(job, case.events_of[job["id"]])
        yield from _attempts(job, case.attempts_of[job["id"]])


def _sqlite(books: Books) -> Iterator[str]:
    said = [next(iter(row.values())) for row in books.ask("PRAGMA integrity_check")]
    if said != ["ok"]:
        yield f"integrity_check: {said}"
    if broken := books.ask("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {broken}"


def _counters(case: Case) -> Iterator[str]:
    tables = case.tables
    real = Counter((job["session_id"], job["state"]) for job in tables.jobs.values())
    for state in LEGAL:
        for session in tables.sessions.values():
            if session[state] != real[session["id"], state]:
                yield (
                    f"session {session['name']} counts {session[state]} {state}, "
                    f"has {real[session['id'], state]}"
                )
        total = sum(count for (_, name), count in real.items() if name == state)
        if tables.totals[state] != total:
            yield f"totals count {tables.totals[state]} {state}, there are {total}"
    for session in tables.sessions.values():
        mine = [job for job in case.completed if job["session_id"] == session["id"]]
        used = sum(job["file_size_bytes"] for job in mine)
        if session["used_bytes"] != used:
            yield f"session {session['name']} used {used}, says {session['used_bytes']}"


def _replay(job: Row, events: list[Row]) -> Iterator[str]:
    moves = [event for event in events if event["to_state"] is not None]
    state = moves[0]["from_state"] if moves else job["state"]
    if state not in {"queued", "held"}:
        yield f"job {job['uuid']} began as {state}"
    for move in moves:
        if move["from_state"] != state:
            yield f"job {job['uuid']} was {state}, event says from {move['from_state']}"
        if move["to_state"] not in LEGAL[move["from_state"]]:
            yield f"job {job['uuid']}: {move['from_state']} to {move['to_state']}"
        state = move["to_state"]
    if state != job["state"]:
        yield f"job {job['uuid']} is {job['state']}, its events end in {state}"


def _attempts(job: Row, attempts: list[Row]) -> Iterator[str]:
    numbers = [attempt["number"] for attempt in attempts]
    if numbers != list(range(1, job["attempt"] + 1)):
        yield f"job {job['uuid']} has attempts {numbers}, says {job['attempt']}"
    for attempt in attempts:
        if attempt["ended_at"] is None or attempt["kind"] is None:
            yield f"job {job['uuid']}: attempt {attempt['number']} has no end"
    completed = sum(attempt["kind"] == "completed" for attempt in attempts)
    if completed != (job["state"] == "completed"):
        yield f"job {job['uuid']} is {job['state']}, completed {completed} times"

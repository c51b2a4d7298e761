"""The verdict: all checks over one run's evidence."""

import json
from collections import Counter

from torture.arena import Arena
from torture.books import READING_ERRORS
from torture.case import Case, Told, open_case
from torture.checks import (
    audio,
    commands,
    fetches,
    gates,
    intake,
    moves,
    names,
    outside,
    playlists,
    views,
)
from torture.plan import Plan


def judge(arena: Arena, plan: Plan, told: Told) -> list[str]:
    """Return the promises that were broken."""
    case = open_case(arena, plan, told)
    _keep_requests(arena, case)
    return [
        *intake.check(case),
        *moves.check(case, arena.books),
        *playlists.check(case),
        *commands.check(case),
        *gates.check(case),
        *audio.check(case),
        *views.check(case),
        *names.check(case),
        *fetches.check(case),
        *outside.check(case, arena),
        *(f"a zombie wrote: {w}" for w in zombie_writes(arena) if "WRITTEN" in w),
    ]


def _keep_requests(arena: Arena, case: Case) -> None:
    """Write down what the stand-in saw: it is gone with it."""
    lines = [json.dumps(request.as_json()) for request in case.requests]
    (arena.root / "notes" / "requests.jsonl").write_text("\n".join(lines) + "\n")


def open_ends(arena: Arena, plan: Plan, told: Told) -> list[str]:
    """Return what the daemon has still to do."""
    try:
        case = open_case(arena, plan, told)
    except READING_ERRORS as error:
        return [f"the ledger cannot be read: {error}"]
    return _unfinished(case) or list(views.check(case))


def _unfinished(case: Case) -> list[str]:
    tables = case.tables
    jobs = Counter(job["state"] for job in tables.jobs.values())
    busy = [
        f"{jobs[s]} {s}" for s in ("queued", "held", "running", "waiting") if jobs[s]
    ]
    listings = [
        f"{collection['key']} is {collection['state']}"
        for collection in tables.collections.values()
        if collection["state"] in {"queued", "running", "waiting"}
    ]
    open_drops = [
        f"drop {drop['name']!r} is {drop['state']}"
        for drop in tables.drops.values()
        if drop["state"] in {"recording", "recorded"}
    ]
    sessions = [
        f"session {session['name']} has not ended"
        for session in tables.sessions.values()
        if (session["state"] == "active" and session["ttl_s"] is not None)
        or session["removal"] == "pending"
    ]
    trash = [
        f"{folder} is not empty"
        for folder in (case.root / "downloads/.trash", case.library / ".trash")
        if folder.is_dir() and any(folder.iterdir())
    ]
    return [
        *busy,
        *listings,
        *open_drops,
        *intake.left_in_inbox(case),
        *sessions,
        *trash,
    ]


def strokes(arena: Arena) -> Counter[str]:
    """Return how often each blow fell at each step."""
    log = arena.orders.step_log
    lines = log.read_text().splitlines() if log.exists() else []
    found = [line.split("\t", 3) for line in lines]
    return Counter(about for _, _, step, about in found if step == "blow")


def zombie_writes(arena: Arena) -> list[str]:
    """Return what came of each write of the zombie's."""
    said = arena.root / "notes" / "zombie.out"
    lines = said.read_text().splitlines() if said.exists() else []
    return [line for line in lines if line.endswith((" WRITTEN", " refused"))]


def witnessed(arena: Arena) -> int:
    """Return how many names the witness saw appear."""
    seen = arena.sightings
    return len(seen.read_text().splitlines()) if seen.exists() else 0


def listings(arena: Arena) -> dict[str, int]:
    """Return the collections by state, and the number of their entries."""
    rows = arena.books.ask(
        "SELECT state, count(*) AS n FROM collections GROUP BY state"
    )
    entries = arena.books.value("SELECT count(*) FROM entries")
    return {row["state"]: row["n"] for row in rows} | {"entries": entries}


def states(arena: Arena) -> dict[str, int]:
    """Return the jobs by state."""
    rows = arena.books.ask("SELECT state, count(*) AS n FROM jobs GROUP BY state")
    return {row["state"]: row["n"] for row in rows}

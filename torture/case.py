"""The evidence of one run, gathered once for all checks."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.youtube import Request, Video
from torture.arena import Arena, session_of
from torture.books import Row
from torture.files import Drop
from torture.people import Command
from torture.plan import Plan
from torture.weather import Spell


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of the step log."""

    at: float
    name: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the run itself has done."""

    drops: list[Drop]
    commands: list[Command]
    spells: list[Spell]


@dataclass(slots=True, kw_only=True)
class Tables:
    """The ledger's rows, as they were when the case was opened."""

    sessions: dict[int, Row]
    drops: dict[int, Row]
    jobs: dict[int, Row]
    lines: list[Row]
    attempts: list[Row]
    events: list[Row]
    gates: list[Row]
    collections: dict[int, Row]
    entries: list[Row]
    totals: Row


@dataclass(kw_only=True)
class Case:
    """What is known of one run."""

    root: Path
    library: Path
    put: list[Drop]
    commands: list[Command]
    spells: list[Spell]
    plan: Plan
    tables: Tables
    sightings: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def fates(self) -> Mapping[str, str]:
        """How each video's jobs must end."""
        return self.plan.fates

    @property
    def videos(self) -> Mapping[str, Video]:
        """All videos by ID."""
        return self.plan.videos

    def name_of(self, session_id: int) -> str:
        """Return a session's name."""
        return str(self.tables.sessions[session_id]["name"])

    def inbox(self, drop: Row) -> Path:
        """Return the folder a drop was put into."""
        folder = self.root / "inbox"
        return folder if drop["at_root"] else folder / self.name_of(drop["session_id"])

    @cached_property
    def lines_of(self) -> Mapping[int, list[Row]]:
        """Lines by drop."""
        return grouped(self.tables.lines, "drop_id")

    @cached_property
    def entries_of(self) -> Mapping[int, list[Row]]:
        """Entries by collection."""
        return grouped(self.tables.entries, "collection_id")

    @cached_property
    def attempts_of(self) -> Mapping[int, list[Row]]:
        """Attempts by job."""
        return grouped(self.tables.attempts, "job_id")

    @cached_property
    def events_of(self) -> Mapping[int, list[Row]]:
        """Events by job."""
        return grouped(self.tables.events, "job_id")

    @cached_property
    def newest(self) -> Mapping[tuple[str, bytes], Drop]:
        """What was put under each name last, by session and name."""
        return {(session_of(d.session), d.name.encode()): d for d in self.put}

    @cached_property
    def ended_at(self) -> Mapping[int, float]:
        """When each session expired that has."""
        return {
            event["session_id"]: event["at"]
            for event in self.tables.events
            if event["reason"] == "session_expired" and event["job_id"] is None
        }

    @property
    def completed(self) -> list[Row]:
        """The jobs that are completed."""
        return [j for j in self.tables.jobs.values() if j["state"] == "completed"]

    def is_removed(self, job: Row) -> bool:
        """Whether a job's session has ended and took its audio with it."""
        return self.tables.sessions[job["session_id"]]["removal"] is not None


def grouped(rows: Iterable[Row], key: str) -> Mapping[int, list[Row]]:
    """Return rows by a column's value, in their order."""
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def wishes_by_drop(put: Iterable[Drop]) -> dict[tuple[str, bytes, str], Drop]:
    """Return what was put into the inbox by session, name and content hash."""
    return {
        (session_of(d.session), d.name.encode(), sha256(d.content).hexdigest()): d
        for d in put
    }


def open_case(arena: Arena, plan: Plan, told: Told) -> Case:
    """Gather the evidence."""
    return Case(
        root=arena.root,
        library=arena.library,
        put=told.drops,
        commands=told.commands,
        spells=told.spells,
        plan=plan,
        tables=_tables(arena),
        sightings=[json.loads(line) for line in _text_lines(arena.sightings)],
        steps=[
            step for line in _text_lines(arena.orders.step_log) if (step := _step(line))
        ],
        requests=arena.youtube.requests(),
    )


def _tables(arena: Arena) -> Tables:
    ask = arena.books.ask
    drops = ask("SELECT * FROM drops ORDER BY id")
    for drop in drops:
        for column in ("name", "filed_name"):
            drop[column] = None if drop[column] is None else bytes(drop[column])
    jobs = ask("SELECT * FROM jobs ORDER BY id")
    for job in jobs:
        if isinstance(job["options"], str):
            job["options"] = json.loads(job["options"])
    collections = ask("SELECT * FROM collections ORDER BY id")
    for row in collections:
        if isinstance(row["options"], str):
            row["options"] = json.loads(row["options"])
    return Tables(
        collections={row["id"]: row for row in collections},
        entries=ask("SELECT * FROM entries ORDER BY collection_id, position"),
        sessions={row["id"]: row for row in ask("SELECT * FROM sessions ORDER BY id")},
        drops={row["id"]: row for row in drops},
        jobs={row["id"]: row for row in jobs},
        lines=ask("SELECT * FROM lines ORDER BY drop_id, line"),
        attempts=ask("SELECT * FROM attempts ORDER BY job_id, number"),
        events=ask("SELECT * FROM events ORDER BY id"),
        gates=ask("SELECT * FROM gates"),
        totals=ask("SELECT * FROM totals")[0],
    )


def _text_lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _step(line: str) -> Step | None:
    at, _pid, name, about = line.split("\t", 3)
    return Step(at=float(at), name=name, about=about)

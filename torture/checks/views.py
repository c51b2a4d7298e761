"""What people and programs read agrees with the ledger."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torture.books import Row
from torture.case import Case
from torture.checks.moves import LEGAL
from torture.checks.names import is_beside_songs
from ytaudio_daemon.model.m3u_playlist import ENDING, owner_of


def check(case: Case) -> Iterator[str]:
    """Check status files, receipts and the library."""
    yield from _daemon(case)
    yield from _sessions(case)
    newest = {
        (case.name_of(drop["session_id"]), drop["name"]): drop
        for drop in case.tables.drops.values()
    }
    for drop in case.tables.drops.values():
        name = case.name_of(drop["session_id"]), drop["name"]
        if drop["filed_name"] is not None:
            file = drop["filed_name"].decode()
            yield from _receipt(case, drop, file)
            yield from _papers(case, drop, file)
        elif newest[name] is drop:  # stays in the inbox
            yield from _receipt(case, drop, drop["name"].decode())
    yield from _library(case)
    yield from _playlists(case)


def _daemon(case: Case) -> Iterator[str]:
    said = _read(case.root / "status" / "daemon.json").get("counts", {})
    real = {state: case.tables.totals[state] for state in LEGAL}
    if said != real:
        yield f"daemon.json counts {said}, the ledger {real}"


def _sessions(case: Case) -> Iterator[str]:
    newest = {session["name"]: session for session in case.tables.sessions.values()}
    for name, session in newest.items():
        document = _read(case.root / "status" / "sessions" / f"{name}.json")
        said = document.get("session", {})
        real = {state: session[state] for state in LEGAL}
        shown = said.get("uuid"), said.get("state"), said.get("counts")
        if shown != (session["uuid"], session["state"], real):
            yield f"{name}.json says {shown}, the ledger {session['state']} {real}"


def _receipt(case: Case, drop: Row, file: str) -> Iterator[str]:
    session = case.name_of(drop["session_id"])
    path = case.root / "status" / "receipts" / session / f"{file}.json"
    said = [
        (line["line"], line["result"], line["job"], line["state"])
        for line in _read(path).get("lines", [])
    ]
    jobs = case.tables.jobs
    real = []
    for line in case.lines_of[drop["id"]]:
        job = jobs.get(line["job_id"] or 0, {})
        real.append((line["line"], line["result"], job.get("uuid"), job.get("state")))
    if said != real:
        wrong = [pair for pair in zip(said, real, strict=False) if pair[0] != pair[1]]
        yield f"{path} has {len(said)} lines of {len(real)}, differing in {wrong[:2]}"


def _papers(case: Case, drop: Row, file: str) -> Iterator[str]:
    """What lies beside the drop for people."""
    rejected = drop["state"] == "rejected"
    folder = case.inbox(drop) / ("rejected" if rejected else "processed")
    receipt = folder / (file + (".reason.txt" if rejected else ".receipt.txt"))
    if not receipt.is_file():
        yield f"{receipt} is missing"
    mine = [j for j in case.tables.jobs.values() if j["drop_id"] == drop["id"]]
    # Who cancelled a job knows it: it is not offered to be dropped again.
    failed = any(job["state"] == "failed" for job in mine)
    paper = folder / f"{file}.failed.txt"
    if not rejected and failed and not paper.exists():
        yield f"{paper} is missing"
    if (
        not failed
        and drop["rejected"] == 0
        and drop["duplicate"] == 0
        and paper.exists()
    ):
        yield f"{paper} is there and nothing failed"


def _library(case: Case) -> Iterator[str]:
    wanted: dict[str, Counter[str]] = {}
    for job in case.completed:
        if not case.is_removed(job):
            name = case.name_of(job["session_id"])
            wanted.setdefault(name, Counter())[job["sha256"]] += 1
    found: dict[str, Counter[str]] = {}
    for path in case.library.glob("[!.]*/**/*"):
        if path.is_dir() or is_beside_songs(path):
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        session = path.relative_to(case.library).parts[0]
        found.setdefault(session, Counter())[digest] += 1
    for name in wanted.keys() | found.keys():
        shelf, jobs = found.get(name, Counter()), wanted.get(name, Counter())
        if shelf != jobs:
            yield (
                f"library/{name} lacks {(jobs - shelf).total()} of {jobs.total()} files "
                f"and has {(shelf - jobs).total()} too many"
            )


def _playlists(case: Case) -> Iterator[str]:
    """Check that every playlist is whole, of a collection, and names songs that are there."""
    owners = {row["uuid"] for row in case.tables.collections.values()}
    for path in case.library.glob(f"[!.]*/*{ENDING}"):
        content = path.read_bytes()
        if owner_of(content) not in owners:
            yield f"{path} is not whole, or nobody's"
        for line in content.decode().splitlines():
            if not line.startswith("#") and not (path.parent / line).exists():
                yield f"{path} names {line}, which is not there"


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return document

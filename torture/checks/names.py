"""What the witness saw: every name whole from its first moment, and none missed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from torture.case import Case
from ytaudio_daemon.model.m3u_playlist import ENDING
from ytaudio_daemon.model.outcome import COVER_FILES


def check(case: Case) -> Iterator[str]:
    """Check every sighting."""
    proven = {job["sha256"] for job in case.completed}
    seen: dict[Path, list[tuple[float, str]]] = defaultdict(list)
    for sighting in case.sightings:
        path = Path(sighting["path"])
        if sighting["what"] == "written":
            yield f"witness: {path} was written to under its visible name"
            continue
        if is_beside_songs(path):  # written anew as entries end, and whole: see views
            continue
        seen[path].append((sighting["at"], sighting["sha256"]))
        if path.name != "job.json" and sighting["sha256"] not in proven:
            yield f"witness: {path} appeared with {sighting['size']} unfinished bytes"
    for path, contents in seen.items():
        yield from _changed(case, path, contents)
    for job in case.completed:
        path = Path(job["output_path"])
        if job["sha256"] not in {digest for _, digest in seen.get(path, [])}:
            yield f"witness: it missed {path}; it is blind or was too late"


def is_beside_songs(path: Path) -> bool:
    """Whether it is a collection's playlist or cover."""
    return path.suffix == ENDING or path.name in COVER_FILES


def _changed(
    case: Case, path: Path, contents: list[tuple[float, str]]
) -> Iterator[str]:
    """A name keeps its content; only a later session's library may give it another."""
    for (_, old), (at, new) in pairwise(contents):
        if old != new and not _came_back(case, path, old, new, at):
            yield f"witness: {path} was {old[:8]} and became {new[:8]}"


def _came_back(case: Case, path: Path, old: str, new: str, at: float) -> bool:
    """Whether the old content left with its session before another's had the name."""
    if not path.is_relative_to(case.library):
        return False
    owners = _owners(case, path.relative_to(case.library).parts[0])
    return any(
        before != after and case.ended_at.get(before, at) < at
        for before in owners[old]
        for after in owners[new]
    )


def _owners(case: Case, name: str) -> Mapping[str, set[int]]:
    """Return the sessions of a name by the contents they completed."""
    owners: dict[str, set[int]] = defaultdict(set)
    for job in case.completed:
        if case.name_of(job["session_id"]) == name:
            owners[job["sha256"]].add(job["session_id"])
    return owners

"""The reckoning, once the daemon has stopped: is everything accounted for?"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from soak.house import entries

#: The counts stand at a receipt's end.
_TAIL_BYTES = 400
_COUNTS = re.compile(rb'"(lines|accepted|duplicate|rejected)": (\d+)')
_STATES = "queued held running waiting completed failed cancelled".split()  # noqa: SIM905 - read as words


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What was put into the inbox.

    Attributes:
        files: All of them with at least one good link.
        jobs: Different links, numbered: `<kind>0000000000` and on, in any session.
        kind: The letter in front of their numbers.
        duplicates: Lines that name a link their session has had.
        rejected: Lines that nobody can use.
    """

    files: int
    jobs: int
    kind: str = "v"
    duplicates: int = 0
    rejected: int = 0

    @property
    def results(self) -> dict[str, int]:
        """What is to become of the lines."""
        return {
            "accepted": self.jobs,
            "duplicate": self.duplicates,
            "rejected": self.rejected,
        }


def reckon(root: Path, put: Put) -> Iterator[str]:
    """Yield everything that is not as it should be; nothing when all is well."""
    ledger = root / "state" / "ledger.sqlite3"
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        yield from _drops(db, put)
        yield from _lines(db, put)
        yield from _jobs(db, put)
        yield from _counters(db)
    yield from _files(root, put)
    yield from _receipts(root, put)


def _drops(db: sqlite3.Connection, put: Put) -> Iterator[str]:
    found = dict(db.execute("SELECT state, count(*) FROM drops GROUP BY state"))
    if found != {"filed": put.files}:
        yield f"{put.files} files were dropped, the ledger has {found}"


def _lines(db: sqlite3.Connection, put: Put) -> Iterator[str]:
    asked = {name: number for name, number in put.results.items() if number}
    found = dict(db.execute("SELECT result, count(*) FROM lines GROUP BY result"))
    if found != asked:
        yield f"lines are to be {asked}, the ledger has {found}"
    kept = db.execute("SELECT sum(accepted), sum(duplicate), sum(rejected) FROM drops")
    sums = kept.fetchone()
    if sums != tuple(put.results.values()):
        yield f"drops are to count {put.results}, they count {sums}"


def _jobs(db: sqlite3.Connection, put: Put) -> Iterator[str]:
    query = "SELECT count(*), count(DISTINCT video_id), min(video_id), max(video_id) FROM jobs"
    # That many different ones between the first and the last: none is missing.
    all_there = (
        put.jobs,
        put.jobs,
        f"{put.kind}{0:010d}",
        f"{put.kind}{put.jobs - 1:010d}",
    )
    found = db.execute(query).fetchone()
    if found != all_there:
        yield f"jobs, links, first and last are to be {all_there}, they are {found}"


def _counters(db: sqlite3.Connection) -> Iterator[str]:
    """The kept counters against the rows they stand for."""
    counted = Counter(dict(db.execute("SELECT state, count(*) FROM jobs GROUP BY 1")))
    truth = tuple(counted[state] for state in _STATES)
    totals = db.execute(f"SELECT {', '.join(_STATES)} FROM totals").fetchone()
    sums = ", ".join(f"sum({state})" for state in _STATES)
    sessions = db.execute(f"SELECT {sums} FROM sessions").fetchone()
    for name, kept in (("totals", totals), ("sessions", sessions)):
        if kept != truth:
            yield f"{name} count {kept}, the jobs are {truth}"


def _files(root: Path, put: Put) -> Iterator[str]:
    """Every drop lies in `processed` with its receipt, none where it was dropped."""
    names = Counter[str]()
    for entry in entries(root / "inbox"):
        if Path(entry.path).parent.name != "processed":
            yield f"{entry.path} was left in the inbox"
        elif entry.name.endswith(".receipt.txt"):
            names["receipts"] += 1
        elif not entry.name.endswith(".failed.txt"):
            names["drops"] += 1
    if names != {"drops": put.files, "receipts": put.files}:
        yield f"{put.files} drops and receipts are to lie in processed, there are {names}"


def _receipts(root: Path, put: Put) -> Iterator[str]:
    """The receipts for programs tell of every line."""
    sums = Counter[str]()
    number = 0
    for entry in entries(root / "status" / "receipts"):
        number += 1
        with Path(entry.path).open("rb") as file:
            file.seek(max(0, entry.stat().st_size - _TAIL_BYTES))
            tail = file.read().rpartition(b'"counts"')[2]
        sums.update({name.decode(): int(text) for name, text in _COUNTS.findall(tail)})
    asked = {**put.results, "lines": sum(put.results.values())}
    if number != put.files or +sums != +Counter(asked):
        yield f"{put.files} receipts are to tell of {asked}, {number} tell of {dict(sums)}"

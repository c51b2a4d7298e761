"""Whether claims and totals cost the same in a small ledger and in a big one."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa

from bench import filling, goals
from bench.filling import Filling
from bench.findings import Finding, Section, Setting, table
from bench.goals import Goal
from tests.postgres import PostgresServer
from ytaudio_daemon.ledger import Connection, Ledger, claims, queries, transitions
from ytaudio_daemon.ledger.migrate import migrate

_SESSIONS = 100
_TIMES_A_ROUND = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A ledger with so many queued jobs, and what was measured in it."""

    database: str
    jobs: int
    ledger: Ledger
    claim_ms: list[float] = field(default_factory=list)
    totals_ms: list[float] = field(default_factory=list)


def measure(setting: Setting) -> Section:
    """Fill ledgers of each size on both databases; then let them take turns."""
    sizes = (1_000, 30_000, 1_000_000) if not setting.quick else (1_000, 20_000)
    with ExitStack() as stack:
        folder: Path = setting.folder
        sized = [*_sqlite(stack, sizes, folder), *_postgres(stack, sizes)]
        for each in sized:
            setting.say(f"a ledger of {each.jobs} jobs on {each.database}")
            filling.fill(each.ledger, Filling(jobs=each.jobs, sessions=_SESSIONS))
        for _ in range(setting.count(8, 2)):
            for each in sized:
                each.claim_ms.extend(_claims_ms(each.ledger))
                each.totals_ms.extend(_totals_ms(each.ledger))
    return Section(title="Ledger", findings=_findings(sized), detail=_detail(sized))


def _sqlite(stack: ExitStack, sizes: Sequence[int], folder: Path) -> list[Sized]:
    return [
        Sized(
            database="SQLite",
            jobs=jobs,
            ledger=stack.enter_context(filling.ledger_in(folder / str(jobs))),
        )
        for jobs in sizes
    ]


def _postgres(stack: ExitStack, sizes: Sequence[int]) -> list[Sized]:
    # Without syncs: the commit is the disk's time and not measured.
    server = PostgresServer("-F")
    stack.callback(server.close)
    found = []
    for jobs in sizes:
        name = f"jobs{jobs}"
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        ledger = Ledger(server.url(name))
        stack.callback(ledger.close)
        migrate(ledger)
        found.append(Sized(database="PostgreSQL", jobs=jobs, ledger=ledger))
    return found


def _claims_ms(ledger: Ledger) -> list[float]:
    """Return what some claims took, each in a transaction as the daemon's; given back.

    Many in one would share the pages that are read and journalled in a small ledger,
    and in a big one hardly any.
    """
    times = []
    for _ in range(_TIMES_A_ROUND):
        with ledger.write() as db:
            cpu_s = _cpu_counter(db)
            before = cpu_s()
            claim = claims.claim_next(db, filling.now(), "bench", filling.NO_PACE)
            times.append(1000 * (cpu_s() - before))
            if claim is None:
                raise RuntimeError("nothing to claim")
            transitions.requeue_interrupted(db, claim.fence, filling.now(), "bench")
    return times


def _totals_ms(ledger: Ledger) -> list[float]:
    times = []
    with ledger.read() as db:
        cpu_s = _cpu_counter(db)
        for _ in range(_TIMES_A_ROUND):
            before = cpu_s()
            queries.total_counts(db)
            times.append(1000 * (cpu_s() - before))
    return times


def _cpu_counter(db: Connection) -> Callable[[], float]:
    """Return a counter of our CPU seconds and of those of PostgreSQL's process for us."""
    if db.dialect.name == "sqlite":
        return time.process_time
    backend = db.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    # Nanoseconds on a processor (Documentation/scheduler/sched-stats.rst of Linux).
    path = Path(f"/proc/{backend}/schedstat")
    return lambda: time.process_time() + int(path.read_text().split()[0]) / 1e9


def _findings(sized: Sequence[Sized]) -> list[Finding]:
    found = []
    for database in dict.fromkeys(each.database for each in sized):
        mine = [each for each in sized if each.database == database]
        small, big = mine[0], mine[-1]
        name = f"from {small.jobs:,} to {big.jobs:,} jobs on {database}"
        found += [
            _grown(goals.CLAIM_GROWTH, f"Claim, {name}", small.claim_ms, big.claim_ms),
            _grown(
                goals.TOTALS_GROWTH, f"Totals, {name}", small.totals_ms, big.totals_ms
            ),
        ]
    return found


def _grown(
    goal: Goal, what: str, small: Sequence[float], big: Sequence[float]
) -> Finding:
    return goal.judge(what, _typical(big) / _typical(small))


def _typical(times_ms: Sequence[float]) -> float:
    """Return the lower quartile: cold caches make some dearer, nothing makes one cheaper."""
    return statistics.quantiles(times_ms, n=4)[0]


def _detail(sized: Sequence[Sized]) -> str:
    rows = [
        (
            each.database,
            f"{each.jobs:,}",
            f"{_typical(each.claim_ms):.2f}",
            f"{_typical(each.totals_ms):.3f}",
        )
        for each in sized
    ]
    head = ("", "jobs queued", "claim CPU ms", "totals CPU ms")
    note = (
        "CPU of the statements, PostgreSQL's included, the lower quartile: other work on "
        "the machine only adds. The commit is the disk's time. "
        f"The jobs are spread over {_SESSIONS} sessions, and the sizes take turns.\n\n"
    )
    return note + table(head, rows)

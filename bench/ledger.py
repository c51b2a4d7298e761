"""Whether a claim costs the same in a small ledger and in a big one."""

import statistics
import time
from pathlib import Path

from bench import filling
from bench.findings import Section, Setting, at_most, table
from ytaudio_daemon.ledger import Ledger, claims, queries, transitions

_CLAIMS = 200
#: Ten per cent is what the goal says; a shared machine differs by more by itself.
_FLAT = 1.25


def measure(setting: Setting) -> Section:
    """Claim some jobs at each size of the same ledger."""
    sizes = (1_000, 30_000, 300_000)[: setting.count(3, 2)]
    root: Path = setting.folder
    rows, claim_ms, total_ms = [], [], []
    with filling.ledger_in(root) as ledger:
        done = 0
        for size in sizes:
            setting.say(f"a ledger of {size} jobs")
            filling.queue(ledger, done, size)
            done = size
            claim_ms.append(_claim_ms(ledger))
            total_ms.append(_totals_ms(ledger))
            rows.append((f"{size:,}", f"{claim_ms[-1]:.2f}", f"{total_ms[-1]:.2f}"))
    name = f"from {sizes[0]:,} to {sizes[-1]:,} jobs"
    findings = [
        at_most(f"Claim, {name}", claim_ms[-1] / claim_ms[0], _FLAT, "times"),
        at_most(f"Totals, {name}", total_ms[-1] / total_ms[0], _FLAT, "times"),
    ]
    head = ("jobs queued", "claim CPU ms, median", "totals CPU ms, median")
    note = "CPU of the statements only: the commit is the disk's time.\n\n"
    return Section(title="Ledger", findings=findings, detail=note + table(head, rows))


def _claim_ms(ledger: Ledger) -> float:
    """Return the median of some claims; they are given back."""
    times = []
    with ledger.write() as db:
        for _ in range(_CLAIMS):
            began = time.process_time()
            claim = claims.claim_next(db, filling.now(), "bench", filling.NO_PACE)
            times.append(time.process_time() - began)
            if claim is None:
                raise RuntimeError("nothing to claim")
            transitions.requeue_interrupted(db, claim.fence, filling.now(), "bench")
    return 1000 * statistics.median(times)


def _totals_ms(ledger: Ledger) -> float:
    times = []
    for _ in range(_CLAIMS):
        with ledger.read() as db:
            began = time.process_time()
            queries.total_counts(db)
            times.append(time.process_time() - began)
    return 1000 * statistics.median(times)

"""How many instructions the hot paths take: a figure that no neighbour disturbs.

Counted by `perf` where the processor's counters may be read, else by valgrind, which runs
a program some twenty times slower. `python -m bench.instructions PATH TIMES` runs one of
the paths that many times; the work before and after is taken off by a run of none.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import filling
from bench.filling import Filling
from bench.findings import Finding, Section, Setting, short
from bench.rig import YTAUDIO
from ytaudio_daemon.ledger import Ledger, claims, queries, transitions

_TIMES = 20
#: The share of the usual time that must be left for all of it.
_LEAST_TIME_SHARE = 0.6
_PERF = ("perf", "stat", "-x,", "-e", "instructions:u")
_VALGRIND = (
    *("valgrind", "--tool=cachegrind", "--cache-sim=no"),
    "--cachegrind-out-file=/dev/null",
)
_COUNTED_BY_PERF = re.compile(r"^(\d+),", re.MULTILINE)
_COUNTED_BY_VALGRIND = re.compile(r"I\s+refs:\s+([\d,]+)")


def measure(setting: Setting) -> Section:
    """Count the instructions of commands, claims and totals."""
    counter = _find_counter()
    if counter is None:
        detail = "Not counted: neither `perf` nor valgrind works here.\n"
        return Section(title="Instructions", findings=[], detail=detail)
    words, pattern = counter
    findings = []
    for name, argv in _commands(setting).items():
        setting.say(f"instructions of {name}")
        findings.append(_finding(name, _count(words, pattern, argv)))
    # A minute of valgrind: only where there is time.
    if not setting.quick and setting.time_share > _LEAST_TIME_SHARE:
        findings += _path_findings(setting, words, pattern)
    detail = f"Counted by {words[0]}, in user space.\n"
    return Section(title="Instructions", findings=findings, detail=detail)


def _path_findings(
    setting: Setting, words: Sequence[str], pattern: re.Pattern[str]
) -> list[Finding]:
    own = [sys.executable, "-m", "bench.instructions"]
    some_path = next(iter(PATHS))
    setting.say("instructions of a run of nothing")
    none = _count(words, pattern, [*own, some_path, "0"])
    findings = []
    for path in PATHS:
        setting.say(f"instructions of a {path}")
        some = _count(words, pattern, [*own, path, str(_TIMES)])
        findings.append(_finding(f"A {path}", (some - none) / _TIMES))
    return findings


def _commands(setting: Setting) -> dict[str, Sequence[str]]:
    root = setting.folder / "root"
    root.mkdir()
    return {"`ytaudio --help`": [YTAUDIO, "--root", str(root), "--help"]}


def _find_counter() -> tuple[Sequence[str], re.Pattern[str]] | None:
    for words, pattern in (
        (_PERF, _COUNTED_BY_PERF),
        (_VALGRIND, _COUNTED_BY_VALGRIND),
    ):
        if shutil.which(words[0]) and pattern.search(_run(words, ["true"])):
            return words, pattern
    return None


def _count(words: Sequence[str], pattern: re.Pattern[str], argv: Sequence[str]) -> int:
    said = _run(words, argv)
    found = pattern.search(said)
    if found is None:
        raise RuntimeError(f"{words[0]} did not count {argv[0]}: {said[-2000:]}")
    return int(found[1].replace(",", ""))


def _run(words: Sequence[str], argv: Sequence[str]) -> str:
    # The same seed, so that the same dictionaries are walked in the same order.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*words, *argv], capture_output=True, text=True, env=environment, check=False
    )
    return done.stderr


def _finding(name: str, count: float) -> Finding:
    return Finding(what=name, measured=f"{short(count / 1e6)} million")


def _claim(ledger: Ledger) -> None:
    with ledger.write() as db:
        claim = claims.claim_next(db, filling.now(), "bench", filling.NO_PACE)
        assert claim is not None
        transitions.requeue_interrupted(db, claim.fence, filling.now(), "bench")


def _totals(ledger: Ledger) -> None:
    with ledger.read() as db:
        queries.total_counts(db)


#: What is counted in a ledger of a thousand queued jobs.
PATHS: dict[str, Callable[[Ledger], None]] = {
    "claim given back": _claim,
    "read of the totals": _totals,
}


def main() -> None:
    """Run one path in a new ledger."""
    path, times = PATHS[sys.argv[1]], int(sys.argv[2])
    with (
        tempfile.TemporaryDirectory() as folder,
        filling.ledger_in(Path(folder)) as ledger,
    ):
        filling.fill(ledger, Filling(jobs=1_000, sessions=10))
        for each in PATHS.values():
            each(ledger)  # Once before, so that no cache is empty.
        for _ in range(times):
            path(ledger)


if __name__ == "__main__":
    main()

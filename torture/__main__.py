"""`python -m torture`: run it, say the seed first and the verdict last."""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from torture.arena import Arena
from torture.director import Run
from torture.plan import Plan
from torture.report import report
from torture.sabotage import SABOTAGES

#: Exit status of a run in which a promise was broken; 1 is a fault of the torture's own.
BROKEN = 3
#: Minutes in which a sabotage shows, and those it is given when the machine is busy.
SABOTAGE_MINUTES = (0.75, 2.0, 4.0)


def main() -> int:
    """Return 0 when every promise held (or, of all sabotages, each was caught)."""
    options = _parser().parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    if options.sabotage == "all":
        return _all_sabotages(seed, options.database)
    minutes = options.minutes
    if minutes is None:
        minutes = SABOTAGE_MINUTES[0] if options.sabotage else 3.0
    root = Path(tempfile.mkdtemp(prefix="torture-"))
    postgres = options.database == "postgres"
    plan = Plan(seed=seed, postgres=postgres, sabotage=options.sabotage)
    print(plan.terrain, flush=True)
    arena = Arena(root, plan.terrain, postgres=postgres, sabotage=options.sabotage)
    try:
        until = time.monotonic() + 60 * minutes
        run = Run(plan=plan, arena=arena, until=until)
        broken = run.torture()
        print(report(run, broken, root), flush=True)
    finally:
        arena.close()
    if not broken:
        shutil.rmtree(root, ignore_errors=True)
    return BROKEN if broken else 0


def _all_sabotages(seed: int, database: str) -> int:
    """Run each sabotage by itself; each must break a promise."""
    missed = []
    for name in SABOTAGES:
        print(f"--- sabotage {name}", flush=True)
        words = [f"--seed={seed}", f"--sabotage={name}", f"--database={database}"]
        if not any(_is_caught(words, minutes) for minutes in SABOTAGE_MINUTES):
            missed.append(name)
    print(f"NOT CAUGHT: {', '.join(missed)}" if missed else "every sabotage was caught")
    return 1 if missed else 0


def _is_caught(words: list[str], minutes: float) -> bool:
    command = [sys.executable, "-m", "torture", *words, f"--minutes={minutes}"]
    return subprocess.run(command, check=False).returncode == BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--minutes", type=float, help="of strokes (default 3)")
    parser.add_argument("--seed", type=int, help="repeat that run (default: any)")
    parser.add_argument(
        "--sabotage",
        choices=[*SABOTAGES, "all", ""],
        default="",
        help="take one defence away: the run must fail; all: each must be caught",
    )
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""How quick the command line is, also beside a hundred thousand finished jobs."""

import os
import statistics
from pathlib import Path

from bench import filling, goals, processes
from bench.filling import Filling
from bench.findings import Finding, Section, Setting
from bench.processes import Spent
from bench.rig import YTAUDIO, Daemon

_TIMES = 15


def measure(setting: Setting) -> Section:
    """Run each command a number of times beside a running daemon."""
    youtube = setting.serve_clips(3)
    findings = []
    with Daemon(setting.folder / "small", youtube) as daemon:
        daemon.warm_up("w0000000000")
        findings += _figures(daemon, "--help")
        findings += _figures(daemon, "status")
    jobs = setting.count(100_000, 2_000)
    setting.say(f"finishing {jobs} jobs in a ledger")
    root = setting.folder / "big"
    with filling.ledger_in(root) as ledger:
        full = Filling(jobs=jobs, sessions=100, is_finished=True)
        filling.fill(ledger, full)
    with Daemon(root, youtube) as daemon:
        daemon.settle()
        findings += _figures(daemon, "status", beside=f" beside {jobs:,} finished jobs")
    return Section(title="Command line", findings=findings)


def _figures(daemon: Daemon, command: str, beside: str = "") -> list[Finding]:
    runs = [_run(daemon.root, command) for _ in range(_TIMES)]
    wall_ms = 1000 * statistics.median(run.wall_s for run in runs)
    cpu_ms = 1000 * statistics.median(run.cpu_s for run in runs)
    name = f"`ytaudio {command}`{beside}"
    return [
        goals.COMMAND_WALL.judge(f"{name}, wall, median of {_TIMES}", wall_ms),
        goals.COMMAND_CPU.judge(f"{name}, CPU", cpu_ms),
    ]


def _run(root: Path, command: str) -> Spent:
    argv = [YTAUDIO, "--root", str(root), command]
    return processes.run_to_end(argv, cwd=root, env=dict(os.environ))

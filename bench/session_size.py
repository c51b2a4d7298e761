"""Whether a finished job costs the daemon more in a session that has many already."""

import statistics

from bench import filling, goals, processes
from bench.filling import Filling
from bench.findings import Finding, Section, Setting, table
from bench.rig import Daemon, video_ids, watch_url

_SESSION = "session-0"


def measure(setting: Setting) -> Section:
    """Let a small session and a big one take turns in having some jobs done."""
    sizes = (10, setting.count(10_000, 1_000))
    youtube = setting.serve_clips(3)
    daemons = []
    spent_ms: dict[int, list[float]] = {size: [] for size in sizes}
    for size in sizes:
        root = setting.folder / str(size)
        with filling.ledger_in(root) as ledger:
            full = Filling(jobs=size, sessions=1, is_finished=True)
            filling.fill(ledger, full)
        daemons.append(Daemon(root, youtube))
    with daemons[0], daemons[1]:
        for daemon in daemons:
            daemon.warm_up("w0000000000", "format=m4a")
        for turn in setting.rounds():
            for size, daemon in zip(sizes, daemons, strict=True):
                setting.say(f"jobs beside {size} finished ones, round {turn + 1}")
                spent_ms[size].append(_job_ms(daemon, turn, setting.count(40, 10)))
    return _section(spent_ms)


def _job_ms(daemon: Daemon, turn: int, jobs: int) -> float:
    """Return the milliseconds of CPU that a job takes the daemon without its children."""
    ids = video_ids(jobs, chr(ord("a") + turn))
    before_s = processes.own_cpu_s(daemon.pid)
    lines = [f"{watch_url(video)} format=m4a" for video in ids]
    daemon.drop(_SESSION, lines, f"round{turn}.txt")
    daemon.await_events("job.completed", jobs)
    daemon.settle()
    return 1000 * (processes.own_cpu_s(daemon.pid) - before_s) / jobs


def _section(spent_ms: dict[int, list[float]]) -> Section:
    medians = {size: statistics.median(each) for size, each in spent_ms.items()}
    small, big = medians
    finding: Finding = goals.SESSION_GROWTH.judge(
        f"A finished job in a session of {big:,} finished jobs over one of {small}: "
        "the daemon's CPU",
        medians[big] / medians[small],
    )
    rows = [(f"{size:,}", f"{ms:.1f}") for size, ms in medians.items()]
    head = ("finished jobs of the session", "daemon's CPU ms a job")
    return Section(
        title="Sessions of many jobs", findings=[finding], detail=table(head, rows)
    )

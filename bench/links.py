"""Links a second and CPU a link, against the tools a user would pick and the floor."""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import floor, goals, peers, processes
from bench.cases import CASES, Case
from bench.findings import Finding, Section, Setting, table
from bench.peers import Job, Peer
from bench.processes import Spent
from bench.rig import Daemon, video_ids, watch_url
from tests.youtube import YouTube

OURS = "ytaudio"
OURS_TLS = "ytaudio, SSL_CERT_FILE"
COLD = "ytaudio, cold start"
FLOOR = "floor: ffmpeg alone"


@dataclass(slots=True)
class Tally:
    """All runs of one style."""

    spent: list[Spent]
    origin_s: list[float]

    @property
    def wall_s(self) -> float:
        """The median run's seconds."""
        return statistics.median(each.wall_s for each in self.spent)

    @property
    def cpu_s(self) -> float:
        """The median run's CPU seconds."""
        return statistics.median(each.cpu_s for each in self.spent)


def measure(setting: Setting) -> Section:
    """Take turns between all styles in each case."""
    findings: list[Finding] = []
    details: list[str] = []
    for case in CASES:
        count = setting.count(case.full, case.quick)
        tallies = _take_turns(setting, case, count)
        findings += _findings(case, count, tallies)
        details.append(_detail(case, count, tallies))
    if "task-spooler" not in peers.names():
        details.append("task-spooler was not measured: no `tsp` on PATH.\n")
    details.append(
        "MeTube and YTPTube: their way of calling yt-dlp, without their servers "
        "(`bench/web_apps.py`).\n"
    )
    return Section(title="Links a second", findings=findings, detail="\n".join(details))


def _take_turns(setting: Setting, case: Case, count: int) -> dict[str, Tally]:
    youtube = setting.serve_clips(case.seconds)
    folder = setting.folder / f"{case.format}-{case.seconds:g}"
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(folder / "ours", youtube))
        styles = _styles(daemon, setting, case, count, folder)
        if case.is_copied:
            tls = stack.enter_context(_tls_daemon(folder / "tls", youtube))
            job = Job(ids=video_ids(count), format=case.format)
            styles[OURS_TLS] = lambda turn: _ours(tls, job, f"round{turn}")
        tallies = {name: Tally([], []) for name in styles}
        for turn in setting.rounds(case.budget_s):
            for name, style in styles.items():
                setting.say(f"{case.name}: {name}, round {turn + 1}")
                origin_s = youtube.cpu_s
                tallies[name].spent.append(style(turn))
                tallies[name].origin_s.append(youtube.cpu_s - origin_s)
    tallies[COLD] = _cold(setting, case, count, folder / "cold")
    return tallies


def _tls_daemon(root: Path, youtube: YouTube) -> Daemon:
    """Return a daemon that gets the certificate from its environment."""
    daemon = Daemon(root, youtube, SSL_CERT_FILE=str(youtube.ca_file))
    del daemon.environment["YTAUDIO_DOWNLOAD_CA_FILE"]
    return daemon


def _styles(
    daemon: Daemon, setting: Setting, case: Case, count: int, folder: Path
) -> dict[str, Callable[[int], Spent]]:
    """Warm everybody up; return how each is run, by name."""
    job = Job(ids=video_ids(count), format=case.format)
    warm_job = Job(ids=["w0000000000"], format=case.format)
    daemon.warm_up("w0000000000", "format=m4a")
    source = next(daemon.root.glob("downloads/*/*/audio/*.m4a"))
    tools = [Peer(name, folder / name, setting.youtube) for name in _peers(case)]
    for tool in tools:
        tool.run(warm_job)
    floors = {
        FLOOR: lambda _: floor.convert_and_prove(
            source, case.format, count, folder / "floor"
        ),
        "floor: a bare copy": lambda _: floor.copy(source, count, folder / "copies"),
    }
    ours = {OURS: lambda turn: _ours(daemon, job, f"round{turn}")}
    theirs = {tool.name: lambda _, tool=tool: tool.run(job) for tool in tools}
    return {**ours, **theirs, **floors}


def _peers(case: Case) -> list[str]:
    return [name for name in peers.names() if name in case.goals]


def _ours(daemon: Daemon, job: Job, session: str) -> Spent:
    """Drop a file: the clock runs until the last job, the CPU until all is quiet."""
    daemon.warm_up("w0000000000", f"format={job.format}")
    cpu_s = daemon.cpu_s()
    lines = [f"{watch_url(each)} format={job.format}" for each in job.ids]
    with processes.spending(daemon.cpu_s) as spent:
        daemon.drop(session, lines)
        daemon.await_events("job.completed", len(lines))
    daemon.settle()
    found = list(daemon.root.glob(f"library/{session}/*.{job.format}"))
    peers.prove(found, len(lines))
    return Spent(wall_s=spent.wall_s, cpu_s=daemon.cpu_s() - cpu_s)


def _cold(setting: Setting, case: Case, count: int, root: Path) -> Tally:
    """Start the daemon on an inbox that is full already: from exec to the last job."""
    tally = Tally([], [])
    for turn in setting.rounds(30):
        daemon = Daemon(root / str(turn), setting.youtube)
        lines = [f"{watch_url(v)} format={case.format}" for v in video_ids(count)]
        daemon.drop("cold", lines)
        origin_s = setting.youtube.cpu_s
        with daemon:
            daemon.await_events("job.completed", count)
            wall_s = time.perf_counter() - daemon.began
            daemon.settle()
            tally.spent.append(Spent(wall_s=wall_s, cpu_s=daemon.cpu_s()))
        tally.origin_s.append(setting.youtube.cpu_s - origin_s)
    return tally


def _findings(case: Case, count: int, tallies: Mapping[str, Tally]) -> list[Finding]:
    ours = tallies[OURS]
    found = [
        goal.judge(
            f"{case.name}: throughput over `{name.removeprefix('floor: ')}`",
            tallies[name].wall_s / ours.wall_s,
        )
        for name, goal in case.goals.items()
        if name in tallies
    ]
    return [*found, *_cpu_findings(case, count, tallies)]


def _cpu_findings(
    case: Case, count: int, tallies: Mapping[str, Tally]
) -> list[Finding]:
    ours_s = tallies[OURS].cpu_s
    overhead_ms = 1000 * (ours_s - tallies[FLOOR].cpu_s) / count
    thriftiest_s = min(tallies[name].cpu_s for name in _peers(case))
    found = [
        goals.CPU_OVER_FLOOR.judge(f"{case.name}: CPU over the floor", overhead_ms),
        goals.CPU_OVER_THRIFTIEST.judge(
            f"{case.name}: CPU over that of the thriftiest peer", ours_s / thriftiest_s
        ),
    ]
    if case.is_copied:
        tls_s = tallies[OURS_TLS].cpu_s
        for name, cpu_s in (
            (case.name, ours_s),
            (f"{case.name}, SSL_CERT_FILE set", tls_s),
        ):
            found.append(goals.TINY_CPU.judge(f"{name}: CPU", 1000 * cpu_s / count))
    return found


def _detail(case: Case, count: int, tallies: Mapping[str, Tally]) -> str:
    ours = tallies[OURS]
    rows = [
        (
            name,
            f"{count / tally.wall_s:.2f}",
            f"{tally.cpu_s / count:.3f}",
            f"{tally.wall_s / ours.wall_s:.2f}",
            f"{tally.cpu_s / ours.cpu_s:.2f}",
            f"{1000 * statistics.median(tally.origin_s) / count:.0f}",
        )
        for name, tally in tallies.items()
    ]
    head = ("", "links/s", "CPU s a link", "wall ÷ ours", "CPU ÷ ours", "origin CPU ms")
    note = f"`-n10` hands over {peers.batch_of(count)} at a time. " * (
        peers.batch_of(count) != 10
    )
    rounds = len(ours.spent)
    return f"**{case.name}**, {count} links, rounds: {rounds}. {note}\n\n{table(head, rows)}"

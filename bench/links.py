"""Links a second and CPU a link, against the tools a user would pick and the floor."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
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
        return statistics.median(self.cpus_s)

    @property
    def cpus_s(self) -> list[float]:
        """Each run's CPU seconds."""
        return [each.cpu_s for each in self.spent]

    def speed_over(self, peer: "Tally") -> list[float]:
        """Return our throughput over the peer's in each round.

        Both runs of a round are minutes apart at most. On a machine whose speed changes,
        the ratio of two medians compares runs of different rounds.
        """
        pairs = zip(peer.spent, self.spent, strict=True)
        return [theirs.wall_s / ours.wall_s for theirs, ours in pairs]

    def cpu_over(self, peer: "Tally") -> list[float]:
        """Return our CPU over the peer's in each round."""
        pairs = zip(self.cpus_s, peer.cpus_s, strict=True)
        return [ours_s / theirs_s for ours_s, theirs_s in pairs]


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
        if case.is_tiny:
            tls = stack.enter_context(_tls_daemon(folder / "tls", youtube))
            job = Job(ids=video_ids(count), format=case.format)
            styles[OURS_TLS] = lambda turn: _ours(tls, job, f"round{turn}")
        tallies = {name: Tally([], []) for name in styles}
        for turn in setting.rounds(case.budget_s):
            for name in in_turn(list(styles), turn):
                setting.say(f"{case.name}: {name}, round {turn + 1}")
                origin_s = youtube.cpu_s
                tallies[name].spent.append(styles[name](turn))
                tallies[name].origin_s.append(youtube.cpu_s - origin_s)
    tallies[COLD] = _cold(setting, case, count, folder / "cold")
    return tallies


def in_turn(names: list[str], turn: int) -> list[str]:
    """Return a round's order: each second round goes backwards (A B C, C B A).

    So a machine that becomes slower or faster favours nobody.
    """
    return names[::-1] if turn % 2 else names


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
        goal.judge_rounds(
            f"{case.name}: throughput over `{name.removeprefix('floor: ')}`",
            ours.speed_over(tallies[name]),
        )
        for name, goal in case.goals.items()
        if name in tallies
    ]
    return [*found, *_cpu_findings(case, count, tallies)]


def _cpu_findings(
    case: Case, count: int, tallies: Mapping[str, Tally]
) -> list[Finding]:
    ours = tallies[OURS]
    thriftiest = min((tallies[name] for name in _peers(case)), key=lambda t: t.cpu_s)
    pairs = zip(ours.cpus_s, tallies[FLOOR].cpus_s, strict=True)
    overheads_ms = [1000 * (ours_s - floor_s) / count for ours_s, floor_s in pairs]
    found = [
        goals.CPU_OVER_FLOOR.judge_rounds(
            f"{case.name}: CPU over the floor", overheads_ms
        ),
        goals.CPU_OVER_THRIFTIEST.judge_rounds(
            f"{case.name}: CPU over that of the thriftiest peer",
            ours.cpu_over(thriftiest),
        ),
    ]
    if case.is_tiny:
        for name, tally in (
            (case.name, ours),
            (f"{case.name}, SSL_CERT_FILE set", tallies[OURS_TLS]),
        ):
            cpus_ms = [1000 * cpu_s / count for cpu_s in tally.cpus_s]
            found.append(goals.TINY_CPU.judge_rounds(f"{name}: CPU", cpus_ms))
    return found


def _detail(case: Case, count: int, tallies: Mapping[str, Tally]) -> str:
    ours = tallies[OURS]
    rows = [
        (
            name,
            f"{count / tally.wall_s:.2f}",
            f"{tally.cpu_s / count:.3f}",
            _range([cpu_s / count for cpu_s in tally.cpus_s]),
            f"{tally.wall_s / ours.wall_s:.2f}",
            f"{tally.cpu_s / ours.cpu_s:.2f}",
            f"{1000 * statistics.median(tally.origin_s) / count:.0f}",
        )
        for name, tally in tallies.items()
    ]
    head = (
        "",
        "links/s",
        "CPU s a link",
        "its rounds",
        "wall ÷ ours",
        "CPU ÷ ours",
        "origin CPU ms",
    )
    note = f"`-n10` hands over {peers.batch_of(count)} at a time. " * (
        peers.batch_of(count) != 10
    )
    rounds = len(ours.spent)
    return (
        f"**{case.name}**, {count} links, rounds: {rounds}. {note}{case.note}\n\n"
        f"{table(head, rows)}"
    )


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}" if len(values) > 1 else "-"

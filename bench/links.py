"""Links a second and CPU a link, against the tools a user would pick and the floor."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import floor, peers, processes
from bench.findings import Finding, Section, Setting, at_least, at_most, table
from bench.peers import Job, Peer
from bench.processes import Spent
from bench.rig import Daemon, video_ids, watch_url

OURS = "ytaudio"
FLOOR = "floor: ffmpeg alone"
#: The goals, as links/s of ours over links/s of theirs.
_TINY = {
    "yt-dlp -a": 4.0,
    "xargs -P2 -n1": 7.0,
    "xargs -P2 -n10": 2.5,
    "task-spooler": 7.0,
}
_CLIPS = {
    "yt-dlp -a": 2.0,
    "xargs -P2 -n1": 2.2,
    "xargs -P2 -n10": 1.4,
    "task-spooler": 2.2,
}
_SONGS = {
    "yt-dlp -a": 1.3,
    "xargs -P2 -n1": 1.25,
    "xargs -P2 -n10": 1.15,
    "task-spooler": 1.25,
    FLOOR: 0.95,
}
#: CPU milliseconds a link that is copied: all of it is ours.
_TINY_CPU_MS = 50
_OVERHEAD_MS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of work.

    Attributes:
        name: In words.
        seconds: Length of each video.
        format: What is made of it.
        full: Links in a run.
        quick: The same, to try it out.
        goals: Least ratios of throughput.
    """

    name: str
    seconds: float
    format: str
    full: int
    quick: int
    goals: Mapping[str, float]


CASES = (
    Case(
        name="3 s clips to m4a (copied)",
        seconds=3,
        format="m4a",
        full=60,
        quick=6,
        goals=_TINY,
    ),
    Case(
        name="30 s clips to mp3 192k",
        seconds=30,
        format="mp3",
        full=24,
        quick=4,
        goals=_CLIPS,
    ),
    Case(
        name="220 s songs to mp3 192k",
        seconds=220,
        format="mp3",
        full=6,
        quick=2,
        goals=_SONGS,
    ),
)


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
    return Section(title="Links a second", findings=findings, detail="\n".join(details))


def _take_turns(setting: Setting, case: Case, count: int) -> dict[str, Tally]:
    youtube = setting.serve_clips(case.seconds)
    folder = setting.folder / f"{case.format}-{case.seconds:g}"
    with Daemon(folder / "ours", youtube) as daemon:
        styles = _styles(daemon, setting, case, count, folder)
        tallies = {name: Tally([], []) for name in styles}
        for turn in range(setting.rounds):
            for name, style in styles.items():
                setting.say(f"{case.name}: {name}, round {turn + 1}")
                origin_s = youtube.cpu_s
                tallies[name].spent.append(style(turn))
                tallies[name].origin_s.append(youtube.cpu_s - origin_s)
    tallies[f"{OURS}, cold start"] = _cold(setting, case, count, folder / "cold")
    return tallies


def _styles(
    daemon: Daemon, setting: Setting, case: Case, count: int, folder: Path
) -> dict[str, Callable[[int], Spent]]:
    """Warm everybody up; return how each is run, by name."""
    job = Job(ids=video_ids(count), format=case.format)
    warm_job = Job(ids=["w0000000000"], format=case.format)
    daemon.warm_up("w0000000000", "format=m4a")
    source = next(daemon.root.glob("downloads/*/*/audio/*.m4a"))
    tools = [Peer(name, folder / name, setting.youtube) for name in peers.names()]
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
    for turn in range(setting.rounds):
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
    overhead_ms = 1000 * (ours.cpu_s - tallies[FLOOR].cpu_s) / count
    found = [
        at_least(
            f"{case.name}: throughput over `{name.removeprefix('floor: ')}`",
            tallies[name].wall_s / ours.wall_s,
            least,
            "times",
        )
        for name, least in case.goals.items()
        if name in tallies
    ]
    least_cpu_s = min(tallies[name].cpu_s for name in peers.names())
    found += [
        at_most(
            f"{case.name}: CPU a link over the floor", overhead_ms, _OVERHEAD_MS, "ms"
        ),
        at_most(
            f"{case.name}: CPU over that of the thriftiest peer",
            ours.cpu_s / least_cpu_s,
            1,
            "times",
        ),
    ]
    if case.goals is _TINY:
        cpu_ms = 1000 * ours.cpu_s / count
        found.append(at_most(f"{case.name}: CPU a link", cpu_ms, _TINY_CPU_MS, "ms"))
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
    return f"**{case.name}**, {count} links. {note}\n\n{table(head, rows)}"

"""A hundred thousand files at once, and one file of a million lines.

Both are measured at growing sizes. A size is left out when the one before says that it
would take too long; the goal's size is then extrapolated from the two largest that were
measured, and the table of sizes shows whether that is fair.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import goals, processes
from bench.findings import Finding, Section, Setting, short, table
from bench.rig import Daemon, eventually, video_ids, watch_url

_FILES = 100_000
_LINES = 1_000_000
#: Seconds that one flood may take until all is written, by the size before.
_BUDGET_S = 120.0
#: One job may start, to show when; the rest would only take the cores.
_ONE_JOB = {"YTAUDIO_PACE_BURST": "1", "YTAUDIO_PACE_PER_HOUR": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What one flood took.

    Attributes:
        count: Files, or lines.
        filed_s: Until all were recorded and filed.
        written_s: Until all receipts were written, too.
        cpu_s: Of all processes, until then.
        lost: What the ledger does not have.
        first_worker_s: Until the first worker started; 0 where nobody looked.
        rss_mib: The daemon's, when all was filed.
    """

    count: int
    filed_s: float
    written_s: float
    cpu_s: float
    lost: int
    first_worker_s: float = 0.0
    rss_mib: float = 0.0


def measure(setting: Setting) -> Section:
    """Drop both at growing sizes and wait until the daemon says that all is taken."""
    setting.serve_clips(3)
    file_counts = (100, 300) if setting.quick else (5_000, 20_000, _FILES)
    line_counts = (1_000, 5_000) if setting.quick else (50_000, 200_000, _LINES)
    budget_s = _BUDGET_S * setting.time_share
    files = _grow(file_counts, budget_s, lambda count: _files(setting, count))
    lines = _grow(line_counts, budget_s, lambda count: _lines(setting, count))
    return Section(
        title="Floods",
        findings=[*_file_findings(files), *_line_findings(lines)],
        detail=f"{_sizes('files', files)}\n{_sizes('lines', lines)}",
    )


def _grow(
    sizes: Sequence[int], budget_s: float, measured: Callable[[int], Flood]
) -> list[Flood]:
    floods: list[Flood] = []
    for size in sizes:
        expected_s = _extrapolate(floods, size, lambda flood: flood.written_s)
        if expected_s <= budget_s:
            floods.append(measured(size))
    return floods


def _extrapolate(
    floods: Sequence[Flood], size: int, figure: Callable[[Flood], float]
) -> float:
    """Return the figure of a size on the line through the two largest floods."""
    if not floods:
        return 0.0
    last = floods[-1]
    if len(floods) == 1:
        return figure(last) * size / last.count
    before = floods[-2]
    each = (figure(last) - figure(before)) / (last.count - before.count)
    return figure(last) + each * (size - last.count)


def _files(setting: Setting, count: int) -> Flood:
    setting.say(f"{count} files at once")
    root = setting.folder / f"files{count}"
    with Daemon(root, setting.youtube, **_ONE_JOB) as daemon:
        daemon.settle()
        hidden = root / "inbox" / ".flood"
        hidden.mkdir()
        for number, video in enumerate(video_ids(count)):
            (hidden / f"{number}.txt").write_text(f"{watch_url(video)}\n")
        cpu_s = daemon.cpu_s()
        began = time.perf_counter()
        hidden.rename(root / "inbox" / "flood")
        daemon.await_events("drop.taken", count)
        filed_s = time.perf_counter() - began
        written_s = daemon.settle() - began
        return Flood(
            count=count,
            filed_s=filed_s,
            written_s=written_s,
            cpu_s=daemon.cpu_s() - cpu_s,
            lost=count - daemon.jobs(),
        )


def _lines(setting: Setting, count: int) -> Flood:
    setting.say(f"a file of {count} lines")
    root = setting.folder / f"lines{count}"
    with Daemon(root, setting.youtube, **_ONE_JOB) as daemon:
        eventually(lambda: daemon.template)
        daemon.settle()
        cpu_s = daemon.cpu_s()
        began = daemon.drop("lines", map(watch_url, video_ids(count)))
        first_s = eventually(daemon.workers) - began
        daemon.await_events("drop.taken", 1)
        filed_s = time.perf_counter() - began
        rss_mib = processes.rss_mib(daemon.pid)
        written_s = daemon.settle() - began
        return Flood(
            count=count,
            filed_s=filed_s,
            written_s=written_s,
            cpu_s=daemon.cpu_s() - cpu_s,
            lost=count - daemon.jobs(),
            first_worker_s=first_s,
            rss_mib=rss_mib,
        )


def _file_findings(floods: Sequence[Flood]) -> list[Finding]:
    last = floods[-1]
    name = f"{_FILES:,} files at once{_origin(floods, _FILES)}"
    filed_s = _extrapolate(floods, _FILES, lambda flood: flood.filed_s)
    written_s = _extrapolate(floods, _FILES, lambda flood: flood.written_s)
    return [
        goals.FILES_FILED.judge(f"{name}: recorded and filed", filed_s),
        goals.FILES_RECEIPTS.judge(f"{name}: with all receipts", written_s),
        goals.LOST.judge(f"{last.count:,} files at once: lost", last.lost),
    ]


def _line_findings(floods: Sequence[Flood]) -> list[Finding]:
    last = floods[-1]
    name = f"A file of {_LINES:,} lines{_origin(floods, _LINES)}"
    measured = f"A file of {last.count:,} lines"
    filed_s = _extrapolate(floods, _LINES, lambda flood: flood.filed_s)
    first_ms = 1000 * last.first_worker_s
    return [
        goals.LINES_FIRST_WORKER.judge(f"{measured}: first worker", first_ms),
        goals.LINES_RECORDED.judge(f"{name}: all recorded and filed", filed_s),
        goals.LOST.judge(f"{measured}: lost", last.lost),
        Finding(
            what=f"{measured}: the daemon's RSS then",
            measured=f"{last.rss_mib:.0f} MiB",
        ),
    ]


def _origin(floods: Sequence[Flood], size: int) -> str:
    """Return what is said behind a size that was not measured itself."""
    counts = " and ".join(f"{flood.count:,}" for flood in floods[-2:])
    return "" if floods[-1].count == size else f" (extrapolated from {counts})"


def _sizes(what: str, floods: Sequence[Flood]) -> str:
    rows = [
        (
            f"{each.count:,}",
            short(each.filed_s),
            short(each.written_s),
            short(1000 * each.filed_s / each.count),
            short(each.cpu_s),
            short(1000 * each.cpu_s / each.count),
        )
        for each in floods
    ]
    head = (what, "filed s", "with receipts s", "filed ms each", "CPU s", "CPU ms each")
    return table(head, rows)

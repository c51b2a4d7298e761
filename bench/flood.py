"""Ten thousand files at once, and one file of a hundred thousand lines."""

import time

from bench import processes
from bench.findings import Finding, Section, Setting, at_most
from bench.rig import Daemon, eventually, video_ids, watch_url

#: One job may start, to show when; the rest would only take the cores.
_ONE_JOB = {"YTAUDIO_PACE_BURST": "1", "YTAUDIO_PACE_PER_HOUR": "1"}


def measure(setting: Setting) -> Section:
    """Drop both and wait until the daemon says that all is taken."""
    setting.serve_clips(3)
    return Section(title="Floods", findings=[*_files(setting), *_lines(setting)])


def _files(setting: Setting) -> list[Finding]:
    count = setting.count(10_000, 300)
    setting.say(f"{count} files at once")
    root = setting.folder / "files"
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
        wall_s = time.perf_counter() - began
        daemon.settle()
        cpu_s = daemon.cpu_s() - cpu_s
        recorded = sum(daemon.status()["counts"].values())
    left = count - recorded
    limit = 2 * count / 10_000
    name = f"{count:,} files at once"
    return [
        at_most(f"{name}: until all are recorded and filed", wall_s, limit, "s"),
        at_most(f"{name}: lost", left, 0, ""),
        Finding(what=f"{name}: CPU, receipts included", measured=f"{cpu_s:.2f} s"),
    ]


def _lines(setting: Setting) -> list[Finding]:
    count = setting.count(100_000, 5_000)
    setting.say(f"a file of {count} lines")
    root = setting.folder / "lines"
    with Daemon(root, setting.youtube, **_ONE_JOB) as daemon:
        eventually(lambda: daemon.template)
        daemon.settle()
        cpu_s = daemon.cpu_s()
        began = daemon.drop("lines", map(watch_url, video_ids(count)))
        first_s = eventually(daemon.workers) - began
        daemon.await_events("drop.taken", 1)
        wall_s = time.perf_counter() - began
        rss = processes.rss_mib(daemon.pid)
        daemon.settle()
        cpu_s = daemon.cpu_s() - cpu_s
        recorded = sum(daemon.status()["counts"].values())
    limit = 15 * count / 1_000_000  # The goal is for a million.
    name = f"A file of {count:,} lines"
    return [
        at_most(f"{name}: until the first worker starts", 1000 * first_s, 100, "ms"),
        at_most(f"{name}: until all are recorded and filed", wall_s, limit, "s"),
        at_most(f"{name}: lost", count - recorded, 0, ""),
        Finding(what=f"{name}: CPU, receipt included", measured=f"{cpu_s:.2f} s"),
        Finding(what=f"{name}: the daemon's RSS then", measured=f"{rss:.0f} MiB"),
    ]

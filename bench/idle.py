"""What the daemon takes when there is nothing to do."""

import statistics

from bench import processes
from bench.findings import Finding, Section, Setting, at_most
from bench.rig import Daemon


def measure(setting: Setting) -> Section:
    """Start it a few times, then watch it do nothing."""
    youtube = setting.serve_clips(3)
    root = setting.folder / "daemon"
    starts = []
    for _ in range(setting.count(5, 2)):
        with Daemon(root, youtube) as daemon:
            starts.append(daemon.ready_s)
    with Daemon(root, youtube) as daemon:
        daemon.warm_up("w0000000000")
        watched = _watch(setting, daemon)
    ready = at_most("Ready (exec → READY=1), median", statistics.median(starts), 1, "s")
    return Section(title="Idle", findings=[ready, *watched])


def _watch(setting: Setting, daemon: Daemon) -> list[Finding]:
    seconds = setting.count(60, 10)
    template = daemon.template
    if template is None:
        raise RuntimeError("the template is gone")
    setting.say(f"idle for {seconds} s")
    cpu_s = daemon.cpu_s()
    woken = processes.wakeups((daemon.pid, template), seconds)
    ours, its = (number / seconds for number in woken)
    cpu_ms = 1000 * (daemon.cpu_s() - cpu_s) / seconds
    return [
        at_most("Idle daemon, PSS", processes.pss_mib(daemon.pid), 50, "MiB"),
        at_most("Idle template, PSS", processes.pss_mib(template), 50, "MiB"),
        at_most(
            "Idle daemon, wakeups",
            ours,
            0.1,
            "a second",
            why="the status file's heartbeat alone is 0.1 a second",
        ),
        at_most("Idle template, wakeups", its, 0.1, "a second"),
        Finding(what="Idle CPU", measured=f"{cpu_ms:.2f} ms a second"),
    ]

"""What the daemon takes when there is nothing to do."""

import statistics

from bench import goals, machine, processes
from bench.findings import Finding, Section, Setting
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
    ready = goals.READY.judge(
        "Ready (exec → READY=1), median", statistics.median(starts)
    )
    detail = "The template leaves after five minutes without a job.\n"
    return Section(title="Idle", findings=[ready, *watched], detail=detail)


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
        goals.IDLE_DAEMON_PSS.judge("Idle daemon, PSS", processes.pss_mib(daemon.pid)),
        goals.IDLE_TEMPLATE_PSS.judge(
            "Template before it leaves, PSS", processes.pss_mib(template)
        ),
        goals.IDLE_WAKEUPS.judge("Idle daemon, wakeups", ours),
        goals.IDLE_WAKEUPS.judge("Idle template, wakeups", its),
        Finding(what="Idle CPU", measured=f"{cpu_ms:.2f} ms a second"),
        Finding(
            what="This machine: CPU of some work after 10 s of rest, over the same at once",
            measured=f"{machine.cost_of_rest(10):.0f} times",
        ),
    ]

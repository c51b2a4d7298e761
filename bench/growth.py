"""Whether anything grows with the jobs done."""

from dataclasses import dataclass

from bench import goals, processes
from bench.findings import Section, Setting, table
from bench.rig import Daemon, video_ids, watch_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Both processes at one moment."""

    jobs: int
    daemon_rss: float
    daemon_pss: float
    template_rss: float
    template_pss: float
    descriptors: int


def measure(setting: Setting) -> Section:
    """Weigh daemon and template after the first jobs and after the last."""
    waves, size = setting.count(8, 2), setting.count(50, 12)
    youtube = setting.serve_clips(3)
    sizes = []
    with Daemon(setting.folder / "daemon", youtube) as daemon:
        for wave in range(waves):
            setting.say(f"growth, {(wave + 1) * size} jobs")
            lines = map(watch_url, video_ids(size, chr(ord("a") + wave)))
            daemon.drop(f"wave{wave}", [f"{line} format=m4a" for line in lines])
            daemon.await_events("job.completed", size)
            daemon.settle()
            sizes.append(_weigh(daemon, (wave + 1) * size))
    first, last = sizes[0], sizes[-1]
    over = f"over {last.jobs - first.jobs} jobs"
    findings = [
        goals.RSS_GROWTH.judge(
            f"Daemon, growth of RSS {over}", last.daemon_rss - first.daemon_rss
        ),
        goals.RSS_GROWTH.judge(
            f"Template, growth of RSS {over}", last.template_rss - first.template_rss
        ),
        goals.DESCRIPTOR_GROWTH.judge(
            f"Daemon and template, descriptors more {over}",
            last.descriptors - first.descriptors,
        ),
    ]
    return Section(title="Growth", findings=findings, detail=_detail(sizes))


def _weigh(daemon: Daemon, jobs: int) -> Size:
    template = daemon.template
    if template is None:
        raise RuntimeError("the template is gone")
    return Size(
        jobs=jobs,
        daemon_rss=processes.rss_mib(daemon.pid),
        daemon_pss=processes.pss_mib(daemon.pid),
        template_rss=processes.rss_mib(template),
        template_pss=processes.pss_mib(template),
        descriptors=processes.descriptors(daemon.pid) + processes.descriptors(template),
    )


def _detail(sizes: list[Size]) -> str:
    head = ("jobs", "daemon RSS / PSS MiB", "template RSS / PSS MiB", "descriptors")
    rows = [
        (
            str(size.jobs),
            f"{size.daemon_rss:.1f} / {size.daemon_pss:.1f}",
            f"{size.template_rss:.1f} / {size.template_pss:.1f}",
            str(size.descriptors),
        )
        for size in sizes
    ]
    return table(head, rows)

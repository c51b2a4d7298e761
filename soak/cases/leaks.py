"""Five thousand jobs, worked off to the last: does anything stay behind?"""

from dataclasses import dataclass

from bench import processes
from bench.findings import AAC
from bench.rig import video_ids
from soak.books import Put, reckon
from soak.findings import Figure, Report
from soak.house import House, entries
from soak.setting import Setting
from tests.youtube import Video

JOBS = 5_000
#: The first wave fills caches and loads what is loaded late.
WAVES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What daemon and template hold between two waves, when nothing runs."""

    descriptors: int
    threads: int
    processes: int
    daemon_mb: float
    template_mb: float
    #: Files of the state folder and for temporary purposes.
    files: int


def soak(setting: Setting) -> Report:
    """Work off wave after wave; compare the first rest with the last."""
    wave = setting.count(JOBS, 12) // setting.count(WAVES, 2)
    waves = setting.count(WAVES, 2)
    setting.youtube.default = Video(duration_s=1.0, formats=AAC)
    house = setting.house(sessions_max_jobs="0", pace_per_hour="0")
    sizes = []
    ids = video_ids(wave * waves)
    with setting.observed(house) as seen:
        for number in range(waves):
            mine = ids[number * wave : (number + 1) * wave]
            text = "".join(f"youtu.be/{video} format=m4a\n" for video in mine)
            house.flood([(f"wave-{number}", "a.txt", text)])
            house.await_jobs((number + 1) * wave, "completed")
            house.await_receipts(number + 1)
            house.settle()
            sizes.append(_weigh(house))
    wrong = list(reckon(setting.root, Put(files=waves, jobs=len(ids))))
    wrong += _left_over(house, len(ids))
    about = f"{len(ids):,} jobs worked off"
    figures = [*_left_open(sizes), *_growth(sizes, setting.limits.growth_mb)]
    return setting.report(about, house, seen, figures=figures, wrong=wrong)


def _weigh(house: House) -> Size:
    daemon, template = house.pid, house.template
    if template is None:
        raise RuntimeError("the template is gone")
    state = [house.root / "state", house.temporary]
    return Size(
        descriptors=sum(map(processes.descriptors, (daemon, template))),
        threads=sum(map(processes.threads, (daemon, template))),
        processes=len(house.others()),
        daemon_mb=processes.pss_mib(daemon),
        template_mb=processes.pss_mib(template),
        files=sum(1 for folder in state for _ in entries(folder)),
    )


def _left_open(sizes: list[Size]) -> list[Figure]:
    """Compare what can be counted after the first wave and after the last."""
    names = {
        "descriptors": "descriptors more",
        "threads": "threads more",
        "processes": "processes more",
        "files": "files more",
    }
    first, last = sizes[0], sizes[-1]
    return [
        Figure(
            name=text,
            value=getattr(last, name) - getattr(first, name),
            unit="",
            limit=0,
            remark=f"of {getattr(last, name)}",
        )
        for name, text in names.items()
    ]


def _growth(sizes: list[Size], growth_mb: float) -> list[Figure]:
    """Compare memory at half-time with the end.

    The first half fills SQLite's page cache (4 MiB) and what views remember of their
    files; a leak would go on in the second.
    """
    half, last = sizes[len(sizes) // 2 - 1], sizes[-1]
    return [
        Figure(
            name=f"{name} grew",
            value=getattr(last, f"{name}_mb") - getattr(half, f"{name}_mb"),
            unit="MB",
            limit=growth_mb,
            remark=" ".join(f"{getattr(each, f'{name}_mb'):.1f}" for each in sizes),
        )
        for name in ("daemon", "template")
    ]


def _left_over(house: House, jobs: int) -> list[str]:
    """Return what lies about that should not, now that the daemon has stopped."""
    downloads = house.root / "downloads"
    strays = [*entries(downloads / ".work"), *entries(downloads / ".trash")]
    strays += entries(house.temporary)
    strays += [e for e in entries(house.root / "status") if e.name.startswith(".")]
    wrong = [f"{each.path} was left" for each in strays]
    work = downloads / ".work"
    if work.exists() and any(work.iterdir()):
        wrong.append(f"{len(list(work.iterdir()))} folders were left in .work")
    songs = sum(1 for entry in entries(downloads) if entry.name.endswith(".m4a"))
    shelved = sum(1 for _ in entries(house.root / "library"))
    if (songs, shelved) != (jobs, jobs):
        wrong.append(f"{jobs} songs, {songs} in downloads, {shelved} in library")
    return wrong

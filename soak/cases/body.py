"""Answers without end: of the media, of the page, of the player, of the picture."""

from bench.findings import AAC
from bench.rig import video_ids, watch_url
from soak.books import Put, reckon
from soak.findings import Figure, Report
from soak.house import entries
from soak.setting import Setting
from tests.youtube import Fault, Video
from tests.youtube.faults import Kind

#: What never ends, by the first letter of its videos.
ENDLESS: dict[Kind, int] = {"media": 6, "watch": 3, "player": 3, "thumbnail": 3}
#: `[download] max_size` and `workers`.
SIZE_MB, WORKERS = 64, 3
#: A worker may have written so much more when it is stopped, and writes a picture too.
SLACK_MB = 10


def soak(setting: Setting) -> Report:
    """Drop links to them all, and wait until each has failed or been done without it."""
    size_mb = setting.count(SIZE_MB, 4)
    bodies = _serve(setting)
    house = setting.house(
        sessions_max_jobs="0",
        pace_per_hour="0",
        download_max_size=f"{size_mb}MiB",
        download_workers=str(WORKERS),
        download_stall_timeout="20s",
        retry_attempts="1",
    )
    work = setting.root / "downloads" / ".work"
    gauges = {
        "work": lambda: sum(each.stat().st_size for each in entries(work)) / 2**20
    }
    with setting.observed(house, gauges) as seen:
        text = "".join(f"{watch_url(video)} format=m4a\n" for video in bodies)
        house.flood([("bodies", "a.txt", text)])
        house.await_jobs(len(bodies), "failed", "completed")
        house.await_receipts(1)
    wrong = list(reckon(setting.root, Put(files=1, jobs=len(bodies))))
    wrong += [f"{each.path} was left" for each in entries(work)]
    disk = Figure(
        name="unfinished on disk",
        value=seen.peaks["work"],
        unit="MB",
        limit=WORKERS * (size_mb + SLACK_MB),
    )
    about = f"{len(bodies)} endless bodies, max_size {size_mb} MiB"
    return setting.report(about, house, seen, figures=[disk], wrong=wrong)


def _serve(setting: Setting) -> list[str]:
    """Let the stand-in have a video for each; return their IDs."""
    kinds = [
        kind
        for kind, number in ENDLESS.items()
        for _ in range(setting.count(number, 1))
    ]
    ids = video_ids(len(kinds))
    setting.youtube.add(
        *(
            Video(id=video, formats=AAC, faults=(Fault.never_ends(kind=kind),))
            for video, kind in zip(ids, kinds, strict=True)
        )
    )
    return ids

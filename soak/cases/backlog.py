"""Fifty thousand queued jobs, some worked off meanwhile, most of one session cancelled."""

from collections.abc import Iterator

from bench.findings import AAC
from bench.rig import video_ids
from soak.books import Put, reckon
from soak.findings import Figure, Report
from soak.house import House
from soak.setting import Setting
from tests.youtube import Video

#: Of the session that is cancelled, and of each of the others.
LARGE, SMALL, OTHERS = 28_000, 2_000, 11
#: Completed before and after the cancellation.
WORKED_OFF = 60
#: Steps of the loop that may find the ledger busy meanwhile.
PUT_OFF = 3


def soak(setting: Setting) -> Report:
    """Queue them, see them worked off, cancel the large session, see the rest go on."""
    large = setting.count(LARGE, 400)
    small = setting.count(SMALL, 20)
    put = Put(files=1 + OTHERS, jobs=large + OTHERS * small)
    worked_off = setting.count(WORKED_OFF, 3)
    setting.youtube.default = Video(duration_s=1.0, formats=AAC, thumbnail=None)
    house = setting.house(sessions_max_jobs="0", pace_per_hour="0")
    house.may_be_put_off = PUT_OFF
    with setting.observed(house) as seen:
        house.flood(_drops(large, small))
        house.await_jobs(put.jobs)
        house.await_jobs(worked_off, "completed")
        cancelled = house.command("cancel", "--session", "large")
        wrong = [] if cancelled.code == 0 else [f"cancel: {cancelled.said}"]
        before = house.counts()["completed"]
        house.await_jobs(before + worked_off, "completed")
        house.await_receipts(put.files)
        house.until(lambda: _is_told(house, large))
    wrong += reckon(setting.root, put)
    about = f"{put.jobs:,} queued jobs, {large:,} of one session cancelled"
    cancel = Figure(
        name="cancel",
        value=cancelled.own_s,
        unit="s",
        limit=setting.limits.cancel_s,
        remark=f"{cancelled.wall_s:.2f} s with waits, CPU {cancelled.cpu_s:.2f} s",
    )
    ready = setting.ready()
    return setting.report(about, house, seen, figures=[cancel, ready], wrong=wrong)


def _drops(large: int, small: int) -> Iterator[tuple[str, str, str]]:
    links = (f"youtu.be/{v} format=m4a\n" for v in video_ids(large + OTHERS * small))
    yield "large", "a.txt", "".join(next(links) for _ in range(large))
    for number in range(OTHERS):
        text = "".join(next(links) for _ in range(small))
        yield f"small-{number}", "a.txt", text


def _is_told(house: House, large: int) -> bool:
    """Whether the session's document says that all of its jobs have ended."""
    document = house.session("large")
    counts = document["session"]["counts"]
    return bool(counts["cancelled"] + counts["completed"] == large)

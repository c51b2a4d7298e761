"""One file of a million lines, with `max_jobs = 0`."""

from collections.abc import Iterator

from bench.rig import video_ids, watch_url
from soak.books import Put, reckon
from soak.cases.files import SLOW_PACE
from soak.findings import Report
from soak.setting import Setting

LINES = 1_000_000
#: Of each hundred lines so many have a title of their own, repeat a link, are nonsense.
#: Together 58 MB; a drop may have 64 MiB.
TITLED, REPEATED, NONSENSE = 20, 3, 2
REST = 100 - TITLED - REPEATED - NONSENSE


def soak(setting: Setting) -> Report:
    """Drop it, wait until all its lines are recorded and its receipt is written."""
    hundreds = setting.count(LINES, 3_000) // 100
    put = Put(
        files=1,
        jobs=hundreds * (REST + TITLED),
        duplicates=hundreds * REPEATED,
        rejected=hundreds * NONSENSE,
    )
    house = setting.house(sessions_max_jobs="0", **SLOW_PACE)
    with setting.observed(house) as seen:
        house.flood([("lines", "million.txt", "".join(_lines(hundreds)))])
        house.await_jobs(put.jobs)
        house.await_receipts(1)
    wrong = list(reckon(setting.root, put))
    about = f"a file of {100 * hundreds:,} lines"
    ready = setting.ready()
    return setting.report(about, house, seen, figures=[ready], wrong=wrong)


def _lines(hundreds: int) -> Iterator[str]:
    fresh = iter(video_ids(hundreds * (REST + TITLED)))
    for _ in range(hundreds):
        mine = [next(fresh) for _ in range(REST + TITLED)]
        yield from (f"{watch_url(video)}&si={video:a<16}\n" for video in mine[:REST])
        yield from (f"youtu.be/{v} tag.title={v}\n" for v in mine[REST:])
        yield from (f"youtu.be/{video}\n" for video in mine[:REPEATED])
        yield from ["no link at all\n"] * NONSENSE

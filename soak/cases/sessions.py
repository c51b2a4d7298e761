"""Ten thousand session folders, each with a few links."""

from collections.abc import Iterator

from bench.rig import video_ids, watch_url
from soak.books import Put, reckon
from soak.cases.files import SLOW_PACE
from soak.findings import Report
from soak.setting import Setting

SESSIONS = 10_000
LINKS = 3


def soak(setting: Setting) -> Report:
    """Make them all, wait for the documents of each, start once more."""
    sessions = setting.count(SESSIONS, 60)
    put = Put(files=sessions, jobs=sessions * LINKS)
    house = setting.house(**SLOW_PACE)
    documents = setting.root / "status" / "sessions"
    with setting.observed(house) as seen:
        house.flood(_drops(sessions))
        house.await_jobs(put.jobs)
        house.await_receipts(sessions)
        house.until(lambda: len(list(documents.glob("session-*.json"))) == sessions)
    wrong = list(reckon(setting.root, put))
    about = f"{sessions:,} session folders with {LINKS} links each"
    ready = setting.ready()
    return setting.report(about, house, seen, figures=[ready], wrong=wrong)


def _drops(sessions: int) -> Iterator[tuple[str, str, str]]:
    links = map(watch_url, video_ids(sessions * LINKS))
    for number in range(sessions):
        text = "".join(f"{next(links)}\n" for _ in range(LINKS))
        yield f"session-{number}", "songs.txt", text

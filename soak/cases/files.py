"""A hundred thousand drop files at once: for a hundred sessions, straight in the inbox."""

from collections.abc import Iterator

from bench.rig import video_ids, watch_url
from soak.books import Put, reckon
from soak.findings import Report
from soak.setting import Setting

FILES = 100_000
SESSIONS = 100
#: Every tenth lies in no folder.
STRAIGHT = ""
#: A few jobs run beside it; all would only take the processors.
SLOW_PACE = {"pace_burst": "3", "pace_per_hour": "60"}


def soak(setting: Setting) -> Report:
    """Drop them, wait until all are recorded, filed and receipted, start once more."""
    files = setting.count(FILES, 300)
    sessions = setting.count(SESSIONS, 3)
    house = setting.house(**SLOW_PACE)
    with setting.observed(house) as seen:
        house.flood(_drops(files, sessions))
        house.await_jobs(files)
        house.await_receipts(files)
    wrong = list(reckon(setting.root, Put(files=files, jobs=files)))
    about = f"{files:,} files at once in {sessions} sessions and straight in the inbox"
    ready = setting.ready()
    return setting.report(about, house, seen, figures=[ready], wrong=wrong)


def _drops(files: int, sessions: int) -> Iterator[tuple[str, str, str]]:
    for number, video in enumerate(video_ids(files)):
        session = f"session-{number % sessions}" if number % 10 else STRAIGHT
        yield session, f"{number}.txt", f"{watch_url(video)}\n"

"""A list of thousands: the first job, the whole of it, and what others take to read it."""

import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import goals, peers, processes
from bench.findings import Finding, Section, Setting, table
from bench.peers import Job, Peer
from bench.processes import Spent
from bench.rig import Daemon, eventually, video_ids
from tests.youtube import Playlist, YouTube

LONG = "PLbenchlongbenchlongbench"
SHORT = "PLbenchshortbenchshortben"
_FLAT = "yt-dlp --flat-playlist"


def measure(setting: Setting) -> Section:
    """Read a long list, then download a short one; each against yt-dlp."""
    read, read_detail = _reading(setting)
    fetched, fetched_detail = _fetching(setting)
    return Section(
        title="Lists",
        findings=[*read, *fetched],
        detail=f"{read_detail}\n{fetched_detail}",
    )


def playlist_url(list_id: str) -> str:
    """Return the link a user would drop."""
    return f"https://www.youtube.com/playlist?list={list_id}"


def _reading(setting: Setting) -> tuple[list[Finding], str]:
    """Have a list recorded; no job may start, so that nothing else is measured."""
    count = setting.count(5000, 500)
    youtube = setting.serve_clips(3)
    youtube.add_lists(Playlist(id=LONG, videos=tuple(video_ids(count, "L"))))
    folder = setting.folder / "reading"
    flat = Peer(_FLAT, folder / "flat", youtube)
    # A single token: it is the listing's.
    pace = {"YTAUDIO_PACE_BURST": "1", "YTAUDIO_PACE_PER_HOUR": "1"}
    runs, theirs = [], []
    for turn in setting.rounds():
        setting.say(f"a list of {count}, round {turn + 1}")
        with Daemon(folder / str(turn), youtube, **pace) as daemon:
            runs.append(_read_once(daemon, youtube, count))
        theirs.append(flat.list_only(playlist_url(LONG), count))
    return _reading_report(f"A list of {count:,}", runs, theirs)


def _reading_report(
    what: str, runs: list["_Run"], theirs: list[Spent]
) -> tuple[list[Finding], str]:
    first_ms = statistics.median(run.first_ms for run in runs)
    beyond_s = statistics.median(run.spent.wall_s - run.origin_s for run in runs)
    ours, flat = _median([run.spent for run in runs]), _median(theirs)
    findings = [
        goals.LIST_FIRST_JOB.judge(
            f"{what}: page one has come → first job claimable", first_ms
        ),
        goals.LIST_RECORDED.judge(
            f"{what}: recorded, beyond the origin's CPU time", beyond_s
        ),
        goals.LIST_PSS.judge(
            f"{what}: daemon, PSS at most", max(run.pss_mib for run in runs)
        ),
        goals.LIST_SPEED.judge(
            f"{what}: entries a second over `{_FLAT}`", flat.wall_s / ours.wall_s
        ),
        goals.LIST_CPU.judge(f"{what}: CPU over `{_FLAT}`", ours.cpu_s / flat.cpu_s),
    ]
    rows = [
        (name, f"{spent.wall_s:.2f}", f"{spent.cpu_s:.2f}")
        for name, spent in (("ytaudio", ours), (_FLAT, flat))
    ]
    head = ("", "wall s", "CPU s")
    return findings, f"**{what} read**, rounds: {len(runs)}\n\n{table(head, rows)}"


def _median(spent: list[Spent]) -> Spent:
    return Spent(
        wall_s=statistics.median(each.wall_s for each in spent),
        cpu_s=statistics.median(each.cpu_s for each in spent),
    )


class _Run:
    """What one listing took.

    Attributes:
        spent: From the drop until the list is recorded.
        first_ms: From the last byte of page one's answer until a job can be claimed.
        origin_s: CPU seconds of the origin meanwhile.
        pss_mib: The most memory the daemon had.
    """

    def __init__(self) -> None:
        self.spent = Spent()
        self.first_ms = 0.0
        self.origin_s = 0.0
        self.pss_mib = 0.0


def _read_once(daemon: Daemon, youtube: YouTube, count: int) -> _Run:
    run = _Run()
    ledger = daemon.root / "state" / "ledger.sqlite3"
    daemon.settle()
    seen = len(youtube.requests())
    origin_s = youtube.cpu_s
    watcher = _Watcher(daemon.pid)
    with processes.spending(daemon.cpu_s) as run.spent:
        daemon.drop("lists", [f"{playlist_url(LONG)} max_items={count}"])
        eventually(lambda: _counts(ledger, "jobs") > 0, 0.001)
        first = time.time()
        daemon.await_events("collection.listed", 1)
    run.pss_mib = watcher.stop()
    run.origin_s = youtube.cpu_s - origin_s
    pages = [each for each in youtube.requests()[seen:] if each.kind == "list"]
    run.first_ms = 1000 * (first - pages[0].answered_at)
    if _counts(ledger, "entries") != count:
        raise RuntimeError("the list was not recorded whole")
    return run


class _Watcher(threading.Thread):
    """Watches how much memory a process has, ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._most = 0.0
        self._is_over = threading.Event()
        self.start()

    def run(self) -> None:
        """Watch until `stop`."""
        while not self._is_over.wait(0.1):
            self._most = max(self._most, processes.pss_mib(self._pid))

    def stop(self) -> float:
        """Return the most MiB that were seen."""
        self._is_over.set()
        self.join()
        return max(self._most, processes.pss_mib(self._pid))


def _counts(ledger: Path, name: str) -> int:
    db = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)
    try:
        ((count,),) = db.execute(f"SELECT count(*) FROM {name}")
    finally:
        db.close()
    return int(count)


def _fetching(setting: Setting) -> tuple[list[Finding], str]:
    """Download a playlist of clips: one line of ours against one command of yt-dlp's."""
    ids = video_ids(setting.count(40, 6), "S")
    youtube = setting.serve_clips(3)
    youtube.add_lists(Playlist(id=SHORT, videos=tuple(ids)))
    folder = setting.folder / "fetching"
    job = Job(ids=ids, format="m4a", url=playlist_url(SHORT))
    theirs = Peer("yt-dlp -a", folder / "theirs", youtube)
    styles: dict[str, Callable[[str], Spent]]
    with Daemon(folder / "ours", youtube) as daemon:
        daemon.warm_up("w0000000000", "format=m4a")
        theirs.run(job)
        styles = {
            "ytaudio": lambda name: _fetch_once(daemon, job, name),
            "yt-dlp PLAYLIST": lambda _: theirs.run(job),
        }
        spent: dict[str, list[Spent]] = {name: [] for name in styles}
        for turn in setting.rounds():
            for name, style in styles.items():
                setting.say(f"a playlist of {len(ids)}: {name}, round {turn + 1}")
                spent[name].append(style(f"round{turn}"))
    return _fetching_report(
        f"A playlist of {len(ids)} clips to m4a",
        len(ids),
        {name: _median(runs) for name, runs in spent.items()},
    )


def _fetching_report(
    what: str, count: int, medians: dict[str, Spent]
) -> tuple[list[Finding], str]:
    (_, ours), (other, theirs) = medians.items()
    findings = [
        goals.PLAYLIST_SPEED.judge(
            f"{what}: links/s over `{other}`", theirs.wall_s / ours.wall_s
        ),
        goals.PLAYLIST_CPU.judge(
            f"{what}: CPU over `{other}`", ours.cpu_s / theirs.cpu_s
        ),
    ]
    rows = [
        (name, f"{count / each.wall_s:.2f}", f"{each.cpu_s / count:.3f}")
        for name, each in medians.items()
    ]
    return findings, f"**{what}**\n\n{table(('', 'links/s', 'CPU s a link'), rows)}"


def _fetch_once(daemon: Daemon, job: Job, session: str) -> Spent:
    cpu_s = daemon.cpu_s()
    with processes.spending(daemon.cpu_s) as spent:
        daemon.drop(session, [f"{job.url} format={job.format}"])
        daemon.await_events("job.completed", len(job.ids))
    daemon.settle()
    peers.prove(
        list(daemon.root.glob(f"library/{session}/**/*.{job.format}")), len(job.ids)
    )
    return Spent(wall_s=spent.wall_s, cpu_s=daemon.cpu_s() - cpu_s)

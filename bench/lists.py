"""A list of thousands: the first job, the whole of it, and what others take to read it."""

import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import peers, processes
from bench.findings import Finding, Section, Setting, at_least, at_most, table
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
    # A single token: it is the listing's.
    pace = {"YTAUDIO_PACE_BURST": "1", "YTAUDIO_PACE_PER_HOUR": "1"}
    runs = []
    for turn in range(setting.rounds):
        setting.say(f"a list of {count}, round {turn + 1}")
        with Daemon(folder / str(turn), youtube, **pace) as daemon:
            runs.append(_read_once(daemon, youtube, count))
    flat = Peer(_FLAT, folder / "flat", youtube)
    theirs = [flat.list_only(playlist_url(LONG), count) for _ in range(setting.rounds)]
    first = statistics.median(run.first_ms for run in runs)
    rest = statistics.median(run.spent.wall_s - run.origin_s for run in runs)
    ours_s = statistics.median(run.spent.wall_s for run in runs)
    ours_cpu_s = statistics.median(run.spent.cpu_s for run in runs)
    flat_s = statistics.median(spent.wall_s for spent in theirs)
    flat_cpu_s = statistics.median(spent.cpu_s for spent in theirs)
    what = f"A list of {count:,}"
    findings = [
        at_most(f"{what}: page one → first job claimable", first, 100, "ms"),
        at_most(f"{what}: recorded, beyond the origin's CPU time", rest, 5, "s"),
        at_most(
            f"{what}: daemon, PSS at most", max(run.pss_mib for run in runs), 120, "MiB"
        ),
        at_least(
            f"{what}: entries a second over `{_FLAT}`", flat_s / ours_s, 1, "times"
        ),
        at_most(
            f"{what}: CPU over that of `{_FLAT}`", ours_cpu_s / flat_cpu_s, 1, "times"
        ),
    ]
    rows = [
        ("ytaudio", f"{ours_s:.2f}", f"{ours_cpu_s:.2f}"),
        (_FLAT, f"{flat_s:.2f}", f"{flat_cpu_s:.2f}"),
    ]
    head = ("", "wall s", "CPU s")
    return findings, f"**{what} read**\n\n{table(head, rows)}"


class _Run:
    """What one listing took.

    Attributes:
        spent: From the drop until the list is recorded.
        first_ms: From the answer of page one until a job can be claimed.
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
    run.first_ms = 1000 * (first - pages[0].time)
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
        for turn in range(setting.rounds):
            for name, style in styles.items():
                setting.say(f"a playlist of {len(ids)}: {name}, round {turn + 1}")
                spent[name].append(style(f"round{turn}"))
    walls = {
        name: statistics.median(each.wall_s for each in runs)
        for name, runs in spent.items()
    }
    cpus = {
        name: statistics.median(each.cpu_s for each in runs)
        for name, runs in spent.items()
    }
    ours, others = styles
    what = f"A playlist of {len(ids)} clips to m4a"
    findings = [
        at_least(
            f"{what}: links/s over `{others}`", walls[others] / walls[ours], 1, "times"
        ),
        at_most(
            f"{what}: CPU over that of `{others}`",
            cpus[ours] / cpus[others],
            1,
            "times",
        ),
    ]
    rows = [
        (name, f"{len(ids) / walls[name]:.2f}", f"{cpus[name] / len(ids):.3f}")
        for name in styles
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

"""Two hundred and fifty links at once, and five blows on the way. Takes minutes."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mutagen
import pytest

from tests.acceptance.rig import House, ids, kill_all, running
from tests.youtube import Video, YouTube
from ytaudio_daemon.fetch.tools import find_tools

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

#: 200 links in 20 sessions and 50 in one, five times what its quota lets in at once.
DROPS = {f"friend-{n:02}": 10 for n in range(20)} | {"flood": 50}
#: Finished jobs at which the daemon is killed.
BLOWS = (15, 60, 110, 160, 220)
FORMATS = ("mp3", "m4a", "opus")


def decoded_seconds(path: Path) -> float:
    """Return how much audio ffmpeg finds in a file, decoding all of it."""
    ffmpeg = find_tools().ffmpeg
    assert ffmpeg is not None
    done = subprocess.run(
        [ffmpeg.path, "-v", "error", "-stats", "-i", path, "-vn", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    [*_, (hours, minutes, seconds)] = re.findall(
        r"time=(\d+):(\d+):([\d.]+)", done.stderr
    )
    complaints = [x for x in done.stderr.splitlines() if x and "time=" not in x]
    assert complaints == []
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def title_of(path: Path) -> str:
    """Return what mutagen reads as the title."""
    return str(mutagen.File(path, easy=True)["title"][0])


def test_everything_is_completed_exactly_once(
    site: YouTube,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    videos = iter(
        Video(id=video, title=f"Song {n} “{video}”: 日本", duration_s=2 + n % 3)
        for n, video in enumerate(ids("L", sum(DROPS.values())))
    )
    wanted: dict[str, list[Video]] = {
        session: [next(videos) for _ in range(count)]
        for session, count in DROPS.items()
    }
    for songs in wanted.values():
        site.add(*songs)
    made = House(tmp_path, site, status_interval="500ms")
    began = time.monotonic()
    with running(made) as house:
        drop_all(house, wanted)
        blows = [strike(house, count) for count in BLOWS]
        done = house.cli("wait", "--timeout", "10m")
        took = time.monotonic() - began
        assert done.returncode == 0, done.stdout + done.stderr
        for session, songs in wanted.items():
            house.wait_done(session, len(songs))
            check_session(house, session, songs)
        counts = house.wait(lambda: all_done(house) and house.daemon["counts"])
        assert counts == {**dict.fromkeys(counts, 0), "completed": 250}
        assert not list((house.downloads / ".work").iterdir())
        check_fetches(site, blows)
        tries = house.query("SELECT count(*) FROM attempts")[0][0]
        record_testsuite_property("two_hundred", f"{tries} attempts, {took:.1f} s")
        assert house.stop() == 0
        assert house.workers() == []


def drop_all(house: House, wanted: dict[str, list[Video]]) -> None:
    for session, songs in wanted.items():
        lines = (
            f"https://youtu.be/{song.id} format={FORMATS[n % 3]} tag.genre={session}\n"
            for n, song in enumerate(songs)
        )
        house.drop(session, "".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """A kill: when, and the videos whose fetch was finished and sealed by then."""

    time: float
    fetched: frozenset[str]


def strike(house: House, count: int) -> Blow:
    """Kill the daemon when so many jobs are completed, and start it again."""
    house.wait(lambda: completed(house) >= count, 300)
    house.kill()
    kill_all(house.workers())
    now = time.time()
    sealed = house.downloads.glob(".work/*/*/source/source.json")
    jobs = [path.parents[2].name for path in sealed]
    marks = ",".join("?" * len(jobs))
    sql = f"SELECT video_id FROM jobs WHERE state = 'completed' OR uuid IN ({marks})"
    fetched = frozenset(row[0] for row in house.query(sql, *jobs))
    house.start()
    return Blow(time=now, fetched=fetched)


def completed(house: House) -> int:
    sql = "SELECT count(*) FROM jobs WHERE state = 'completed'"
    return int(house.query(sql)[0][0])


def all_done(house: House) -> bool:
    counts = house.daemon["counts"]
    return bool(counts["completed"] == sum(counts.values()) == sum(DROPS.values()))


def check_session(house: House, session: str, songs: list[Video]) -> None:
    """See that audio, receipt, status and library all say the same, and it is true."""
    jobs = house.jobs(session)
    receipt = house.wait_receipt(session, completed=len(songs), unfinished=0)
    by_job = {line["job"]: line for line in receipt["lines"]}
    shelf = {path.name: path for path in (house.library / session).iterdir()}
    assert len(shelf) == len(songs)
    for song in songs:
        job = jobs[song.id]
        path = Path(job["output_path"])
        assert job["state"] == by_job[job["id"]]["state"] == "completed"
        assert by_job[job["id"]]["output_path"] == str(path)
        assert path.stat().st_size == job["file_size_bytes"]
        assert title_of(path) == song.title
        assert abs(decoded_seconds(path) - song.duration_s) < 0.2
        assert shelf[path.name].read_bytes() == path.read_bytes()
    assert (house.inbox / session / "processed" / "songs.txt").exists()
    failed = house.inbox / session / "processed" / "songs.txt.failed.txt"
    assert not failed.exists()


def check_fetches(site: YouTube, blows: list[Blow]) -> None:
    """See that nothing was fetched again that was finished when the daemon died.

    What the site had sent in full, but the worker not yet sealed, may come twice.
    """
    media = site.requests(kind="media")
    for blow in blows:
        again = {r.video_id for r in media if r.time > blow.time} & blow.fetched
        assert again == set()
    finished = Counter(request.video_id for request in media if request.is_fetch)
    assert len(finished) == sum(DROPS.values())
    for video in [video for video, count in finished.items() if count > 1]:
        first = min(r.time for r in media if r.video_id == video and r.is_fetch)
        assert any(0 <= blow.time - first < 1 for blow in blows)

"""Songs from an origin that gives each connection 600 KB a second."""

import statistics
import time

from bench import floor, goals
from bench.findings import Section, Setting, table
from bench.rig import Daemon, video_ids, watch_url
from tests.youtube import Fault

RATE = 600_000
_SONG_S = 220.0
_AT_ONCE = 3  # [download] workers, as shipped
_CORES = 2


def measure(setting: Setting) -> Section:
    """Compare the whole with what network and conversion take at the least."""
    count = setting.count(6, 3)
    youtube = setting.serve_clips(_SONG_S)
    with Daemon(setting.folder / "daemon", youtube) as daemon:
        daemon.warm_up("w0000000000", "format=m4a")
        source = next(daemon.root.glob("downloads/*/*/audio/*.m4a"))
        least = floor.convert_and_prove(source, "mp3", 2, setting.folder / "floor")
        youtube.fault(None, Fault.throttles(RATE))
        walls = []
        for turn in setting.rounds(60):
            setting.say(f"slow origin, round {turn + 1}")
            began = daemon.drop(f"slow{turn}", map(watch_url, video_ids(count)))
            daemon.await_events("job.completed", count)
            walls.append(time.perf_counter() - began)
    youtube.lift(None)
    first_s = source.stat().st_size / RATE
    network_s = first_s * -(-count // _AT_ONCE)
    convert_s = least.cpu_s / 2 * count / _CORES
    ideal_s = max(network_s, convert_s) + first_s
    finding = goals.SLOW_ORIGIN.judge(
        f"{count} songs to mp3 at 600 KB/s a connection: total over the ideal",
        statistics.median(walls) / ideal_s,
    )
    head = ("total s", "network s", "conversion CPU ÷ cores s", "first download s")
    figures = (statistics.median(walls), network_s, convert_s, first_s)
    row = tuple(f"{each:.1f}" for each in figures)
    return Section(title="Slow origin", findings=[finding], detail=table(head, [row]))

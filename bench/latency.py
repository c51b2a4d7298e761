"""From a drop to a worker, and from a cancellation to no process left."""

import contextlib
import io
import statistics
import time

from bench import goals
from bench.findings import AAC, Finding, Section, Setting, percentile_95, spread
from bench.rig import Daemon, eventually, watch_url
from tests.youtube import Fault, Video
from ytaudio_daemon.cli import main as ytaudio


def measure(setting: Setting) -> Section:
    """Measure both from outside: by the processes that exist."""
    youtube = setting.serve_clips(3)
    with Daemon(setting.folder / "daemon", youtube) as daemon:
        daemon.warm_up("w0000000000")
        started = _drops(setting, daemon)
        cancelled = _cancels(setting, daemon)
    detail = (
        "Milliseconds as p50 / p95 / max. A drop counts from its rename (no settling "
        "time, warm template) until the template has a child; a cancellation from the "
        "call of the command's function in this process (Python's own start is not "
        "in it) until template has no child and no ffmpeg is left. The daemon rests "
        "before each: what work costs after a rest on this machine stands in Idle.\n"
    )
    return Section(title="Latency", findings=[*started, *cancelled], detail=detail)


def _drops(setting: Setting, daemon: Daemon) -> list[Finding]:
    waits, requests = [], []
    for number in range(setting.count(40, 15)):
        video = f"d{number:010d}"
        moment = time.time()
        began = daemon.drop("latency", [watch_url(video)], f"{number}.txt")
        waits.append(1000 * (eventually(daemon.workers, 0.0002) - began))
        seen = setting.youtube.wait_for(video)[0].time
        requests.append(1000 * (seen - moment))
        daemon.await_events("job.completed", 1)
        eventually(lambda: not daemon.workers())
        time.sleep(0.1)  # What the daemon still writes belongs to the last drop.
    setting.say(f"drop to worker {spread(waits)} ms")
    p50 = goals.DROP_P50.judge("Drop → worker, p50", statistics.median(waits))
    p95 = goals.DROP_P95.judge("Drop → worker, p95", percentile_95(waits))
    whole = Finding(what="Drop → worker", measured=f"{spread(waits)} ms")
    asked = Finding(what="Drop → first request seen", measured=f"{spread(requests)} ms")
    return [p50, p95, whole, asked]


def _cancels(setting: Setting, daemon: Daemon) -> list[Finding]:
    """Cancel downloads that stand still, and encodes of an hour."""
    youtube = setting.youtube
    stalled = [f"s{number:010d}" for number in range(setting.count(10, 2))]
    hours = [f"h{number:010d}" for number in range(setting.count(5, 1))]
    for video in stalled:
        stall = Fault.stalls()
        youtube.add(Video(id=video, duration_s=30, formats=AAC, faults=(stall,)))
    for video in hours:
        youtube.add(Video(id=video, duration_s=3600, formats=AAC))
    downloads = [_cancel(daemon, video, busy=1) for video in stalled]
    encodes = [_cancel(daemon, video, busy=2) for video in hours]
    setting.say(f"cancel {spread(downloads)} and {spread(encodes)} ms")
    return [
        goals.CANCEL.judge("Cancel a download → no process, max", max(downloads)),
        goals.CANCEL.judge("Cancel an encode → no process, max", max(encodes)),
    ]


def _cancel(daemon: Daemon, video: str, *, busy: int) -> float:
    """Return the milliseconds until none of the attempt's processes is left.

    Args:
        daemon: Idle.
        video: What is dropped first.
        busy: Processes there are when the moment has come: 2 with an ffmpeg.
    """
    daemon.drop(video, [watch_url(video)])
    if busy == 1:
        eventually(lambda: _has_bytes(daemon))
    eventually(lambda: len(daemon.workers()) >= busy)
    time.sleep(0.2)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        code = ytaudio(["--root", str(daemon.root), "cancel", "--session", video])
    if code != 0:
        raise RuntimeError(f"cancelling failed with {code}")
    gone = eventually(lambda: not daemon.workers(), 0.0002)
    daemon.await_events("job.cancelled", 1)
    return 1000 * (gone - began)


def _has_bytes(daemon: Daemon) -> bool:
    """Whether a download has begun: its file is there."""
    return any(daemon.root.glob("downloads/.work/*/*/source/media.*"))

"""Runs attempts in worker processes forked from a warm template.

    pool.start(request)          → the template forks a worker
    for event in pool.poll(now)  ← Started, Progressed…, Ended; Listed… of a listing

`Pool` is the daemon's side, `template` the process that forks, `worker` what runs in
each fork. `docs/architecture.md` draws the three.
"""

from ytaudio_daemon.pool.events import (
    Ended,
    Event,
    Listed,
    Progressed,
    Started,
    TemplateFacts,
    Usage,
)
from ytaudio_daemon.pool.pool import Pool
from ytaudio_daemon.system.orphans import kill_orphans

__all__ = [
    "Ended",
    "Event",
    "Listed",
    "Pool",
    "Progressed",
    "Started",
    "TemplateFacts",
    "Usage",
    "kill_orphans",
]

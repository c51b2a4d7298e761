"""The machine and the versions, without names of hosts or people."""

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from importlib import metadata
from pathlib import Path

import imageio_ffmpeg


def describe() -> list[tuple[str, str]]:
    """Return what a reader needs to judge the figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("Processor", f"{len(os.sched_getaffinity(0))} cores, {_processor()}"),
        ("Memory", f"{memory:.0f} GiB"),
        ("Kernel", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        ("yt-dlp", metadata.version("yt-dlp")),
        ("ffmpeg", f"{_ffmpeg()} (of imageio-ffmpeg, used by all)"),
        ("task-spooler", "present" if shutil.which("tsp") else "not on PATH"),
        ("Load before", f"{os.getloadavg()[0]:.1f}"),
    ]


def cost_of_rest(seconds: float) -> float:
    """Return how many times the CPU of some work a rest before it costs.

    A processor that others use meanwhile has nothing of ours in its caches when we come
    back. On some machines the first work after some seconds takes sixty times as long.

    Args:
        seconds: Of the rest.
    """
    at_once = min(_cpu_of_known_work() for _ in range(3))
    time.sleep(seconds)
    return _cpu_of_known_work() / at_once


def _cpu_of_known_work() -> float:
    """Return the CPU seconds of some hundred statements, which are known beforehand."""
    began = time.process_time()
    with sqlite3.connect(":memory:") as db:
        for number in range(300):
            db.execute("SELECT json_extract(?, '$.a')", [json.dumps({"a": number})])
    db.close()
    return time.process_time() - began


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _ffmpeg() -> str:
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-version"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return said.split()[2]

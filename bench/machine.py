"""The machine and the versions, without names of hosts or people."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
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


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _ffmpeg() -> str:
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-version"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return said.split()[2]

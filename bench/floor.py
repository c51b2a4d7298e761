"""What no tool can do without: one conversion and one full decode of each file."""

import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import imageio_ffmpeg

from bench.processes import Spent

#: As the product asks for it: what differs is what lies around these two.
_QUIET = ("-nostdin", "-hide_banner", "-nostats", "-v", "error", "-y")
_CODEC = {
    "m4a": ("-c:a", "copy", "-f", "ipod", "-movflags", "+faststart"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"),
}


def convert_and_prove(source: Path, target: str, count: int, folder: Path) -> Spent:
    """Convert and decode one source `count` times, two at once."""
    folder.mkdir(exist_ok=True)

    def one(number: int) -> None:
        made = folder / f"{number}.{target}"
        _ffmpeg("-i", str(source), "-map", "0:a:0", *_CODEC[target], str(made))
        _ffmpeg("-i", str(made), "-ac", "1", "-ar", "8000", "-f", "s16le", "/dev/null")
        made.unlink()

    before, began = _children_cpu_s(), time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(count)))
    wall_s = time.perf_counter() - began
    return Spent(wall_s=wall_s, cpu_s=_children_cpu_s() - before)


def copy(source: Path, count: int, folder: Path) -> Spent:
    """Copy the source's bytes `count` times: less than that is not possible."""
    folder.mkdir(exist_ok=True)
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        shutil.copyfile(source, folder / f"{number}")
    spent = time.process_time() - cpu
    return Spent(wall_s=time.perf_counter() - began, cpu_s=spent)


def _ffmpeg(*arguments: str) -> None:
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), *_QUIET, *arguments]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def _children_cpu_s() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

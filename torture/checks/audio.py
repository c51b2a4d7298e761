"""Every job ended as it must, and completed audio is whole, by its own decoder."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio_ffmpeg
import mutagen

from torture.books import Row
from torture.case import Case

RATE = 8000
#: An encoder's padding, in seconds.
TOLERANCE_S = 0.3
#: A worker may be killed so often before its job is given up.
POISON = 3


def check(case: Case) -> Iterator[str]:
    """Check every job's end and every file."""
    for job in case.tables.jobs.values():
        yield from _fate(case, job)
    whole = [job for job in case.completed if not case.is_removed(job)]
    with ThreadPoolExecutor(2) as pool:
        for complaints in pool.map(lambda job: list(_file(case, job)), whole):
            yield from complaints
    yield from _tree(case)


def _fate(case: Case, job: Row) -> Iterator[str]:
    wanted = case.fates[job["video_id"]]
    if job["state"] in {wanted, "cancelled"}:  # who may cancel: see `commands`
        return
    crashes = sum(a["kind"] == "crashed" for a in case.attempts_of[job["id"]])
    given_up = job["state"] == "failed" and job["error_code"] == "poison"
    if not (given_up and crashes >= POISON):
        yield (
            f"job {job['uuid']} of {job['video_id']} is {job['state']} "
            f"({job['error_code']}: {job['error_message']}), not {wanted}"
        )


def _file(case: Case, job: Row) -> Iterator[str]:
    name = f"job {job['uuid']}"
    path = Path(job["output_path"])
    if not path.is_file():
        yield f"{name}: {path} is not there"
        return
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        said = json.loads((path.parents[1] / "job.json").read_bytes())["audio"]
    except (OSError, ValueError, KeyError) as error:
        yield f"{name}: its job.json cannot be read: {error!r}"
        return
    if not digest == job["sha256"] == said["sha256"]:
        yield f"{name}: {digest} on disk, {job['sha256']} in the ledger, {said['sha256']}"
    size = path.stat().st_size
    if not size == job["file_size_bytes"] == said["size_bytes"]:
        yield f"{name}: {size} bytes on disk, {job['file_size_bytes']} in the ledger"
    yield from _sound(name, path, case.videos[job["video_id"]].duration_s)


def _sound(name: str, path: Path, announced_s: float) -> Iterator[str]:
    done = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-xerror"),
            *("-i", f"file:{path}", "-map", "0:a:0", "-ac", "1", "-ar", str(RATE)),
            *("-f", "s16le", "-"),
        ],
        capture_output=True,
        check=False,
    )
    seconds = len(done.stdout) / (2 * RATE)
    if done.returncode != 0 or done.stderr:
        yield f"{name}: {path} does not decode: {done.stderr.decode()[:200]}"
    elif abs(seconds - announced_s) > TOLERANCE_S:
        yield f"{name}: {path} holds {seconds:.2f} s of {announced_s:.2f} s"
    tagged = mutagen.File(path)
    if tagged is None or not tagged.tags:
        yield f"{name}: {path} has no tags"


def _tree(case: Case) -> Iterator[str]:
    """Nothing but completed jobs stands in the visible tree."""
    sessions = {s["id"]: s["uuid"] for s in case.tables.sessions.values()}
    allowed = {
        (sessions[job["session_id"]], job["uuid"])
        for job in case.completed
        if not case.is_removed(job)
    }
    for path in (case.root / "downloads").glob("[!.]*/*"):
        if (path.parent.name, path.name) not in allowed:
            yield f"{path} belongs to no completed job"
        elif sorted(p.name for p in path.iterdir()) != ["audio", "job.json"]:
            yield f"{path} holds {sorted(path.iterdir())}"
        elif len(list((path / "audio").iterdir())) != 1:
            yield f"{path}/audio holds {list((path / 'audio').iterdir())}"

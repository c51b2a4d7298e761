"""The whole path, offline: a file is dropped, tagged and proven audio comes out.

``make demo`` runs it. YouTube is the tests' stand-in on loopback; everything else is
real: the daemon as its own process, yt-dlp, the JavaScript runtime, ffmpeg, the ledger.
At the end every promise is checked, and the exit status is 0 only if all were kept.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mutagen

from examples.promises import DROP, SONG, VIDEOS, broken_promises
from examples.screen import show_live, show_tree
from tests.youtube import YouTube

SESSION = "party"
CHECKOUT = Path(__file__).resolve().parents[1]
#: It takes some five seconds; a slow machine may take more.
PATIENCE_S = 60.0
#: States in which a job rests.
FINAL = ("completed", "failed", "cancelled")

CONFIG = """\
[paths]
root = ".."

[download]
proxy = "{proxy}"
ca_file = "{ca_file}"

[inbox]
settle = "500ms"

[disk]
reserve = "16MiB"
"""


def main() -> int:
    """Play the demo; returns the exit status."""
    options = _parser().parse_args()
    root = Path(tempfile.mkdtemp(prefix="ytaudio-demo-"))
    try:
        with YouTube(root / "youtube") as youtube:
            youtube.add(*VIDEOS)
            return play(root / "ytaudio", youtube)
    finally:
        if options.keep:
            print(f"\nEverything is kept in {root}")
        else:
            shutil.rmtree(root)


def play(root: Path, youtube: YouTube) -> int:
    """Run a daemon in `root`, drop the file, show and check what comes of it."""
    write_config(root, youtube)
    headline("The daemon starts in a folder of its own")
    with daemon(root):
        headline("Somebody drops a text file of links")
        print(drop(root).read_text())
        headline("The daemon works")
        show_live(follow(root))
    headline("The daemon was asked to stop, and has; this is the tree")
    show_tree(root, hidden={"config", "state", "logs"})
    processed = root / "inbox" / SESSION / "processed"
    headline("The receipt says what became of every line")
    print((processed / "songs.txt.receipt.txt").read_text())
    headline("What failed can be dropped again as it is")
    print((processed / "songs.txt.failed.txt").read_text())
    headline("Why did it fail?  ytaudio show JOB")
    print(ytaudio(root, "show", failed_job(root)))
    headline("One of the files, as mutagen reads it")
    print(mutagen.File(best(root)).pprint())
    headline("Is everything as promised?")
    broken = broken_promises(root, SESSION)
    print("\n".join(broken) or "Yes: every line, file, tag and sample.")
    return 1 if broken else 0


def write_config(root: Path, youtube: YouTube) -> None:
    """Write the settings that differ from the defaults."""
    file = root / "config" / "ytaudio.toml"
    file.parent.mkdir(parents=True)
    file.write_text(CONFIG.format(proxy=youtube.proxy, ca_file=youtube.ca_file))


@contextmanager
def daemon(root: Path) -> Iterator[None]:
    """Run `ytaudio run` while the block lasts, then ask it to stop.

    Raises:
        RuntimeError: It did not end well.
    """
    log = root / "daemon.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command(root, "run"), env=environment(), stderr=errors
        )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        if process.wait(PATIENCE_S) != 0:
            raise RuntimeError(f"the daemon failed:\n{log.read_text()}")
    finally:
        process.kill()
        process.wait()


def command(root: Path, *words: str) -> list[str]:
    """Return the command line of `ytaudio` for this root."""
    config = str(root / "config" / "ytaudio.toml")
    return [sys.executable, "-m", "ytaudio_daemon", "--config", config, *words]


def environment() -> dict[str, str]:
    """Return an environment in which only the config counts."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("YTAUDIO_")}
    return ours | {"PYTHONPATH": str(CHECKOUT)}


def ytaudio(root: Path, *words: str) -> str:
    """Run a command of the program and return what it prints."""
    done = subprocess.run(
        command(root, *words),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def drop(root: Path) -> Path:
    """Put the file into the session's folder, as a person would with a mouse."""
    folder = root / "inbox" / SESSION
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "songs.txt"
    file.write_text(DROP)
    return file


def follow(root: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the session's jobs again and again until all are finished.

    The status file is replaced in one rename, so it is always whole.

    Raises:
        TimeoutError: They are not finished in time.
    """
    status = root / "status" / "sessions" / f"{SESSION}.json"
    receipt = root / "inbox" / SESSION / "processed" / "songs.txt.receipt.txt"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        jobs = json.loads(status.read_bytes())["jobs"] if status.exists() else []
        yield jobs
        if receipt.exists() and jobs and all(job["state"] in FINAL for job in jobs):
            return
        time.sleep(0.1)
    raise TimeoutError(f"not finished after {PATIENCE_S:.0f} s; see --keep")


def best(root: Path) -> Path:
    """Return the song that has the most to tell in its tags."""
    return root / "library" / SESSION / SONG.name


def failed_job(root: Path) -> str:
    """Return the ID of the job that failed."""
    listed = ytaudio(root, "jobs", "--state", "failed", "--json")
    return str(json.loads(listed)["jobs"][0]["id"])


def headline(text: str) -> None:
    """Print a headline."""
    print(f"\n=== {text} ===\n", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Show the whole path, offline, against a stand-in for YouTube.",
    )
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Measures the way of a drop: the functions and files that it passes through.

    python -m tools.drop_path [--list]

A real daemon gets one file with one link, against the tests' own YouTube, and is watched
until the job is completed, filed and shown. Counted is each function of the package that
the daemon calls after the drop and never called before it, while it started and idled; and
each one that the worker calls. `--list` prints them in the order of their first call.
"""

import argparse
import ast
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.youtube import Video, YouTube
from tools.call_recorder import PACKAGE, Call

SESSION = "path"
VIDEO = Video(id="dQw4w9WgXcQ", duration_s=1, formats={"aac"})
TIMEOUT_S = 120.0
#: The daemon's document is rewritten so often before the drop: it idles by then.
IDLE_WRITES = 3
CONFIG = """\
[paths]
root = "{root}"

[download]
format = "m4a"
proxy = "{proxy}"
ca_file = "{ca_file}"

[inbox]
settle = "100ms"

[disk]
reserve = "1MiB"
"""


def main() -> int:
    """Print the figures; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--list", action="store_true", help="print every function")
    wants_list = options.parse_args().list
    with tempfile.TemporaryDirectory(prefix="ytaudio-path-") as folder:
        root = Path(folder)
        with YouTube(root / "youtube") as youtube:
            youtube.add(VIDEO)
            dropped_at, completed_at = _drop_one_link(root, youtube)
        path = _path(root / "calls", dropped_at, completed_at)
    if wants_list:
        print("\n".join(f"{call.file}:{call.line} {call.function}" for call in path))
    _report(path)
    return 0


def _drop_one_link(root: Path, youtube: YouTube) -> tuple[float, float]:
    """Return when the file was dropped, and when all of it was done and shown."""
    with _daemon(root, youtube):
        status = root / "status" / "daemon.json"
        _wait(lambda: _document(status))
        begun = _document(status)["seq"]
        _wait(lambda: _document(status)["seq"] >= begun + IDLE_WRITES)
        file = root / "inbox" / SESSION / "songs.txt"
        dropped_at = time.monotonic()
        file.parent.mkdir()
        file.write_text(f"https://youtu.be/{VIDEO.id}\n")
        _wait(lambda: _is_shown(root))
        return dropped_at, time.monotonic()


def _is_shown(root: Path) -> bool:
    """Return whether job, receipt and library all show the finished audio."""
    status = _document(root / "status" / "sessions" / f"{SESSION}.json")
    receipt = _document(root / "status" / "receipts" / SESSION / "songs.txt.json")
    shown = [*status.get("jobs", []), *receipt.get("lines", [])]
    states = [part["state"] for part in shown]
    library = root / "library" / SESSION
    return states == ["completed", "completed"] and any(library.glob("*.m4a"))


@contextmanager
def _daemon(root: Path, youtube: YouTube) -> Iterator[None]:
    calls = root / "calls"
    calls.mkdir()
    config = root / "ytaudio.toml"
    config.write_text(
        CONFIG.format(root=root, proxy=youtube.proxy, ca_file=youtube.ca_file)
    )
    words = ["--config", str(config), "run"]
    log = root / "daemon.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.call_recorder", str(calls), *words],
            stderr=errors,
        )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        if process.wait(TIMEOUT_S) != 0:
            raise RuntimeError(f"the daemon failed:\n{log.read_text()}")
    finally:
        process.kill()
        process.wait()


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done after {TIMEOUT_S:.0f} s")
        time.sleep(0.05)


def _document(path: Path) -> dict[str, Any]:
    """Return a document, {} while there is none."""
    if not path.exists():
        return {}
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def _path(folder: Path, dropped_at: float, completed_at: float) -> list[Call]:
    """Return the calls of the drop's own, one a function, in their order."""
    own: dict[tuple[str, str], Call] = {}
    for call in _calls(folder, "daemon"):
        own.setdefault(call[:2], call)
    path = {
        key: call
        for key, call in own.items()
        if dropped_at <= call.first <= completed_at
    }
    for call in _calls(folder, "worker"):
        path.setdefault(call[:2], call)
    return sorted(path.values(), key=lambda call: call.first)


def _calls(folder: Path, role: str) -> list[Call]:
    """Return what the processes of a role called, earliest first."""
    found = [
        Call(*fields)
        for file in folder.glob(f"{role}-*.json")
        for fields in json.loads(file.read_bytes() or b"[]")  # empty: killed
    ]
    return sorted(found, key=lambda call: call.first)


def _report(path: Sequence[Call]) -> None:
    files = Counter(call.file for call in path)
    switches = sum(one.file != other.file for one, other in pairwise(path))
    print(f"{len(path)} functions in {len(files)} files, {switches} switches of file")
    rooms = Counter(call.file.partition("/")[0] for call in path)
    print("  by room:", ", ".join(f"{room} {n}" for room, n in rooms.most_common()))
    alone = sorted(file for file, count in files.items() if count == 1)
    print(f"  {len(alone)} files of which one function is used:", *alone, sep="\n    ")
    forwarders = [call for call in path if _only_forwards(call)]
    print(f"  {len(forwarders)} functions that only call another one:")
    for call in forwarders:
        print(f"    {call.file}:{call.line} {call.function}")


def _only_forwards(call: Call) -> bool:
    """Return whether a function's body is one call, with names as its arguments."""
    tree = ast.parse(Path(PACKAGE, call.file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name != _last(call.function):
            continue
        if call.line in range(_first_line(node), node.lineno + 1):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            return len(body) == 1 and _is_plain_call(body[0])
    return False


def _last(qualified: str) -> str:
    return qualified.rpartition(".")[2]


def _first_line(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(part.lineno for part in node.decorator_list)])


def _is_plain_call(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Return | ast.Expr):
        return False
    call = statement.value
    if not isinstance(call, ast.Call):
        return False
    given = [*call.args, *(word.value for word in call.keywords)]
    return all(isinstance(part, ast.Name | ast.Attribute) for part in given)


if __name__ == "__main__":
    sys.exit(main())

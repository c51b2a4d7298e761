"""The blows: what is killed, at a step from inside or at any moment from outside."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from torture.orders import VARIABLE, Orders

#: Blows that end the daemon, directly or by the way.
LETHAL = ("daemon", "tree")
#: Blows that it must live through.
SURVIVED = ("template", "worker", "ffmpeg", "freeze")
#: Blows that are one signal to the daemon.
SIGNALS = {
    "daemon": signal.SIGKILL,
    "stop": signal.SIGTERM,
    "freeze": signal.SIGSTOP,
}
#: Longer than the daemon waits for somebody else's write.
BUSY_S = 0.8
#: An ffmpeg is waited for so long, in seconds: it runs for a tenth of one.
CONVERTER_S = 2.0
CONVERTER = "ffmpeg"


def strike(orders: Orders) -> None:
    """Strike; returns if the blow leaves this process alive."""
    match orders.blow:
        case "daemon" | "stop" | "freeze":
            _send(orders.daemon, SIGNALS[orders.blow])
        case "tree":
            _kill_tree(orders)
        case "template" | "worker":
            kill_named(orders.run, f"ytaudio-{orders.blow}")
        case "ffmpeg":
            _kill_converter(orders)
        case "busy":
            _keep_busy(orders.ledger)
        case "postgres":
            kill_postgres(Path(orders.postgres))
        case _:
            raise ValueError(f"no such blow: {orders.blow!r}")


def marked(run: str) -> Iterator[int]:
    """Yield the processes of a run but this one; the dead carry no mark."""
    mark = f'"run": "{run}"'.encode()
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names are all that is needed
        if entry.isdecimal() and int(entry) != os.getpid() and mark in _environ(entry):
            yield int(entry)


def kill_named(run: str, name: str) -> bool:
    """Kill the first process whose name begins so; whether there was one."""
    for pid in marked(run):
        if _name(pid).startswith(name):
            _kill(pid)
            return True
    return False


def _kill_converter(orders: Orders) -> None:
    """Kill an ffmpeg as soon as there is one, as the kernel does for memory."""
    end = time.monotonic() + CONVERTER_S
    while time.monotonic() < end and not kill_named(orders.run, CONVERTER):
        time.sleep(0.002)


def kill_postgres(data: Path) -> None:
    """Kill the server and all its processes, as a power cut would."""
    with suppress(OSError, ValueError):
        server = int((data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for pid in (server, *map(int, children)):
            _kill(pid)


def is_stopped(pid: int) -> bool:
    """Whether a process stands still, by SIGSTOP."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def _kill_tree(orders: Orders) -> None:
    """Stop all first, so that none reacts to another's death, then kill all."""
    others = list(marked(orders.run))
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in others:
            _send(pid, number)
    if VARIABLE in os.environ:  # struck from inside
        _kill(os.getpid())


def _keep_busy(ledger: str) -> None:
    """Hold SQLite's write lock for a while, as another program might."""
    db = sqlite3.connect(
        ledger, timeout=0, isolation_level=None, check_same_thread=False
    )
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:  # somebody writes: busy enough
        db.close()
        return
    threading.Timer(BUSY_S, db.close).start()


def _kill(pid: int) -> None:
    _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    """Send a signal to one process; 0 would be our whole group."""
    if pid > 0:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _environ(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""

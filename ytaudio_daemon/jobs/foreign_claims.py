"""Programs that run jobs of the ledger by themselves, beside the daemon.

They claim under a name of their own, so the daemon's crash rescue, which looks for its
own host's name, leaves them alone. The name says which process it is, so that a claim
whose process is gone can be told from one that takes its time.
"""

import os
from pathlib import Path

import structlog

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.recovery import recover
from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.model.clock import Now

log = structlog.get_logger()

#: Of /proc/<pid>/stat behind the command's name; proc_pid_stat(5), field 22.
_START_TIME_FIELD = 19


def holder_name(host: str) -> str:
    """Return what this process claims under: `<host>/<namespace>.<pid>.<start>`."""
    pid = os.getpid()
    return f"{host}/{_pid_namespace()}.{pid}.{_start_ticks(pid)}"


def holder_is_dead(holder: str, host: str) -> bool:
    """Tell whether a claim's process surely lives no more.

    Of another host's, or another container's with this host's name, nobody here can
    tell: those count as alive.
    """
    where, slash, who = holder.partition("/")
    if not slash or where != host:
        return False
    namespace, _, process = who.partition(".")
    pid, _, start = process.partition(".")
    if namespace != _pid_namespace() or not pid.isdigit():
        return False
    return _start_ticks(int(pid)) != start


def recover_dead_holders(
    ledger: Ledger, layout: Layout, completer: AttemptCompleter, host: str, now: Now
) -> None:
    """Pick up the jobs of programs on this host that died while running them.

    Raises:
        LedgerError: The next call goes on.
    """
    with ledger.read() as db:
        running = claims.foreign_claims(db, host)
    for claim in running:
        if holder_is_dead(claim.owner or "", host):
            log.warning(
                "job.caller_gone",
                job=claim.uuid,
                session=claim.session_name,
                holder=claim.owner,
            )
            recover(completer, layout, claim, now)


def _pid_namespace() -> str:
    """Return which process IDs we mean: containers count their own."""
    return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 - a number of the kernel's, no file


def _start_ticks(pid: int) -> str:
    """Return when a process started, in ticks since the machine did; "" when gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[_START_TIME_FIELD - 1]

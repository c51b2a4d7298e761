"""`doctor`: checks the installation, and prints a remedy for each fault."""

import os
import shlex
import sys
import time
from dataclasses import asdict
from pathlib import Path

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.cli.privileges import daemon_uid, daemon_user, drop_privileges
from ytaudio_daemon.doctor import CheckResult, check_installation, check_programs
from ytaudio_daemon.doctor.check_result import broken, ok, warning
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.ytdlp_versions.version_store import version_store


def run(context: CommandContext) -> int:
    """Run all checks; 6 when something is broken."""
    chosen = version_store(context.layout.state, daemon_uid(context)).active()
    # Before root gives up its rights: programs may be closed to the daemon's user.
    results = [*check_programs(time.time(), chosen)]
    drop_privileges(context)
    if os.geteuid() not in {0, daemon_uid(context)}:
        results.append(no_access_result(daemon_user(context)))
    elif os.geteuid() == 0 and context.has_system_service:
        results.append(_owned_by_root_result(context.settings.paths.root))
    else:
        results += check_installation(context.settings, context.layout)
    results.append(_daemon_result(context))
    if context.args.json:
        shown = [asdict(result) for result in results]
        context.output.json({"schema": "ytaudio.doctor/1", "findings": shown})
    else:
        _print(context, results)
    is_broken = any(result.health == "broken" for result in results)
    return Exit.DEGRADED if is_broken else Exit.OK


def no_access_result(owner: str) -> CheckResult:
    """Return the result for another user's folders and ledger, which are not checked."""
    words = shlex.join(["ytaudio", *sys.argv[1:]])
    return warning(
        "rights",
        f"the daemon's folders are {owner}'s; whether they are open to it cannot be seen "
        "with your rights",
        f"sudo {words}",
    )


def _owned_by_root_result(root: Path) -> CheckResult:
    """Return the result for a root folder that the service's user cannot use."""
    if not root.exists():
        return broken(
            "rights",
            f"{root} is not there; if it is a disk of its own, mount that first",
            "sudo systemd-tmpfiles --create",
        )
    return broken(
        "rights",
        f"{root} is root's, and the service runs as ytaudio: it cannot start",
        f"sudo chown ytaudio:ytaudio {shlex.quote(str(root))} && "
        "sudo systemd-tmpfiles --create",
    )


def _daemon_result(context: CommandContext) -> CheckResult:
    try:
        liveness = context.read_liveness()
    except OSError as error:
        return broken(
            "daemon",
            f"its status cannot be read: {error.filename}: {error.strerror}",
            _unreadable_status_remedy(error),
        )
    return check_daemon(liveness, context.start_command(), context.config_file)


def _unreadable_status_remedy(error: OSError) -> str:
    path = shlex.quote(str(error.filename))
    found = find_host_error(error.errno)
    if found is not None and found.code == "mount_lost":
        return f"findmnt --target {path}; mount that again"
    return f"ls -l {path}; remove it if it is not the daemon's, which writes its own"


def check_daemon(
    liveness: DaemonLiveness, start: str, config: Path | None = None
) -> CheckResult:
    """Check whether the daemon runs.

    Args:
        liveness: Its condition, from its status document.
        start: The command that starts it.
        config: The config file in use, for the other remedies.
    """
    if liveness.is_up and liveness.document is not None:
        daemon = liveness.document["daemon"]
        if liveness.state is Liveness.DEGRADED:
            problems = liveness.document.get("problems", [])
            if {each["code"] for each in problems} == {GateName.OUTAGE.value}:
                message = "it runs; YouTube has an outage, which passes by itself"
                return warning("daemon", message, "ytaudio status")
            message = "it runs, but something delays or stops the work"
            return broken("daemon", message, "ytaudio status")
        return ok("daemon", f"it runs, pid {daemon['pid']}")
    if liveness.state is Liveness.STALE:
        log = install_hints.read_log_command(config)
        restart = install_hints.restart_daemon_command(config)
        return broken("daemon", liveness.explanation(), f"{log}; then: {restart}")
    return warning("daemon", "it is not running; drops wait until it does", start)


def _print(context: CommandContext, results: list[CheckResult]) -> None:
    for result in results:
        context.output.labelled_line(
            result.health.value, f"{result.name}: {result.message}"
        )
        if result.remedy:
            context.output.line(f"         {result.remedy}")
    counts = [
        pluralize(sum(each.health == health for each in results), word, word)
        for health, word in (("broken", "broken"), ("warning", "to be checked"))
    ]
    context.output.line()
    context.output.line(", ".join(counts))

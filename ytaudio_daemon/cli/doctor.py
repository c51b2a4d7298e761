"""Look for what is missing or broken, and name the remedy of each.

Exit status 6 when something is broken, 0 when all is well or only to be looked at. root
becomes the daemon's user first, since folders are looked at with its rights.
"""

import argparse
import os
import shlex
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import daemon_uid, daemon_user, drop_privileges
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.system import install_hints

if TYPE_CHECKING:
    from ytaudio_daemon.doctor import CheckResult

EXAMPLES = """\
examples:
  ytaudio doctor
  ytaudio doctor --json | jq '.findings[] | select(.health != "ok")'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser, "{schema, findings: [{name, health, message, remedy}…]}")


def run(context: CommandContext) -> int:
    """Examine everything; 6 when something is broken."""
    from ytaudio_daemon.doctor import check_installation, check_programs  # noqa: PLC0415
    from ytaudio_daemon.ytdlp_versions.version_store import version_store  # noqa: PLC0415

    chosen = version_store(context.layout.state, daemon_uid(context)).active()
    # While root may still look everywhere.
    results = [*check_programs(time.time(), chosen)]
    drop_privileges(context)
    if os.geteuid() not in {0, daemon_uid(context)}:
        results.append(no_access_result(daemon_user(context)))
    elif os.geteuid() == 0 and context.start_command().startswith("sudo systemctl"):
        results.append(_owned_by_root_result(context.settings.paths.root))
    else:
        results += check_installation(context.settings, context.layout)
    results.append(
        check_daemon(
            context.read_liveness(), context.start_command(), context.config_file
        )
    )
    if context.args.json:
        shown = [asdict(result) for result in results]
        context.output.json({"schema": "ytaudio.doctor/1", "findings": shown})
    else:
        _print(context, results)
    broken = any(result.health == "broken" for result in results)
    return Exit.DEGRADED if broken else Exit.OK


def no_access_result(owner: str) -> "CheckResult":
    """Return that folders and ledger were not looked at: they are another user's."""
    from ytaudio_daemon.doctor.check_result import warning  # noqa: PLC0415

    words = shlex.join(["ytaudio", *sys.argv[1:]])
    return warning(
        "rights",
        f"the daemon's folders are {owner}'s; whether they are open to it cannot be seen "
        "with your rights",
        f"sudo {words}",
    )


def _owned_by_root_result(root: Path) -> "CheckResult":
    """Return that nothing there can be used by a service of another user."""
    from ytaudio_daemon.doctor.check_result import broken  # noqa: PLC0415

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


def check_daemon(
    liveness: DaemonLiveness, start: str, config: Path | None = None
) -> "CheckResult":
    """Judge whether the daemon runs.

    Args:
        liveness: What its status document says.
        start: The command that starts it.
        config: The config file in use, for other remedies.
    """
    from ytaudio_daemon.doctor.check_result import broken, ok, warning  # noqa: PLC0415

    if liveness.is_up and liveness.document is not None:
        daemon = liveness.document["daemon"]
        if liveness.state is Liveness.DEGRADED:
            message = "it runs, but something holds work up"
            return broken("daemon", message, "ytaudio status")
        return ok("daemon", f"it runs, pid {daemon['pid']}")
    if liveness.state is Liveness.STALE:
        log, again = (
            install_hints.read_log_command(config),
            install_hints.restart_daemon_command(config),
        )
        return broken("daemon", liveness.explanation(), f"{log}; then: {again}")
    return warning(
        "daemon",
        "it is not running; drops wait until it does",
        start,
    )


def _print(context: CommandContext, results: "list[CheckResult]") -> None:
    for result in results:
        context.output.labelled_line(
            result.health.value, f"{result.name}: {result.message}"
        )
        if result.remedy:
            context.output.line(f"         {result.remedy}")
    counts = [
        pluralize(sum(f.health == health for f in results), word, word)
        for health, word in (("broken", "broken"), ("warning", "to be looked at"))
    ]
    context.output.line()
    context.output.line(", ".join(counts))

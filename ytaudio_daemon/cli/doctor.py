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
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of
from ytaudio_daemon.cli.ledger_access import become_owner, owner_id, owner_name
from ytaudio_daemon.cli.liveness import Life, Pulse
from ytaudio_daemon.system import install_hints

if TYPE_CHECKING:
    from ytaudio_daemon.doctor import Finding

EXAMPLES = """\
examples:
  ytaudio doctor
  ytaudio doctor --json | jq '.findings[] | select(.health != "ok")'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser, "{schema, findings: [{name, health, message, remedy}…]}")


def run(call: Call) -> int:
    """Examine everything; 6 when something is broken."""
    from ytaudio_daemon.doctor import engine_findings, site_findings  # noqa: PLC0415
    from ytaudio_daemon.ytdlp_versions.version_store import shelf_of  # noqa: PLC0415

    chosen = shelf_of(call.layout.state, owner_id(call)).chosen()
    # While root may still look everywhere.
    findings = [*engine_findings(time.time(), chosen)]
    become_owner(call)
    if os.geteuid() not in {0, owner_id(call)}:
        findings.append(stranger(owner_name(call)))
    elif os.geteuid() == 0 and call.start_daemon().startswith("sudo systemctl"):
        findings.append(_not_the_services(call.settings.paths.root))
    else:
        findings += site_findings(call.settings, call.layout)
    findings.append(judge_life(call.look(), call.start_daemon(), call.config_file))
    if call.args.json:
        shown = [asdict(finding) for finding in findings]
        call.screen.json({"schema": "ytaudio.doctor/1", "findings": shown})
    else:
        _print(call, findings)
    broken = any(finding.health == "broken" for finding in findings)
    return Exit.DEGRADED if broken else Exit.OK


def stranger(owner: str) -> "Finding":
    """Return that folders and ledger were not looked at: they are another user's."""
    from ytaudio_daemon.doctor.check_result import warning  # noqa: PLC0415

    words = shlex.join(["ytaudio", *sys.argv[1:]])
    return warning(
        "rights",
        f"the daemon's folders are {owner}'s; whether they are open to it cannot be seen "
        "with your rights",
        f"sudo {words}",
    )


def _not_the_services(root: Path) -> "Finding":
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


def judge_life(life: Life, start: str, config: Path | None = None) -> "Finding":
    """Judge whether the daemon runs.

    Args:
        life: What its status document says.
        start: The command that starts it.
        config: The config file in use, for other remedies.
    """
    from ytaudio_daemon.doctor.check_result import broken, ok, warning  # noqa: PLC0415

    if life.is_up and life.document is not None:
        daemon = life.document["daemon"]
        if life.pulse is Pulse.DEGRADED:
            message = "it runs, but something holds work up"
            return broken("daemon", message, "ytaudio status")
        return ok("daemon", f"it runs, pid {daemon['pid']}")
    if life.pulse is Pulse.STALE:
        log, again = (
            install_hints.read_log(config),
            install_hints.restart_daemon(config),
        )
        return broken("daemon", life.sentence(), f"{log}; then: {again}")
    return warning(
        "daemon",
        "it is not running; drops wait until it does",
        start,
    )


def _print(call: Call, findings: "list[Finding]") -> None:
    for finding in findings:
        call.screen.mark(finding.health.value, f"{finding.name}: {finding.message}")
        if finding.remedy:
            call.screen.line(f"         {finding.remedy}")
    counts = [
        count_of(sum(f.health == health for f in findings), word, word)
        for health, word in (("broken", "broken"), ("warning", "to be looked at"))
    ]
    call.screen.line()
    call.screen.line(", ".join(counts))

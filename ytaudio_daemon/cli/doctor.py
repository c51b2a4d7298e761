"""Look for what is missing or broken, and name the remedy of each.

Exit status 6 when something is broken. Run it as the daemon's user (root becomes that
user by itself), since folders are looked at with its rights.
"""

import argparse
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.call import Call
from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledgers import become_owner, owner_id
from ytaudio_daemon.cli.life import Life, Pulse, look
from ytaudio_daemon.cli.words import count_of

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
    from ytaudio_daemon.engines.shelf import shelf_of  # noqa: PLC0415

    chosen = shelf_of(call.layout.state, owner_id(call)).chosen()
    # While root may still look everywhere.
    findings = [*engine_findings(time.time(), chosen)]
    become_owner(call)
    findings += site_findings(call.settings, call.layout)
    findings.append(judge_life(look(call.status_folder)))
    if call.args.json:
        shown = [asdict(finding) for finding in findings]
        call.screen.json({"schema": "ytaudio.doctor/1", "findings": shown})
    else:
        _print(call, findings)
    broken = any(finding.health == "broken" for finding in findings)
    return Exit.DEGRADED if broken else Exit.OK


def judge_life(life: Life) -> "Finding":
    """Judge whether the daemon runs. Pure."""
    from ytaudio_daemon.doctor.finding import broken, ok, warning  # noqa: PLC0415

    if life.is_up and life.document is not None:
        daemon = life.document["daemon"]
        if life.pulse is Pulse.DEGRADED:
            return warning("daemon", "it runs, but is degraded", "ytaudio status")
        return ok("daemon", f"it runs, pid {daemon['pid']}")
    if life.pulse is Pulse.STALE:
        return broken("daemon", life.sentence(), "journalctl -u ytaudio")
    return warning(
        "daemon", "it is not running", "ytaudio run, or systemctl start ytaudio"
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

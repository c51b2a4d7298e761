"""`download --session-info`: prints the active sessions of the ledger."""

from pathlib import Path

from ytaudio_daemon.cli.commands.session_views import print_sessions
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.model import SessionState


def run(context: CommandContext) -> int:
    """Print the active sessions; none when there is no ledger yet."""
    url = context.settings.database.url
    path = Path(url.partition(":///")[2]) if url.startswith("sqlite") else None
    if path is None or path.exists():
        return print_sessions(context, SessionState.ACTIVE)
    if context.args.json:
        context.output.json({"schema": "ytaudio.sessions/1", "sessions": []})
    else:
        context.output.line(f"no sessions: there is no ledger yet ({path})")
    return Exit.OK

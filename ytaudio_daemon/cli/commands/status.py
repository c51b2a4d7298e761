"""`status`: prints the state of the daemon, or of one session, from the status files."""

from ytaudio_daemon.cli.blocks import print_blocks
from ytaudio_daemon.cli.commands.status_documents import (
    current_report,
    document_to_print,
    exit_status,
)
from ytaudio_daemon.cli.context import CommandContext


def run(context: CommandContext) -> int:
    """Print the status; 3 when the daemon is down, 6 when it is degraded."""
    liveness = context.read_liveness()
    if context.args.json:
        context.output.json(document_to_print(context, liveness))
    else:
        bars = context.output.is_terminal
        print_blocks(context.output, current_report(context, liveness, bars=bars))
    if not liveness.is_up:
        context.output.stderr_line(liveness.explanation())
    return exit_status(liveness)

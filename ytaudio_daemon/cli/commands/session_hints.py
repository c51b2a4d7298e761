"""Explains why a session is unknown when a person has put something into its folder."""

from itertools import islice

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.errors import UnknownSessionError
from ytaudio_daemon.folders.inbox_scan import scan_ignored

#: Files that are named; whoever mends these sees the next ones.
MAX_NAMED_FILES = 5


def explain_unknown_session(
    context: CommandContext, error: UnknownSessionError
) -> UnknownSessionError:
    """Return the error, with what lies in the session's folder and is not taken."""
    try:
        found = scan_ignored(context.layout, context.args.session)
        reasons = [f"{f.path}: {f.reason}" for f in islice(found, MAX_NAMED_FILES)]
    except OSError:  # closed to this user: `error` is all that can be said
        return error
    if not reasons:
        return error
    return UnknownSessionError(
        f"{error.message}; not taken: {'; '.join(reasons)}",
        "Correct that: the first drop that is read opens the session.",
    )

"""Explains why a session is unknown when a person has put something into its folder."""

from itertools import islice

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.errors import UnknownSessionError
from ytaudio_daemon.folders.inbox_scan import scan_ignored

#: Files that are named; the others are, once these are corrected.
MAX_NAMED_FILES = 5


def explain_unknown_session(
    context: CommandContext, error: UnknownSessionError
) -> UnknownSessionError:
    """Return the error, with the files in the session's folder that are ignored."""
    try:
        found = scan_ignored(context.layout, context.args.session)
        named = islice(found, MAX_NAMED_FILES)
        reasons = [f"{ignored.path}: {ignored.reason}" for ignored in named]
    except OSError:  # closed to this user: `error` is all that can be said
        return error
    if not reasons:
        return error
    return UnknownSessionError(
        f"{error.message}; not taken: {'; '.join(reasons)}",
        "Correct that: the first drop that is read opens the session.",
    )

"""Whom the archive's commands mean: `--session S`, and the videos that are named."""

from collections.abc import Sequence

from ytaudio_daemon.cli.arguments.add import is_uuid
from ytaudio_daemon.cli.commands.add import checked_session_name
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.ledger_access import require_session
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.archive import ALL_SESSIONS
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls import LinkError, parse_link


def session_to_add_to(context: CommandContext, ledger: Ledger) -> str:
    """Return the session for which videos count as had; it need not exist yet.

    Raises:
        UsageError: No session can have that name.
        UnknownSessionError: No session has that UUID.
    """
    name = session_name(context, ledger)
    return ALL_SESSIONS if name is None else name


def session_name(context: CommandContext, ledger: Ledger) -> str | None:
    """Return the name of the session that is meant; None without --session.

    Raises:
        UsageError: No session can have that name.
        UnknownSessionError: No session has that UUID.
    """
    given: str | None = context.args.session
    if given is None:
        return None
    if not is_uuid(given):
        return checked_session_name(given)
    with ledger.read() as db:
        return require_session(db, given).name


def video_ids(given: Sequence[str]) -> list[str]:
    """Return the videos that IDs and links name, each once.

    Raises:
        UsageError: Some name none; the message names all of them.
    """
    found: list[str] = []
    bad: list[str] = []
    for text in given:
        if is_video_id(text):
            found.append(text)
            continue
        try:
            found.append(parse_link(text).video_id)
        except LinkError as error:
            bad.append(f"{text}: {error.message}")
    if bad:
        raise UsageError("\n".join(["these name no video:", *bad]))
    return list(dict.fromkeys(found))

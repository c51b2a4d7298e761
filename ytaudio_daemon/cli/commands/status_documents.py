"""Reads the daemon's status files for `status` and `status --watch`."""

import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from ytaudio_daemon.cli.blocks import Block, Facts
from ytaudio_daemon.cli.commands.status_report import daemon_report, session_report
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.liveness import (
    DaemonLiveness,
    Document,
    Liveness,
    read_document,
)
from ytaudio_daemon.cli.session_head import read_session_head
from ytaudio_daemon.errors import UnknownSessionError

#: The status of a session that has a folder and no document yet.
NOT_BEGUN = "not begun: no drop in its folder is taken yet"
#: Sessions that `status` lists, the latest; `session list` shows all.
LISTED_SESSIONS = 20


def exit_status(liveness: DaemonLiveness) -> Exit:
    """Return the exit status for the daemon's condition."""
    if liveness.state is Liveness.DEGRADED:
        return Exit.DEGRADED
    return Exit.OK if liveness.is_up else Exit.DAEMON_DOWN


def document_to_print(
    context: CommandContext, liveness: DaemonLiveness
) -> Document | None:
    """Return the document that `--json` prints.

    The last document of a daemon that was killed still says "running". It is corrected
    here, so that programs need not judge its age.
    """
    if context.args.session is not None:
        return session_to_show(context)
    document = liveness.document
    if document is not None and liveness.state is Liveness.GONE:
        return {**document, "daemon": {**document["daemon"], "state": "stopped"}}
    return document


def current_report(
    context: CommandContext, liveness: DaemonLiveness, *, bars: bool
) -> list[Block]:
    """Return the report on the daemon or session, from status files read now."""
    wall = time.time()
    status = context.status_folder
    if context.args.session is not None:
        document = session_to_show(context)
        if document is None:
            return [Facts([("session", f"{context.args.session}, {NOT_BEGUN}")])]
        return session_report(document, wall, bars=bars, liveness=liveness)
    return daemon_report(liveness, _latest_sessions(status), wall, bars=bars)


def session_to_show(context: CommandContext) -> Document | None:
    """Return the document of the session that is asked for.

    `--watch` waits for a session whose folder is there: its first drop may not have been
    taken yet, or a restored ledger's documents are still to be written.

    Returns:
        None while that is waited for.

    Raises:
        UnknownSessionError: There is none; it names what is not taken in its folder.
    """
    session = context.args.session
    try:
        return read_session_document(context.status_folder, session)
    except UnknownSessionError as error:
        if context.args.watch and _has_folder(context, session):
            return None
        # Imported at its first use, as the settings are: `status` does not need it.
        explain = import_module("ytaudio_daemon.cli.commands.session_hints")
        explained: UnknownSessionError = explain.explain_unknown_session(context, error)
        raise explained from None


def _has_folder(context: CommandContext, session: str) -> bool:
    return "/" not in session and context.layout.session_inbox(session).is_dir()


def read_session_document(status: Path, session: str) -> Document:
    """Return a session's status document, by its name or UUID.

    Raises:
        UnknownSessionError: There is none.
    """
    if "/" not in session and not session.startswith("."):
        document = read_document(status / "sessions" / f"{session}.json")
        if document is not None:
            _require_own_document(document, session)
            return document
    for document in _read_documents(_session_files(status)):
        if document["session"]["uuid"] == session:
            return document
    raise UnknownSessionError(
        f"there is no status of a session {session!r}",
        "`ytaudio session list` shows all sessions, expired ones too.",
    )


def _require_own_document(document: Document, session: str) -> None:
    """Refuse the document of another session whose status file is the same file.

    Raises:
        UnknownSessionError: The names differ in case alone, and the file system ignores
            case.
    """
    shown = document["session"]["name"]
    if shown != session and shown.casefold() == session.casefold():
        raise UnknownSessionError(
            f"the status file of {session!r} shows {shown!r}: the disk of the status "
            "files does not tell the two names apart",
            f"The ledger does: ytaudio jobs --session {session}. Put [paths] status on a "
            "file system of Linux.",
        )


def _latest_sessions(status: Path) -> Iterator[Document]:
    """Yield the documents of the sessions that changed last, with running jobs only."""
    latest = sorted(_session_files(status), key=_changed_at, reverse=True)
    for entry in latest[:LISTED_SESSIONS]:
        document = read_session_head(Path(entry.path))
        if document is not None:
            yield document


def _read_documents(files: list[os.DirEntry[str]]) -> Iterator[Document]:
    for entry in files:
        document = read_document(Path(entry.path))
        if document is not None:
            yield document


def _session_files(status: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(status / "sessions") as entries:
            return [
                entry
                for entry in entries
                if entry.name.endswith(".json") and not entry.name.startswith(".")
            ]
    except FileNotFoundError:
        return []


def _changed_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # the session's document went meanwhile
        return 0.0

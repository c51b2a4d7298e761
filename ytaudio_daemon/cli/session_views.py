"""`session list` and `session show`."""

from typing import Any

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import moment, moment_and_distance, wall_of
from ytaudio_daemon.cli.ledger_access import moment_in, opened, require_session
from ytaudio_daemon.cli.status import show
from ytaudio_daemon.cli.status_report import (
    Facts,
    Table,
    counts_in_words,
    quota_in_words,
)
from ytaudio_daemon.ledger import queries, sessions
from ytaudio_daemon.ledger.claims import shown_name
from ytaudio_daemon.ledger.queries import DropRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import KEYS, Settings
from ytaudio_daemon.views.documents import session_document
from ytaudio_daemon.views.snapshot import Rules

#: A session's own limits, by the setting that holds without them.
LIMITS = {
    "max_jobs": "sessions.max_jobs",
    "ttl_s": "sessions.ttl",
    "on_expiry": "sessions.on_expiry",
    "max_bytes": "sessions.max_bytes",
}


def list_all(call: Call) -> int:
    """List sessions."""
    state = None if call.args.state is None else SessionState(call.args.state)
    with opened(call) as ledger, ledger.read() as db:
        now = moment_in(db)
        found = sessions.list_sessions(db, state=state)
    documents = [_document(session, call.settings, now) for session in found]
    if call.args.json:
        call.screen.json({"schema": "ytaudio.sessions/1", "sessions": documents})
    elif documents:
        headers = ("UUID", "STATE", "EXPIRES", "JOBS", "NAME")
        rows = [_row(document, now.wall) for document in documents]
        call.screen.table(headers, rows)
    else:
        call.screen.remark("no sessions")
    return Exit.OK


def show_one(call: Call) -> int:
    """Show a session."""
    with opened(call) as ledger, ledger.read() as db:
        now = moment_in(db)
        session = require_session(db, call.args.name)
        drops = queries.drops_of_session(db, session.id)
    document = _document(session, call.settings, now)
    limits = _limits(session, call.settings)
    if call.args.json:
        own = {name: getattr(session, name) for name in LIMITS}
        folder = str(call.layout.session_inbox(session.name))
        more = {"own_limits": own, "inbox": folder, "drops": [_drop(d) for d in drops]}
        call.screen.json({"schema": "ytaudio.session-details/1", **document, **more})
        return Exit.OK
    facts = [*_facts(document, now.wall), *limits]
    facts.append(("inbox", str(call.layout.session_inbox(session.name))))
    blocks: list[Facts | Table] = [Facts(facts)]
    if drops:
        rows = [_drop_row(drop, now.wall) for drop in drops]
        blocks.append(Table(("RECEIVED", "STATE", "LINES", "DROP"), rows))
    show(call.screen, blocks)
    return Exit.OK


def _document(session: Session, settings: Settings, now: Now) -> dict[str, Any]:
    """Return what a session's status document says of the session itself."""
    limits = settings.sessions
    rules = Rules(
        max_jobs=limits.max_jobs, max_bytes=limits.max_bytes, ttl_s=limits.ttl
    )
    document = session_document(
        session, [], truncated=False, ignored=[], rules=rules, now=now
    )
    about: dict[str, Any] = dict(document["session"])
    del about["ignored"]  # only the daemon knows
    return about


def _row(session: dict[str, Any], wall: float) -> tuple[str, ...]:
    expires = session["expires_at"]
    return (
        session["uuid"],
        session["state"],
        "-" if expires is None else moment(wall_of(expires), wall),
        counts_in_words(session["counts"]),
        session["name"],
    )


def _facts(session: dict[str, Any], wall: float) -> list[tuple[str, str]]:
    active = moment_and_distance(wall_of(session["last_activity_at"]), wall)
    facts = [
        ("session", session["name"]),
        ("uuid", session["uuid"]),
        ("state", session["state"]),
        ("created", moment_and_distance(wall_of(session["created_at"]), wall)),
        ("active", active),
        ("jobs", counts_in_words(session["counts"])),
        ("quota", quota_in_words(session["quota"])),
    ]
    if session["expires_at"] is not None:
        expires = moment_and_distance(wall_of(session["expires_at"]), wall)
        facts.append(("expires", expires))
    return facts


def _limits(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """Return each limit that holds, and whether it is the session's own."""
    facts = []
    for name, full_name in LIMITS.items():
        own = getattr(session, name)
        value = settings.value(full_name) if own is None else own
        origin = "the config's" if own is None else "its own"
        label = full_name.partition(".")[2].replace("_", "-")
        facts.append((label, f"{KEYS[full_name].kind.show(value)} ({origin})"))
    return facts


def _drop(drop: DropRow) -> dict[str, Any]:
    filed = None if drop.filed_name is None else shown_name(drop.filed_name)
    return {
        "file": shown_name(drop.name),
        "filed_as": filed,
        "state": drop.state,
        "reason": drop.reason,
        "counts": dict(drop.counts),
        "unfinished": drop.open_jobs,
    }


def _drop_row(drop: DropRow, wall: float) -> tuple[str, ...]:
    lines = ", ".join(f"{n:,} {name}" for name, n in drop.counts.items() if n)
    return (
        moment(drop.received_at, wall),
        drop.state,
        lines or drop.reason or "none",
        shown_name(drop.name),
    )

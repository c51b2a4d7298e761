"""`session list` and `session show`: print sessions."""

from typing import Any

from ytaudio_daemon.cli.blocks import Facts, Table, print_blocks
from ytaudio_daemon.cli.commands.status_report import counts_text, quota_text
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import local_time, local_time_and_distance
from ytaudio_daemon.cli.ledger_access import open_ledger, require_session
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger import queries, receipts, sessions
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.schemas.session import SessionCookies, SessionSummary
from ytaudio_daemon.settings import KEYS, Settings
from ytaudio_daemon.system.times import parse_rfc3339
from ytaudio_daemon.views.documents import session_summary
from ytaudio_daemon.views.snapshot import ViewSettings

#: A session's own limits, each with the setting that is used without it.
LIMITS = {
    "max_jobs": "sessions.max_jobs",
    "ttl_s": "sessions.ttl",
    "on_expiry": "sessions.on_expiry",
    "max_bytes": "sessions.max_bytes",
}


def list_all(context: CommandContext) -> int:
    """List sessions, all or those in the state asked for."""
    state = context.args.state
    return _print_sessions(context, None if state is None else SessionState(state))


def list_active(context: CommandContext) -> int:
    """Print the active sessions (`download --session-info`); none without a ledger."""
    path = context.settings.database.sqlite_file
    if path is None or path.exists():
        return _print_sessions(context, SessionState.ACTIVE)
    if context.args.json:
        context.output.json({"schema": "ytaudio.sessions/1", "sessions": []})
    else:
        context.output.line(f"no sessions: there is no ledger yet ({path})")
    return Exit.OK


def _print_sessions(context: CommandContext, state: SessionState | None) -> int:
    """Print the sessions in a state, or all; returns the exit status."""
    with open_ledger(context) as ledger, ledger.read() as db:
        now = read_now(db)
        found = sessions.list_sessions(db, state=state)
    summaries = [_summary(session, context.settings, now) for session in found]
    if context.args.json:
        context.output.json({"schema": "ytaudio.sessions/1", "sessions": summaries})
    elif summaries:
        headers = ("UUID", "STATE", "EXPIRES", "JOBS", "NAME")
        # A prefix is enough for a person; a program gets the whole UUID.
        uuid_chars = 8 if context.output.is_terminal else None
        rows = [_row(summary, now.wall, uuid_chars) for summary in summaries]
        print_blocks(context.output, [Table(headers, rows)])
    else:
        context.output.stderr_line("no sessions")
    return Exit.OK


def show_one(context: CommandContext) -> int:
    """Print a session with its limits and drops."""
    with open_ledger(context) as ledger, ledger.read() as db:
        now = read_now(db)
        session = require_session(db, context.args.name)
        drops = receipts.drops_of_session(db, session.id)
        unfinished = queries.unfinished_by_drop(db, session.id)
    summary = _summary(session, context.settings, now)
    inbox = str(context.layout.session_inbox(session.name))
    if context.args.json:
        own = {name: getattr(session, name) for name in LIMITS}
        own_facts = {
            "own_limits": own,
            "inbox": inbox,
            "drops": [
                _drop_document(drop, unfinished.get(drop.id, 0)) for drop in drops
            ],
        }
        head = {"schema": "ytaudio.session-details/1"}
        context.output.json({**head, **summary, **own_facts})
        return Exit.OK
    facts = [*_facts(summary, now.wall), *_limits(session, context.settings)]
    facts.append(("inbox", inbox))
    blocks: list[Facts | Table] = [Facts(facts)]
    if drops:
        rows = [_drop_row(drop, now.wall) for drop in drops]
        blocks.append(Table(("RECEIVED", "STATE", "LINES", "DROP"), rows))
    print_blocks(context.output, blocks)
    return Exit.OK


def _summary(session: Session, settings: Settings, now: Now) -> SessionSummary:
    limits = settings.sessions
    view_settings = ViewSettings(
        max_jobs=limits.max_jobs, max_bytes=limits.max_bytes, ttl_s=limits.ttl
    )
    return session_summary(session, view_settings, now)


def _row(
    session: SessionSummary, wall: float, uuid_chars: int | None
) -> tuple[str, ...]:
    expires = session["expires_at"]
    return (
        session["uuid"][:uuid_chars],
        session["state"],
        "-" if expires is None else local_time(parse_rfc3339(expires), wall),
        counts_text(session["counts"]),
        session["name"],
    )


def _facts(session: SessionSummary, wall: float) -> list[tuple[str, str]]:
    active = local_time_and_distance(parse_rfc3339(session["last_activity_at"]), wall)
    created = local_time_and_distance(parse_rfc3339(session["created_at"]), wall)
    facts = [
        ("session", session["name"]),
        ("uuid", session["uuid"]),
        ("state", session["state"]),
        ("created", created),
        ("active", active),
        ("jobs", counts_text(session["counts"])),
        ("quota", quota_text(session["quota"], session["counts"]["held"])),
    ]
    if session["cookies"] is not None:
        facts.append(("cookies", _cookies_text(session["cookies"], wall)))
    if session["expires_at"] is not None:
        expires = local_time_and_distance(parse_rfc3339(session["expires_at"]), wall)
        facts.append(("expires", expires))
    return facts


def _cookies_text(cookies: SessionCookies, wall: float) -> str:
    """Return the text on a session's own cookies: since when, and whether they work."""
    if cookies["given_at"] is None:
        return f"none in use; {cookies['problem']}"
    given = f"yes, given {local_time(parse_rfc3339(cookies['given_at']), wall)}"
    useless = {
        "rotated": "YouTube rotated them since",
        "refused": "YouTube refused them",
    }
    remarks = (useless.get(cookies["state"] or ""), cookies["problem"])
    return "; ".join(filter(None, (given, *remarks)))


def _limits(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """Return each limit in effect, and whether it is the session's own."""
    facts = []
    for name, full_name in LIMITS.items():
        own = getattr(session, name)
        value = settings.value(full_name) if own is None else own
        origin = "the config's" if own is None else "its own"
        label = full_name.partition(".")[2].replace("_", "-")
        facts.append((label, f"{KEYS[full_name].value_type.format(value)} ({origin})"))
    return facts


def _drop_document(drop: ReceiptHead, unfinished: int) -> dict[str, Any]:
    filed = None if drop.filed_name is None else display_name(drop.filed_name)
    return {
        "file": display_name(drop.name),
        "filed_as": filed,
        "state": drop.state,
        "reason": drop.reason,
        "counts": _line_counts(drop),
        "unfinished": unfinished,
    }


def _drop_row(drop: ReceiptHead, wall: float) -> tuple[str, ...]:
    lines = ", ".join(f"{n:,} {name}" for name, n in _line_counts(drop).items() if n)
    return (
        local_time(drop.received_at, wall),
        drop.state,
        lines or drop.reason or "none",
        display_name(drop.name),
    )


def _line_counts(drop: ReceiptHead) -> dict[str, int]:
    return {
        "accepted": drop.accepted,
        "duplicate": drop.duplicate,
        "rejected": drop.rejected,
    }

"""Queries of receipts: a drop, and its lines page by page."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.archive import IN_ARCHIVE
from ytaudio_daemon.ledger.line_order import IS_AFTER_BOUND, ORDER, bound_after
from ytaudio_daemon.ledger.receipt_items import IS_UNAVAILABLE, with_collections
from ytaudio_daemon.ledger.receipt_line import ARCHIVED, JOB_COLUMNS, ReceiptLine
from ytaudio_daemon.ledger.schema import (
    IS_UNLISTED,
    UNFILED,
    collections,
    drops,
    entries,
    jobs,
    lines,
    sessions,
    switched_off_links,
)
from ytaudio_daemon.model import FINALIZED, LinePart
from ytaudio_daemon.model.clock import Now

#: The drop is recorded completely and its file has its place: filed, kept or rejected.
IS_PLACED = drops.c.state.not_in(UNFILED)
_FINALIZED = sorted(state.value for state in FINALIZED)
_ITEM_JOBS = jobs.alias("item_jobs")
#: The line names a collection that is not listed, or of which a job is unfinished.
_IS_OPEN_COLLECTION = sa.and_(
    lines.c.collection_id.is_not(None),
    sa.or_(
        sa.exists().where(collections.c.id == lines.c.collection_id, IS_UNLISTED),
        sa.exists(
            sa.select(entries.c.job_id)
            .join(_ITEM_JOBS, _ITEM_JOBS.c.id == entries.c.job_id)
            .where(
                entries.c.collection_id == lines.c.collection_id,
                _ITEM_JOBS.c.state.not_in(_FINALIZED),
            )
            .correlate(lines)
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptHead:
    """A drop with its session, for the head of its receipts.

    Attributes:
        filed_name: Its name in `processed` or `rejected`; None when it is in neither.
        at_root: It was dropped into the inbox itself, not into a session's folder.
    """

    id: int
    session_name: str
    session_uuid: str
    name: bytes
    sha256: str
    received_at: float
    received_uptime_s: float
    state: str
    filed_name: bytes | None
    at_root: bool
    reason: str | None
    accepted: int
    duplicate: int
    rejected: int

    @property
    def lines(self) -> int:
        """The number of lines in its receipts."""
        return self.accepted + self.duplicate + self.rejected

    def is_older_than(self, seconds: float, now: Now) -> bool:
        """True if it is so old by wall clock and by uptime: the wall clock may be wrong."""
        is_old = self.received_at + seconds < now.wall
        return is_old and self.received_uptime_s + seconds < now.uptime_s


# Built once: each of these runs for every one of a hundred thousand drops.
_DROPS_QUERY = sa.select(
    drops,
    sessions.c.name.label("session_name"),
    sessions.c.uuid.label("session_uuid"),
).join(sessions, sessions.c.id == drops.c.session_id)
_HEADS_QUERY = _DROPS_QUERY.where(IS_PLACED)
_HEAD_QUERY = _HEADS_QUERY.where(drops.c.id == sa.bindparam("drop_id"))
_HEADS_BY_ID_QUERY = _HEADS_QUERY.where(
    drops.c.id.in_(sa.bindparam("ids", expanding=True))
)

#: The fields of a `ReceiptLine` that are columns.
LINE_COLUMNS = (
    *ORDER,
    lines.c.text,
    lines.c.result,
    lines.c.code,
    lines.c.message,
    lines.c.again,
    *JOB_COLUMNS,
    lines.c.collection_id,
)
_PAGE_QUERY = (
    sa.select(*LINE_COLUMNS)
    .outerjoin(jobs, jobs.c.id == lines.c.job_id)
    .where(lines.c.drop_id == sa.bindparam("drop"), IS_AFTER_BOUND)
    .order_by(*ORDER)
    .limit(sa.bindparam("limit"))
)

_BATCH_QUERY = (
    sa.select(*ORDER, lines.c.job_id, lines.c.collection_id, lines.c.code)
    .where(lines.c.drop_id == sa.bindparam("drop"), IS_AFTER_BOUND)
    .order_by(*ORDER)
    .limit(sa.bindparam("limit"))
)
_BATCH = _BATCH_QUERY.subquery()
_SHOWN_STATE = sa.case((_BATCH.c.code == IN_ARCHIVE, ARCHIVED), else_=jobs.c.state)
_STATE_COUNTS_QUERY = (
    sa.select(_SHOWN_STATE.label("shown_state"), sa.func.count())
    .select_from(_BATCH.outerjoin(jobs, jobs.c.id == _BATCH.c.job_id))
    .where(_BATCH.c.collection_id.is_(None))
    .group_by("shown_state")
)
#: The collections of a batch, each at the line under which its items are counted.
_NAMED = _BATCH.join(
    collections,
    sa.and_(
        collections.c.id == _BATCH.c.collection_id,
        sa.or_(
            collections.c.drop_id.is_distinct_from(sa.bindparam("drop")),
            sa.and_(
                collections.c.drop_line == _BATCH.c.line,
                sa.func.coalesce(collections.c.drop_part, 0) == _BATCH.c.part,
            ),
        ),
    ),
)
_ITEM_STATE_COUNTS_QUERY = (
    sa.select(jobs.c.state, sa.func.count())
    .select_from(
        _NAMED.join(entries, entries.c.collection_id == collections.c.id).join(
            jobs, jobs.c.id == entries.c.job_id
        )
    )
    .group_by(jobs.c.state)
)
_UNAVAILABLE_COUNT_QUERY = (
    sa.select(sa.func.count())
    .select_from(_NAMED.join(entries, entries.c.collection_id == collections.c.id))
    .where(IS_UNAVAILABLE)
)
_LISTING_STATE_COUNTS_QUERY = (
    sa.select(collections.c.state, sa.func.count())
    .select_from(_NAMED)
    .where(collections.c.state != "completed")
    .group_by(collections.c.state)
)
_LAST_OF_BATCH_QUERY = (
    sa.select(_BATCH.c.line, _BATCH.c.part)
    .order_by(_BATCH.c.line.desc(), _BATCH.c.part.desc())
    .limit(1)
)

_SWITCHED_OFF_COUNT_QUERY = (
    sa.select(sa.func.count())
    .select_from(switched_off_links)
    .where(switched_off_links.c.drop_id == sa.bindparam("drop"))
)
_SWITCHED_OFF_PAGE_QUERY = (
    sa.select(switched_off_links.c.line)
    .distinct()
    .where(
        switched_off_links.c.drop_id == sa.bindparam("drop"),
        switched_off_links.c.line > sa.bindparam("after"),
    )
    .order_by(switched_off_links.c.line)
    .limit(sa.bindparam("limit"))
)
_STATES_PAGE_QUERY = (
    sa.select(*ORDER, jobs.c.state, _IS_OPEN_COLLECTION)
    .outerjoin(jobs, jobs.c.id == lines.c.job_id)
    .where(lines.c.drop_id == sa.bindparam("drop"), IS_AFTER_BOUND)
    .order_by(*ORDER)
    .limit(sa.bindparam("limit"))
)

_NEWER = drops.alias("newer")
_NEWER_SESSIONS = sessions.alias("newer_sessions")
_SUPERSEDED_QUERY = (
    sa.select(drops.c.id)
    .join(sessions, sessions.c.id == drops.c.session_id)
    .join(_NEWER_SESSIONS, _NEWER_SESSIONS.c.name == sessions.c.name)
    .join(
        _NEWER,
        sa.and_(
            _NEWER.c.session_id == _NEWER_SESSIONS.c.id,
            _NEWER.c.name == drops.c.name,
            _NEWER.c.id > drops.c.id,
            sa.func.coalesce(_NEWER.c.filed_name, _NEWER.c.name)
            == sa.func.coalesce(drops.c.filed_name, drops.c.name),
            _NEWER.c.at_root == drops.c.at_root,
            _NEWER.c.state.not_in(UNFILED),
        ),
    )
    .where(drops.c.id.in_(sa.bindparam("ids", expanding=True)), IS_PLACED)
)


def receipt_head(db: Connection, drop_id: int) -> ReceiptHead | None:
    """Return a drop that has its place; None while it has none, and after it was pruned."""
    row = db.execute(_HEAD_QUERY, {"drop_id": drop_id}).first()
    return None if row is None else _head_from_row(row)


def receipt_heads(db: Connection, after_id: int, limit: int) -> list[ReceiptHead]:
    """Return the next drops that have their place, of all sessions, the oldest first."""
    query = _HEADS_QUERY.where(drops.c.id > after_id).order_by(drops.c.id)
    rows = db.execute(query.limit(limit)).all()
    return [_head_from_row(row) for row in rows]


def drops_of_session(db: Connection, session_id: int) -> list[ReceiptHead]:
    """Return all drops of a session, with those that have no place yet, in order."""
    query = _DROPS_QUERY.where(drops.c.session_id == session_id).order_by(drops.c.id)
    return [_head_from_row(row) for row in db.execute(query).all()]


def receipt_heads_by_id(
    db: Connection, drop_ids: Collection[int]
) -> dict[int, ReceiptHead]:
    """Return drops that have their place, by number; pruned ones are left out."""
    rows = db.execute(_HEADS_BY_ID_QUERY, {"ids": sorted(drop_ids)}).all()
    return {row.id: _head_from_row(row) for row in rows}


def receipt_page(
    db: Connection, drop_id: int, after: LinePart, limit: int
) -> list[ReceiptLine]:
    """Return the next lines of a drop, in order."""
    bounds = {"drop": drop_id, "limit": limit, **bound_after(after)}
    page = [ReceiptLine(*tuple(row)) for row in db.execute(_PAGE_QUERY, bounds).all()]
    return with_collections(db, drop_id, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStates:
    """A count of a drop's lines, and of the items of their collections.

    Attributes:
        counts: Lines and items by the state of their job, or `ARCHIVED`; None for
            refused lines. A collection that is not listed counts as well, by the state
            of its listing.
        unavailable: Items that cannot be fetched.
        last: The last line that was counted; None when there was no more.
    """

    counts: Mapping[str | None, int]
    unavailable: int
    last: LinePart | None


def count_line_states(
    db: Connection, drop_id: int, after: LinePart, limit: int
) -> LineStates:
    """Count the drop's next lines by the state of their job."""
    bounds = {"drop": drop_id, "limit": limit, **bound_after(after)}
    last = db.execute(_LAST_OF_BATCH_QUERY, bounds).first()
    counts = Counter[str | None]()
    for query in (
        _STATE_COUNTS_QUERY,
        _ITEM_STATE_COUNTS_QUERY,
        _LISTING_STATE_COUNTS_QUERY,
    ):
        for state, number in db.execute(query, bounds).all():
            counts[state] += number
    return LineStates(
        counts=counts,
        unavailable=db.execute(_UNAVAILABLE_COUNT_QUERY, bounds).scalar_one(),
        last=None if last is None else LinePart(*last),
    )


def count_switched_off_links(db: Connection, drop_id: int) -> int:
    """Return the number of links in a drop's comments."""
    return db.execute(_SWITCHED_OFF_COUNT_QUERY, {"drop": drop_id}).scalar_one()


def switched_off_page(
    db: Connection, drop_id: int, after_line: int, limit: int
) -> list[int]:
    """Return the next lines of a drop that have links in comments, in order."""
    bounds = {"drop": drop_id, "after": after_line, "limit": limit}
    return list(db.execute(_SWITCHED_OFF_PAGE_QUERY, bounds).scalars())


def superseded_drops(db: Connection, drop_ids: Collection[int]) -> set[int]:
    """Return those of some drops whose receipts' names a later drop uses.

    That happens to kept files whose content changed, and after a person removed the
    filed drop with its receipts and dropped the same name again.
    """
    ids = {"ids": list(drop_ids)}
    return set(db.execute(_SUPERSEDED_QUERY, ids).scalars())


def find_unfinished_line(
    db: Connection, drop_id: int, after: LinePart, limit: int
) -> tuple[LinePart | None, LinePart | None]:
    """Search the next lines of a drop for one whose job is not finalized.

    Returns:
        That line, or None; and the last line searched, None when there was no more.
    """
    bounds = {"drop": drop_id, "limit": limit, **bound_after(after)}
    page: Sequence[Any] = db.execute(_STATES_PAGE_QUERY, bounds).all()
    for line, part, state, is_open in page:
        if is_open or (state is not None and state not in _FINALIZED):
            return LinePart(line, part), LinePart(line, part)
    return None, LinePart(page[-1].line, page[-1].part) if page else None


def _head_from_row(row: Any) -> ReceiptHead:
    return ReceiptHead(
        id=row.id,
        session_name=row.session_name,
        session_uuid=row.session_uuid,
        name=bytes(row.name),
        sha256=row.sha256,
        received_at=row.received_at,
        received_uptime_s=row.received_lived,
        state=row.state,
        filed_name=None if row.filed_name is None else bytes(row.filed_name),
        at_root=bool(row.at_root),
        reason=row.reason,
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
    )

"""Reads the collections of a receipt's lines; their entries become lines of their own."""

from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.collection_queries import collection_fields
from ytaudio_daemon.ledger.receipt_line import (
    JOB_COLUMNS,
    ReceiptCollection,
    ReceiptLine,
)
from ytaudio_daemon.ledger.schema import collections, entries, jobs
from ytaudio_daemon.ledger.subscriptions import subscriptions_of
from ytaudio_daemon.model.subscription import REMOVED_REMARK, Removal

#: A selected entry cannot be fetched, and never had a job.
IS_UNAVAILABLE = sa.and_(
    entries.c.unavailable != "",
    entries.c.job_id.is_(None),
    entries.c.skipped.is_(None),
)
#: The fields of a `ReceiptLine` that `JOB_COLUMNS` fill, in their order.
_FIRST = ReceiptLine._fields.index("job")
_JOB_FIELDS = ReceiptLine._fields[_FIRST : _FIRST + len(JOB_COLUMNS)]


def with_collections(
    db: Connection, drop_id: int, page: list[ReceiptLine]
) -> list[ReceiptLine]:
    """Return lines of a drop with the collections that some of them name."""
    wanted = {line.collection_id for line in page if line.collection_id is not None}
    if not wanted:
        return page
    found = _read_collections(db, wanted)
    return [
        line
        if line.collection_id is None
        else line._replace(
            collection=_at_line(found[line.collection_id], drop_id, line)
        )
        for line in page
    ]


def _at_line(
    collection: ReceiptCollection, drop_id: int, line: ReceiptLine
) -> ReceiptCollection:
    """Return the collection with its items as parts of a line."""
    first_drop, *first = collection.source
    is_repeated = first_drop == drop_id and (line.line, line.part) != tuple(first)
    items = [
        item._replace(line=line.line, part=line.part, result=line.result)
        for item in collection.items
    ]
    return replace(collection, items=items, is_repeated=is_repeated)


def _read_collections(
    db: Connection, ids: Collection[int]
) -> dict[int, ReceiptCollection]:
    query = sa.select(collections).where(collections.c.id.in_(sorted(ids)))
    followed = subscriptions_of(db, sorted(ids))
    found = {
        row.id: ReceiptCollection(
            **collection_fields(row),
            is_cut=row.is_cut,
            subscription=followed.get(row.id),
            source=(row.drop_id, row.drop_line, row.drop_part or 0),
        )
        for row in db.execute(query).all()
    }
    for collection_id, collection in found.items():
        collection.items.extend(_items(db, collection_id))
        collection.skipped.update(_skipped(db, collection_id))
    return found


def _items(db: Connection, collection_id: int) -> list[ReceiptLine]:
    query = (
        sa.select(
            entries.c.position,
            entries.c.video_id,
            entries.c.title,
            entries.c.unavailable,
            entries.c.removal,
            *JOB_COLUMNS,
        )
        .outerjoin(jobs, jobs.c.id == entries.c.job_id)
        .where(
            entries.c.collection_id == collection_id,
            sa.or_(entries.c.job_id.is_not(None), IS_UNAVAILABLE),
        )
        .order_by(entries.c.position, entries.c.video_id)
    )
    return [
        ReceiptLine(
            line=0,
            part=0,
            text=title or f"https://www.youtube.com/watch?v={video_id}",
            result="accepted",
            code=None,
            message=REMOVED_REMARK if removal == Removal.REMOVED else None,
            again=None,
            item=position,
            item_id=video_id,
            unavailable="" if job[0] else unavailable,
            **dict(zip(_JOB_FIELDS, job, strict=True)),
        )
        for position, video_id, title, unavailable, removal, *job in db.execute(
            query
        ).all()
    ]


def _skipped(db: Connection, collection_id: int) -> dict[str, int]:
    query = (
        sa.select(entries.c.skipped, sa.func.count())
        .where(
            entries.c.collection_id == collection_id,
            entries.c.skipped.is_not(None),
            entries.c.job_id.is_(None),
        )
        .group_by(entries.c.skipped)
    )
    return {row[0]: row[1] for row in db.execute(query).all()}

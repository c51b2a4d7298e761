"""Reads many small receipts with a few statements for all, instead of five for each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.line_order import ORDER
from ytaudio_daemon.ledger.receipt_line import ReceiptLine
from ytaudio_daemon.ledger.receipts import (
    LINE_COLUMNS,
    ReceiptHead,
    receipt_heads_by_id,
    superseded_drops,
)
from ytaudio_daemon.ledger.schema import jobs, lines, switched_off_links

_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_LINES_QUERY = (
    sa.select(lines.c.drop_id, *LINE_COLUMNS)
    .outerjoin(jobs, jobs.c.id == lines.c.job_id)
    .where(lines.c.drop_id.in_(_IDS))
    .order_by(lines.c.drop_id, *ORDER)
)
_WITH_SWITCHED_OFF_QUERY = (
    sa.select(switched_off_links.c.drop_id)
    .distinct()
    .where(switched_off_links.c.drop_id.in_(_IDS))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptBatch:
    """Small drops, with all that their receipts show.

    Attributes:
        complete: Heads and lines of the small drops, in the order of the request.
        needless: The numbers of drops that get no receipt now: they have no place yet, were
            pruned, or a later drop uses the names of their receipts.
    """

    complete: list[tuple[ReceiptHead, list[ReceiptLine]]] = field(default_factory=list)
    needless: set[int] = field(default_factory=set)


def read_small_receipts(
    db: Connection, drop_ids: Sequence[int], max_lines: int
) -> ReceiptBatch:
    """Read drops whose receipts need no more than their head and lines.

    Args:
        db: A transaction.
        drop_ids: The drops. Those in neither part of the result must be read one by
            one: they are longer, name collections, or have links in comments.
        max_lines: A drop of more lines is not small.
    """
    heads = receipt_heads_by_id(db, drop_ids)
    superseded = superseded_drops(db, heads)
    small = [
        id_
        for id_ in drop_ids
        if id_ in heads and id_ not in superseded and heads[id_].lines <= max_lines
    ]
    has_more = set(db.execute(_WITH_SWITCHED_OFF_QUERY, {"ids": small}).scalars())
    found: defaultdict[int, list[ReceiptLine]] = defaultdict(list)
    for drop_id, *row in db.execute(_LINES_QUERY, {"ids": small}).all():
        line = ReceiptLine(*row)
        found[drop_id].append(line)
        if line.collection_id is not None:
            has_more.add(drop_id)
    return ReceiptBatch(
        complete=[(heads[id_], found[id_]) for id_ in small if id_ not in has_more],
        needless={*drop_ids} - heads.keys() | superseded,
    )

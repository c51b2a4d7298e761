"""An old ledger, built by an earlier revision and filled, becomes this program's."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ytaudio_daemon.ledger import Ledger, audit, pruning, receipts
from ytaudio_daemon.ledger.migrate import SCRIPTS, migrate, require_current
from ytaudio_daemon.model import LinePart

SESSION = (
    "INSERT INTO sessions (id, uuid, name, state, created_at, last_activity_at,"
    " last_activity_lived, accepted, queued)"
    " VALUES (1, 'u-1', 'alice', 'active', 0, 0, 0, 1, 1)"
)
DROP = (
    "INSERT INTO drops (id, session_id, name, sha256, size_bytes, received_at, state,"
    " cursor, accepted, duplicate, rejected)"
    " VALUES (7, 1, :name, 'ab', 99, 0, 'recording', 12, 1, 1, 1)"
)
JOB = (
    "INSERT INTO jobs (id, uuid, session_id, drop_id, drop_line, video_id, audio_key,"
    " options, priority, state, pending_lived, created_at)"
    " VALUES (5, 'j-5', 1, 7, 2, 'AAAAAAAAAAA', 'AAAAAAAAAAA:x', '{}', 0, 'queued',"
    " 0, 0)"
)
LINE = (
    "INSERT INTO lines (drop_id, line, text, result, code, message, again, job_id)"
    " VALUES (7, :line, :text, :result, :code, :message, :again, :job)"
)
LINES = [
    (2, "https://youtu.be/AAAAAAAAAAA", "accepted", None, None, None, 5),
    (10, "again", "duplicate", None, "has it already", None, 5),
    (
        12,
        "both",
        "rejected",
        "bad_option",
        "no.",
        "https://youtu.be/B bitrate=1k",
        None,
    ),
]
COLUMNS = ("line", "text", "result", "code", "message", "again", "job")


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def old_ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    """Give a ledger that revision 0004 has made, with a half-recorded drop."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('old') / 'ledger.sqlite3'}"
    else:
        url = request.getfixturevalue("empty_postgres")
    ledger = Ledger(url)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with ledger.write() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0004")
    with ledger.write() as db:
        db.execute(sa.text(SESSION))
        db.execute(sa.text("UPDATE totals SET queued = 1"))
        db.execute(sa.text(DROP), {"name": b"songs.txt"})
        db.execute(sa.text(JOB))
        for line in LINES:
            db.execute(sa.text(LINE), dict(zip(COLUMNS, line, strict=True)))
    yield ledger
    ledger.close()


def test_an_old_ledger_keeps_every_line_and_gets_parts(old_ledger: Ledger) -> None:
    migrate(old_ledger)
    require_current(old_ledger)
    with old_ledger.read() as db:
        page = receipts.receipt_page(db, 7, LinePart(), 100)
        assert [
            (
                line.line,
                line.part,
                line.text,
                line.result,
                line.code,
                line.message,
                line.again,
                5 if line.job else None,
            )
            for line in page
        ] == [(number, 0, *rest) for number, *rest in LINES]
        assert list(audit.find_flaws(db)) == []
        (drop,) = receipts.drops_of_session(db, 1)
        assert drop.lines == 3


def test_an_old_drop_goes_on_behind_its_cursor(old_ledger: Ledger) -> None:
    migrate(old_ledger)
    with old_ledger.read() as db:
        row = db.execute(sa.text("SELECT cursor, cursor_part FROM drops")).one()
        part = db.execute(sa.text("SELECT drop_part FROM jobs")).scalar_one()
    assert (tuple(row), part) == ((12, 0), None)


def test_old_rows_are_pruned_like_new_ones(old_ledger: Ledger) -> None:
    migrate(old_ledger)
    with old_ledger.write() as db:
        db.execute(
            sa.text(
                "INSERT INTO switched_off_links (drop_id, line, number) VALUES (7, 3, 1)"
            )
        )
        assert not pruning.delete_lines(db, [7])
        for table in ("lines", "switched_off_links"):
            count = db.execute(sa.text(f"SELECT count(*) FROM {table}"))
            assert count.scalar_one() == 0


def test_a_line_of_an_old_ledger_takes_parts(old_ledger: Ledger) -> None:
    migrate(old_ledger)
    insert = sa.text(
        "INSERT INTO lines (drop_id, line, part, text, result)"
        " VALUES (7, 20, :part, 'x', 'rejected')"
    )
    with old_ledger.write() as db:
        for part in (1, 2):
            db.execute(insert, {"part": part})
        page = receipts.receipt_page(db, 7, LinePart(20, 1), 100)
    assert [line.number for line in page] == [LinePart(20, 2)]

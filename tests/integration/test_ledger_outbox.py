"""The outbox, on both databases: endings behind a cursor, and who was told how much."""

from tests.integration.ledger_rig import (
    FAILED,
    GIVE_UP,
    NO_LIMIT,
    NOW,
    cancel_running,
    claimed,
    drop,
    links,
    song,
)
from ytaudio_daemon.ledger import Ledger, expiry, meta, outbox, sessions, transitions
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.model import JobState


def test_endings_are_read_in_order_and_once(ledger: Ledger) -> None:
    drop(ledger, "music", links("a" * 11, "b" * 11, "c" * 11))
    first, second, third = (claimed(ledger) for _ in range(3))
    with ledger.write() as db:
        begun = outbox.newest_event_id(db)
        transitions.record_failure(db, second.fence, FAILED, GIVE_UP, NOW, NO_LIMIT)
        transitions.begin_publish(
            db, first.fence, output_path="/x", sha256="ab", now=NOW
        )
        transitions.complete(db, first.fence, song(), NOW, NO_LIMIT)
        cancel_running(db, third.fence)
        session = sessions.active_session(db, "music")
        assert session is not None
        assert expiry.expire(db, session, NOW, on_expiry="keep")
    with ledger.read() as db:
        found, cursor = outbox.terminal_events_after(db, begun, 100)
        assert [ending.to_state for ending in found] == [
            JobState.FAILED,
            JobState.COMPLETED,
            JobState.CANCELLED,
            None,
        ]
        assert found[-1].job_id is None
        assert cursor == outbox.newest_event_id(db)
        assert outbox.terminal_events_after(db, cursor, 100) == ([], cursor)
        paged: list[outbox.TerminalEvent] = []
        at = 0
        while at < cursor:
            some, at = outbox.terminal_events_after(db, at, 1)
            paged += some
        assert paged == found


def test_what_ends_nothing_is_passed_over_in_spans(
    sqlite_ledger: Ledger,
) -> None:
    count = outbox.SCAN_LIMIT + 10
    with sqlite_ledger.write() as db:
        for _ in range(count):
            db.exec_driver_sql(
                "INSERT INTO events (at, session_id, reason) VALUES (1, 1, 'accepted')"
            )
    with sqlite_ledger.read() as db:
        assert outbox.terminal_events_after(db, 0, 5) == ([], outbox.SCAN_LIMIT)
        assert outbox.terminal_events_after(db, outbox.SCAN_LIMIT, 5) == ([], count)


def test_who_was_told_how_much_is_kept_and_forgotten(ledger: Ledger) -> None:
    with ledger.write() as db:
        assert meta.delivery_cursors(db) == {}
        meta.save_delivery_cursor(db, "webhook", DeliveryCursor(cursor=7))
        meta.save_delivery_cursor(
            db, "people:ab", DeliveryCursor(cursor=8, degraded=True)
        )
        meta.save_delivery_cursor(db, "webhook", DeliveryCursor(cursor=9))
    with ledger.write() as db:
        assert meta.delivery_cursors(db) == {
            "webhook": DeliveryCursor(cursor=9),
            "people:ab": DeliveryCursor(cursor=8, degraded=True),
        }
        meta.delete_delivery_cursor(db, "webhook")
        assert list(meta.delivery_cursors(db)) == ["people:ab"]

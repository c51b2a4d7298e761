"""Notices for programs: an event with its job or session, as JSON. Pure.

`schemas/ytaudio.notice-1.json` describes every field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.jobs import config_values
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.notify_event import DEGRADED, RECOVERED, NotifyEvent
from ytaudio_daemon.schemas.collection import CollectionDocument
from ytaudio_daemon.schemas.job import JobDocument
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views import DaemonProblem, job_counts, job_document
from ytaudio_daemon.views.collection_documents import collection_document
from ytaudio_daemon.views.daemon_document import problem_document

SCHEMA = "ytaudio.notice/1"
TEST = "test"
TEST_MESSAGE = "This is a test: notices of ytaudio arrive here."


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeContext:
    """The host and the settings that notices and messages mention.

    Attributes:
        host: The machine's name.
        attempts: `[retry] attempts`.
        on_expiry: `[sessions] on_expiry`.
        circumstances: What hints need not advise.
    """

    host: str
    attempts: int = 8
    on_expiry: str = "keep"
    circumstances: Circumstances = NOTHING_SET

    @classmethod
    def from_settings(cls, settings: Settings, host: str) -> "NoticeContext":
        """Return the context of some settings."""
        return cls(
            host=host,
            attempts=settings.retry.attempts,
            on_expiry=settings.sessions.on_expiry,
            circumstances=config_values.circumstances(settings),
        )

    def keeps_audio(self, session: Session | None) -> bool:
        """Return True if a session's audio is kept when it ends."""
        own = session.on_expiry if session else None
        return (own or self.on_expiry) == "keep"


def event_notice(event: NotifyEvent, notice_context: NoticeContext) -> dict[str, Any]:
    """Return the notice of an ended job, collection or session, or of refused lines."""
    circumstances = notice_context.circumstances
    return _notice(
        event.event,
        identity=f"{event.event}-{event.event_id}",
        at=event.at,
        host=notice_context.host,
        message=texts.event_text(
            event,
            keeps_audio=notice_context.keeps_audio(event.session),
            circumstances=circumstances,
        ),
        job=_job(event.job, notice_context) if event.job else None,
        session=_session(event.session, notice_context) if event.session else None,
        drop=_drop(event.drop) if event.drop else None,
        collection=collection_document(event.collection, circumstances)
        if event.collection
        else None,
    )


def health_notice(
    problems: Sequence[DaemonProblem],
    at: float,
    notice_context: NoticeContext,
    *,
    is_degraded: bool,
) -> dict[str, Any]:
    """Return the notice that the daemon is degraded, or has recovered."""
    event = DEGRADED if is_degraded else RECOVERED
    return _notice(
        event,
        identity=f"{event}-{at:.0f}",
        at=at,
        host=notice_context.host,
        message=texts.health_text(
            notice_context.host, problems, is_degraded=is_degraded
        ),
        problems=problems if is_degraded else (),
    )


def test_notice(at: float, notice_context: NoticeContext) -> dict[str, Any]:
    """Return the notice that `ytaudio notify test` sends."""
    return _notice(
        TEST,
        identity=f"{TEST}-{at:.0f}",
        at=at,
        host=notice_context.host,
        message=TEST_MESSAGE,
    )


def _notice(  # noqa: PLR0913 - a document's fields
    event: str,
    *,
    identity: str,
    at: float,
    host: str,
    message: str,
    job: JobDocument | None = None,
    session: dict[str, Any] | None = None,
    drop: dict[str, Any] | None = None,
    collection: CollectionDocument | None = None,
    problems: Sequence[DaemonProblem] = (),
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": identity,
        "event": event,
        "at": rfc3339(at),
        "host": host,
        "message": message,
        "job": job,
        "session": session,
        "drop": drop,
        "collection": collection,
        "problems": [problem_document(p) for p in problems[: texts.MAX_PROBLEMS]],
    }


def _job(job: JobRow, notice_context: NoticeContext) -> JobDocument:
    return job_document(
        job,
        attempts_max=notice_context.attempts,
        circumstances=notice_context.circumstances,
    )


def _drop(drop: ReceiptHead) -> dict[str, Any]:
    return {
        "file": display_name(drop.name),
        "session": drop.session_name,
        "session_uuid": drop.session_uuid,
        "accepted": drop.accepted,
        "duplicate": drop.duplicate,
        "rejected": drop.rejected,
        "reason": drop.reason,
    }


def _session(session: Session, notice_context: NoticeContext) -> dict[str, Any]:
    return {
        "name": session.name,
        "uuid": session.uuid,
        "state": session.state.value,
        "counts": job_counts(session.counts),
        "audio": "kept" if notice_context.keeps_audio(session) else "removed",
    }

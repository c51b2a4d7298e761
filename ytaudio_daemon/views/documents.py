"""The documents for programs, from the ledger's rows and the daemon's state. Pure.

Status files, `--json` and the API have the same forms: the types in `schemas`, which
describe every field.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import IN_QUOTA, JobState, Progress, SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.collection import LISTING_ENDED
from ytaudio_daemon.model.decide import attempt_limit
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.schemas.collection import SessionCollection
from ytaudio_daemon.schemas.job import (
    JobCollection,
    JobCounts,
    JobDocument,
    JobOptions,
    JobProgress,
)
from ytaudio_daemon.schemas.session import (
    SessionCookies,
    SessionDocument,
    SessionQuota,
    SessionSummary,
)
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views.job_errors import job_error
from ytaudio_daemon.views.snapshot import ViewSettings


def job_document(
    row: JobRow,
    progress: Progress | None = None,
    position: int | None = None,
    attempts_max: int = 0,
    circumstances: Circumstances = NOTHING_SET,
) -> JobDocument:
    """Return a job's document.

    Args:
        row: The job's row in the ledger.
        progress: The progress of its running attempt, if this process knows it.
        position: Its place in its session's queue, from 1; None when it has none.
        attempts_max: `[retry] attempts`.
        circumstances: What its hint need not advise.
    """
    live = progress if row.state is JobState.RUNNING else None
    done = row.state is JobState.COMPLETED
    code = row.error["code"] if row.error else None
    return {
        "id": row.uuid,
        "session": row.session_name,
        "session_uuid": row.session_uuid,
        "url": Link(row.video_id).url,
        "video_id": row.video_id,
        "source": {
            "file": row.source_file,
            "line": row.source_line,
            "part": row.source_part,
        },
        "collection": _collection(row),
        "options": cast("JobOptions", dict(row.options)),
        "state": row.state.value,
        "phase": _phase(row, live),
        "title": row.title or (live.title if live else None),
        "artist": row.artist,
        "duration_s": row.duration_s,
        "view_count": row.view_count,
        "progress": _progress(live) if live else None,
        "attempt": {
            "number": row.attempt,
            "charged": row.charged,
            "max": attempt_limit(code, attempts_max),
            "retry_at": rfc3339(row.retry_at),
        },
        "position": position,
        "cancel_requested": row.cancel_requested,
        "output_path": row.output_path if done else None,
        "file_size_bytes": row.file_size_bytes if done else None,
        "sha256": row.sha256 if done else None,
        "with_cookies": row.with_cookies,
        "error": job_error(row.error, row.state, circumstances),
        "created_at": rfc3339(row.created_at),
        "started_at": rfc3339(row.started_at),
        "finalized_at": rfc3339(row.finalized_at),
    }


def with_live_fields(
    document: JobDocument, live: Mapping[str, Any] | None
) -> JobDocument:
    """Return a job's document with the live fields of its session's status file.

    Only the daemon knows a job's progress; other processes read it from that file.

    Args:
        document: The job's document, from the ledger.
        live: The same job's document in the status file, if there is one. It is used
            only if it shows the same state and attempt.
    """
    if live is None or live["state"] != document["state"]:
        return document
    if live["attempt"]["number"] != document["attempt"]["number"]:
        return document
    return {
        **document,
        "phase": live["phase"],
        "progress": live["progress"],
        "position": live["position"],
        "title": document["title"] or live["title"],
    }


def _collection(row: JobRow) -> JobCollection | None:
    if row.collection_uuid is None:
        return None
    return {
        "id": row.collection_uuid,
        "title": row.collection_title,
        "kind": row.collection_kind or "playlist",
        "position": row.collection_position or 1,
        "count": row.collection_count,
    }


def queue_positions(rows: Sequence[JobRow]) -> dict[str, int]:
    """Return each unclaimed job's place in its session's queue: queued, then held."""
    queue = [row for row in rows if row.state is JobState.QUEUED]
    queue += [row for row in rows if row.state is JobState.HELD]
    return {row.uuid: place for place, row in enumerate(queue, 1)}


def session_document(  # noqa: PLR0913 - its parts, one name each
    session: Session,
    jobs: Sequence[JobDocument],
    *,
    truncated: bool,
    collections: Sequence[SessionCollection],
    ignored: Sequence[tuple[str, str]],
    view_settings: ViewSettings,
    now: Now,
) -> SessionDocument:
    """Return a session's document, without `seq` and `written_at`."""
    summary = session_summary(session, view_settings, now)
    if any(named["state"] not in LISTING_ENDED for named in collections):
        summary["expires_at"] = None
    return {
        "schema": "ytaudio.session/1",
        "session": {
            **summary,
            "ignored": [{"file": name, "reason": why} for name, why in ignored],
        },
        "jobs": list(jobs),
        "truncated": truncated,
        "collections": list(collections),
    }


def session_summary(
    session: Session, view_settings: ViewSettings, now: Now
) -> SessionSummary:
    """Return the ledger's facts about a session, as its document and lists show them."""
    return {
        "name": session.name,
        "uuid": session.uuid,
        "state": session.state.value,
        "created_at": rfc3339(session.created_at),
        "last_activity_at": rfc3339(session.last_activity_at),
        "expires_at": rfc3339(expires_at(session, view_settings.ttl_s, now)),
        "quota": _quota(session, view_settings),
        "counts": job_counts(session.counts),
        "cookies": _cookies(session),
    }


def _cookies(session: Session) -> SessionCookies | None:
    if session.cookies_given_at is None and session.cookies_problem is None:
        return None
    return {
        "given_at": rfc3339(session.cookies_given_at),
        "state": session.cookies_state,
        "problem": session.cookies_problem,
    }


def expires_at(session: Session, default_ttl_s: float, now: Now) -> float | None:
    """Return when the session ends by the wall clock, if the daemon keeps running.

    Returns None while a job is unfinished or a collection is followed, for a session
    without a time to live, and for one that has ended.
    """
    ttl = default_ttl_s if session.ttl_s is None else session.ttl_s
    if session.state is not SessionState.ACTIVE or session.unfinished or ttl <= 0:
        return None
    if session.subscriptions:
        return None
    # Whole seconds: two clocks that differ by microseconds are no change.
    return round(
        now.wall + max(0.0, ttl - (now.uptime_s - session.last_activity_uptime_s))
    )


def job_counts(counts: Mapping[JobState, int]) -> JobCounts:
    """Return the number of jobs by state."""
    return cast("JobCounts", {state.value: counts[state] for state in JobState})


def _phase(row: JobRow, live: Progress | None) -> str | None:
    if row.state is not JobState.RUNNING:
        return None
    return row.phase or (live.phase if live else None)


def _progress(live: Progress) -> JobProgress:
    return {
        "percent": live.percent,
        "downloaded_bytes": live.downloaded_bytes,
        "total_bytes": live.total_bytes,
        "speed_bps": live.speed_bps,
        "eta_s": live.eta_s,
    }


def _quota(session: Session, view_settings: ViewSettings) -> SessionQuota:
    own_jobs, own_bytes = session.max_jobs, session.max_bytes
    return {
        "max_jobs": view_settings.max_jobs if own_jobs is None else own_jobs,
        "used_jobs": sum(session.counts[state] for state in IN_QUOTA),
        "max_bytes": view_settings.max_bytes if own_bytes is None else own_bytes,
        "used_bytes": session.used_bytes,
    }

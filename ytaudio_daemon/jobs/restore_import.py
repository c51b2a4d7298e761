"""After a restore: finished audio on disk that the older ledger knows nothing of.

It is taken into the ledger before anything is claimed, so that nothing is fetched
twice and nothing that was finished is forgotten.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from ytaudio_daemon.dropfile import session_name_problem
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout, published
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.publisher import Publication
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    claims,
    job_entry,
    meta,
    transitions,
    work_counts,
)
from ytaudio_daemon.ledger.line_recorder import JobOptions
from ytaudio_daemon.ledger.sessions import active_session, find_session, open_session
from ytaudio_daemon.model import JobState, Options, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.options import check_option
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.urls import parse_plain_link

log = structlog.get_logger()

#: Looked up in the ledger at once.
PAGE_SIZE = 500
NO_LIMIT = Quota(max_jobs=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """A published job folder that the ledger does not call completed.

    Attributes:
        state: The job's in the ledger; None when it knows no such job.
        facts: Its `job.json`.
    """

    session_uuid: str
    job_uuid: str
    state: JobState | None
    outcome: Outcome
    facts: dict[str, Any]

    @property
    def finished_at(self) -> float:
        """When it was made, seconds since 1970; 0 when it does not say."""
        try:
            return datetime.fromisoformat(str(self.facts["finished_at"])).timestamp()
        except (KeyError, ValueError):
            return 0.0


#: Hears of a folder that is passed over, and why.
OnSkip = Callable[[Path, Exception], None]


def results_missing_from_ledger(
    ledger: Ledger, layout: Layout, until: float, on_skip: OnSkip
) -> Iterator[PublishedResult]:
    """Yield the finished audio that a restored ledger lacks.

    Args:
        ledger: Read a page at a time.
        layout: Where finished audio is.
        until: What the ledger knows up to. A job it has no row of is its own history,
            long pruned, when it is older.
        on_skip: Hears of what cannot be looked at, or lies in another session's folder;
            a job that the ledger has is looked for again before it is fetched.
    """
    folders = _job_folders(layout, on_skip)
    while piece := list(islice(folders, PAGE_SIZE)):
        with ledger.read() as db:
            states = work_counts.job_states(db, [job for _, job in piece])
        for session_uuid, job_uuid in piece:
            state = states.get(job_uuid)
            if state is JobState.COMPLETED:
                continue
            try:
                outcome = published.published_outcome(layout, session_uuid, job_uuid)
            except (OSError, UnsafePathError) as error:
                on_skip(layout.job_dir(session_uuid, job_uuid), error)
                continue
            if outcome is None:
                continue
            facts = published.read_job_file(layout, session_uuid, job_uuid)
            if (home := _owning_session(facts)) not in {None, session_uuid}:
                belongs = UnsafePathError(f"it belongs into downloads/{home}")
                on_skip(layout.job_dir(session_uuid, job_uuid), belongs)
                continue
            published_result = PublishedResult(
                session_uuid=session_uuid,
                job_uuid=job_uuid,
                state=state,
                outcome=outcome,
                facts=facts,
            )
            if state is not None or published_result.finished_at > until:
                yield published_result


def _owning_session(facts: dict[str, Any]) -> str | None:
    """Return the session that a job was made in, by its `job.json`."""
    told = facts.get("job")
    home = told.get("session_uuid") if isinstance(told, dict) else None
    return home if isinstance(home, str) else None


def import_after_restore(
    ledger: Ledger, layout: Layout, completer: AttemptCompleter, host: str, now: Now
) -> None:
    """Take into a ledger that was just restored what was finished without it.

    Raises:
        LedgerError: The next start goes on.
    """
    with ledger.read() as db:
        until = meta.restored_until(db)
        left = [] if until is None else claims.all_running_claims(db)
    if until is None:
        return
    for lost in left:  # nobody runs them, whatever name they were claimed under
        completer.requeue(lost, now, "crash")
    adopted = 0
    for published_result in results_missing_from_ledger(
        ledger, layout, until, _log_skipped
    ):
        with ledger.write() as db:
            claim = _claim_job(db, published_result, now, host)
        if claim is None:
            log.warning(
                "job.not_adopted",
                job=published_result.job_uuid,
                state=published_result.state,
            )
            continue
        completer.finish(
            claim, Publication(outcome=published_result.outcome, is_own=False), now
        )
        adopted += 1
    with ledger.write() as db:
        meta.clear_restored(db)
    log.info("ledger.restored", adopted=adopted)


def _log_skipped(place: Path, error: Exception) -> None:
    log.warning("downloads.passed_over", place=str(place), error=str(error))


def _claim_job(
    db: Connection, published_result: PublishedResult, now: Now, host: str
) -> claims.Claim | None:
    """Claim the job that stands there; None when no such job can be."""
    known = job_entry.find_job_by_uuid(db, published_result.job_uuid)
    if known is not None and known.session_uuid != published_result.session_uuid:
        return None  # somebody moved it: its place is in another session's folder
    job_id = _enqueue_job(db, published_result, now) if known is None else known.id
    if job_id is None or not transitions.force_queue(db, job_id, now):
        return None
    return claims.claim_job(db, job_id, now, host)


def _enqueue_job(
    db: Connection, published_result: PublishedResult, now: Now
) -> int | None:
    """Give a finished file the job it had, in the session it had."""
    job_options, link = (
        _job_options(published_result.facts),
        parse_plain_link(str(published_result.facts.get("url"))),
    )
    session_id = _find_or_open_session(db, published_result, now)
    if job_options is None or session_id is None or link is None:
        return None
    video_id = link.video_id
    if (
        job_entry.find_job_by_audio(db, session_id, video_id, job_options.profile)
        is not None
    ):
        return None
    job = job_entry.enqueue_job(
        db,
        session_id,
        video_id=video_id,
        job_options=job_options,
        job_uuid=published_result.job_uuid,
        quota=NO_LIMIT,
        now=now,
    )
    return None if job is None else job.id


def _find_or_open_session(
    db: Connection, published_result: PublishedResult, now: Now
) -> int | None:
    """Return the session it was made in; one that the ledger lacks begins again."""
    known = find_session(db, published_result.session_uuid)
    if known is not None:
        return known.id
    told = published_result.facts.get("job")
    name = str(told.get("session")) if isinstance(told, dict) else ""
    if session_name_problem(name) or active_session(db, name) is not None:
        return None
    return open_session(db, name, now, session_uuid=published_result.session_uuid).id


def _job_options(facts: dict[str, Any]) -> JobOptions | None:
    """Return the options it was made with; None when no drop could have them."""
    try:
        told = {k: v for k, v in facts["options"].items() if v is not None}
        tags = told.pop("tags", {}).items()
        for key, value in (*told.items(), *((f"tag.{k}", v) for k, v in tags)):
            check_option(key, value)
        return JobOptions.from_options(Options.from_json(facts["options"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _job_folders(layout: Layout, on_skip: OnSkip) -> Iterator[tuple[str, str]]:
    for session_uuid in _uuids_in(layout.downloads, on_skip):
        for job_uuid in _uuids_in(layout.session_downloads(session_uuid), on_skip):
            yield session_uuid, job_uuid


def _uuids_in(folder: Path, on_skip: OnSkip) -> list[str]:
    """Return the folders named by a UUID; links are nobody's results."""
    try:
        with os.scandir(folder) as entries:
            folders = (e.name for e in entries if e.is_dir(follow_symlinks=False))
            return sorted(filter(_is_uuid, folders))
    except FileNotFoundError:
        return []
    except OSError as error:
        on_skip(folder, error)
        return []


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False

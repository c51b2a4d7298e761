"""Adds the finished audio on disk to a ledger that was restored from a backup.

It runs before anything is claimed, so that nothing is downloaded twice and nothing that
was finished is lost.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from ytaudio_daemon.dropfile import session_name_problem
from ytaudio_daemon.errors import ITEM_ERRORS, UnsafePathError
from ytaudio_daemon.folders import Layout, published
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.publisher import Publication
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    claims,
    meta,
    queries,
    transitions,
    work_counts,
)
from ytaudio_daemon.ledger.enqueue import JobOptions, NewVideo, enqueue_link
from ytaudio_daemon.ledger.sessions import active_session, find_session, open_session
from ytaudio_daemon.model import JobState, Options, Outcome
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.options import check_option
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.system.times import may_be_after, parse_rfc3339
from ytaudio_daemon.urls import parse_plain_link

log = structlog.get_logger()

#: Jobs whose states are read from the ledger at once.
PAGE_SIZE = 500
NO_LIMIT = Quota(max_jobs=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """A published job folder that the ledger does not call completed.

    Attributes:
        session_uuid: The session's folder.
        job_uuid: The job's folder.
        state: The job's state in the ledger; None if it has no such job.
        outcome: Carries the result.
        facts: The content of `job.json`.
    """

    session_uuid: str
    job_uuid: str
    state: JobState | None
    outcome: Outcome
    facts: dict[str, Any]

    @property
    def finished_at(self) -> float:
        """When it was made, seconds since 1970; 0 if `job.json` does not say."""
        try:
            return parse_rfc3339(str(self.facts["finished_at"]))
        except (KeyError, ValueError):
            return 0.0

    @property
    def owning_session(self) -> str | None:
        """The UUID of the session that the job was made in, by its `job.json`."""
        job = self.facts.get("job")
        uuid = job.get("session_uuid") if isinstance(job, dict) else None
        return uuid if isinstance(uuid, str) else None


#: Called with a folder that is skipped, and why.
OnSkip = Callable[[Path, Exception], None]


def results_missing_from_ledger(
    ledger: Ledger, layout: Layout, until: float, on_skip: OnSkip
) -> Iterator[PublishedResult]:
    """Yield the finished audio that a restored ledger lacks.

    Args:
        ledger: Read a page at a time.
        layout: Where finished audio is.
        until: The time of the backup, seconds since 1970. Audio older than that, whose
            job the ledger does not have, belongs to pruned history.
        on_skip: Called for a folder that cannot be examined, or that lies in another
            session's folder; a job that the ledger has is examined again before it is
            downloaded.
    """
    folders = _job_folders(layout, on_skip)
    while page := list(islice(folders, PAGE_SIZE)):
        with ledger.read() as db:
            states = work_counts.job_states(db, [job for _, job in page])
        for session_uuid, job_uuid in page:
            state = states.get(job_uuid)
            if state is JobState.COMPLETED:
                continue
            found = _published_result(layout, session_uuid, job_uuid, state, on_skip)
            if found is not None and (
                state is not None or may_be_after(found.finished_at, until)
            ):
                yield found


def _published_result(
    layout: Layout,
    session_uuid: str,
    job_uuid: str,
    state: JobState | None,
    on_skip: OnSkip,
) -> PublishedResult | None:
    """Return the whole audio in a job's folder, if it is in its own session's folder."""
    folder = layout.job_dir(session_uuid, job_uuid)
    try:
        outcome = published.published_outcome(layout, session_uuid, job_uuid)
    except ITEM_ERRORS as error:
        on_skip(folder, error)
        return None
    if outcome is None:
        return None
    found = PublishedResult(
        session_uuid=session_uuid,
        job_uuid=job_uuid,
        state=state,
        outcome=outcome,
        facts=published.read_job_file(layout, session_uuid, job_uuid),
    )
    if (owner := found.owning_session) not in {None, session_uuid}:
        on_skip(folder, UnsafePathError(f"it belongs into downloads/{owner}"))
        return None
    return found


def import_after_restore(
    ledger: Ledger, layout: Layout, completer: AttemptCompleter, host: str, now: Now
) -> None:
    """Add to a ledger that was just restored the audio finished since its backup.

    Does nothing if the ledger was not restored since the last call.

    Raises:
        LedgerError: The next start goes on.
    """
    with ledger.read() as db:
        until = meta.restored_until(db)
        running = [] if until is None else claims.all_running_claims(db)
    if until is None:
        return
    for claim in running:  # no process has them, under any owner's name
        completer.requeue(claim, now, "crash")
    adopted = sum(
        _import_result(ledger, completer, found, host, now)
        for found in results_missing_from_ledger(ledger, layout, until, _log_skipped)
    )
    with ledger.write() as db:
        meta.clear_restored(db)
    log.info("ledger.restored", adopted=adopted)


def _import_result(
    ledger: Ledger,
    completer: AttemptCompleter,
    found: PublishedResult,
    host: str,
    now: Now,
) -> bool:
    with ledger.write() as db:
        claim = _claim_job(db, found, now, host)
    if claim is None:
        log.warning("job.not_adopted", job=found.job_uuid, state=found.state)
        return False
    completer.finish(claim, Publication(outcome=found.outcome, is_own=False), now)
    return True


def _log_skipped(place: Path, error: Exception) -> None:
    log.warning("downloads.passed_over", place=str(place), error=str(error))


def _claim_job(
    db: Connection, published_result: PublishedResult, now: Now, host: str
) -> claims.Claim | None:
    """Claim the job of the published audio; None if there cannot be such a job."""
    known = queries.find_job_by_uuid(db, published_result.job_uuid)
    if known is not None and known.session_uuid != published_result.session_uuid:
        return None  # a person moved it here from another session's folder
    job_id = _enqueue_job(db, published_result, now) if known is None else known.id
    if job_id is None or not transitions.force_queue(db, job_id, now):
        return None
    return claims.claim_job(db, job_id, now, host)


def _enqueue_job(
    db: Connection, published_result: PublishedResult, now: Now
) -> int | None:
    """Enqueue the job that finished audio came from, in its session; None if impossible."""
    job_options = _job_options(published_result.facts)
    link = parse_plain_link(str(published_result.facts.get("url")))
    session_id = _find_or_open_session(db, published_result, now)
    if job_options is None or session_id is None or link is None:
        return None
    new = NewVideo(
        video_id=link.video_id,
        job_options=job_options,
        uuid=published_result.job_uuid,
        ignores_archive=True,  # it is here already
    )
    profile = job_options.profile
    if queries.find_job_by_audio(db, session_id, new.video_id, profile) is not None:
        return None
    is_gone = published.audio_is_gone
    return enqueue_link(
        db, session_id, new, quota=NO_LIMIT, now=now, file_is_gone=is_gone
    ).job_id


def _find_or_open_session(
    db: Connection, published_result: PublishedResult, now: Now
) -> int | None:
    """Return the ID of the session it was made in; opens one that the ledger lacks."""
    known = find_session(db, published_result.session_uuid)
    if known is not None:
        return known.id
    job = published_result.facts.get("job")
    name = str(job.get("session")) if isinstance(job, dict) else ""
    if session_name_problem(name) or active_session(db, name) is not None:
        return None
    return open_session(db, name, now, session_uuid=published_result.session_uuid).id


def _job_options(facts: dict[str, Any]) -> JobOptions | None:
    """Return the options it was made with; None if no drop could have given them."""
    try:
        given = {k: v for k, v in facts["options"].items() if v is not None}
        tags = given.pop("tags", {}).items()
        for key, value in (*given.items(), *((f"tag.{k}", v) for k, v in tags)):
            check_option(key, value)
        return JobOptions.from_options(Options.from_json(facts["options"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _job_folders(layout: Layout, on_skip: OnSkip) -> Iterator[tuple[str, str]]:
    for session_uuid in _uuids_in(layout.downloads, on_skip):
        for job_uuid in _uuids_in(layout.session_downloads(session_uuid), on_skip):
            yield session_uuid, job_uuid


def _uuids_in(folder: Path, on_skip: OnSkip) -> list[str]:
    """Return the names of folders that are UUIDs; links are ignored."""
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

"""A finished file whose place is not what it should be is neither lost nor refetched."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.jobs_rig import (
    NO_TOOLS,
    VIDEO,
    bare_layout,
    ends_without_worker,
    put,
    roomy_settings,
)
from tests.integration.ledger_rig import (
    FAILURE,
    HOST,
    NOW,
    claimed,
    drop,
    later,
    link,
    links,
    song,
)
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.folders import Layout, published, publishing, safe_open
from ytaudio_daemon.jobs.byte_limit import BYTE_LIMIT
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.jobs.work_cleanup import WORK_UNREADABLE, WorkCleaner
from ytaudio_daemon.ledger import Ledger, audit, claims, gates, queries, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FailureKind, JobState, Outcome
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.outcome import JOB_DIR, RESULT_FILE, RESULT_SCHEMA
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.system import failpoints

RESULT = song(size=5)
#: Names the very audio that `finish` leaves.
TRUE_RESULT = song(size=5, sha256=hashlib.sha256(b"audio").hexdigest())


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return bare_layout(tmp_path)


@pytest.fixture
def completer(
    sqlite_ledger: Ledger, layout: Layout, tmp_path: Path
) -> AttemptCompleter:
    return AttemptCompleter(sqlite_ledger, layout, roomy_settings(tmp_path))


@pytest.fixture
def claim(sqlite_ledger: Ledger) -> Claim:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    return claimed(sqlite_ledger)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@contextmanager
def running(ledger: Ledger, layout: Layout, root: Path) -> Iterator[JobRunner]:
    pool = Pool(
        downloads=2, converters=1, state_id="x", home=layout.home, adopt_orphans=False
    )
    try:
        yield JobRunner(ledger, layout, pool, roomy_settings(root), NO_TOOLS, HOST)
    finally:
        pool.close()


def finish(
    layout: Layout, claim: Claim, title: str = "Song", outcome: Outcome = RESULT
) -> Path:
    """Leave a result in the attempt's folder, as a worker does."""
    publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    folder = layout.attempt_dir(claim.uuid, claim.attempt)
    made = put(layout, "made", claim.uuid, title=title)
    (layout.downloads / "made" / claim.uuid).rename(folder / JOB_DIR)
    document = {"schema": RESULT_SCHEMA, **outcome.to_json()}
    (folder / RESULT_FILE).write_text(json.dumps(document))
    return folder / JOB_DIR / "audio" / made.name


def swap_for_link(layout: Layout, claim: Claim, target: Path) -> Path:
    """Put a link where the session's folder was; returns where that is now."""
    place = layout.session_downloads(claim.session_uuid)
    place.mkdir(exist_ok=True)
    aside = place.rename(place.with_name(".aside"))
    place.symlink_to(target)
    return aside


def swap_back(layout: Layout, claim: Claim, aside: Path) -> None:
    place = layout.session_downloads(claim.session_uuid)
    place.unlink()
    aside.rename(place)


def the_job(ledger: Ledger) -> JobRow:
    with ledger.read() as db:
        assert not list(audit.find_flaws(db))
        return queries.find_jobs(db)[0]


def error_code(ledger: Ledger) -> str:
    return str((the_job(ledger).error or {}).get("code"))


def claim_again(ledger: Ledger, at: float) -> Claim:
    with ledger.write() as db:
        transitions.requeue_due(db, later(at), max_delay_s=10 * 86_400)
    return claimed(ledger, later(at))


def test_a_folder_swapped_in_the_middle_of_publishing_keeps_what_it_got(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish(layout, claim)
    aside = []

    def rename_and_swap(*names: Any) -> None:
        safe_open.rename_noreplace(*names)
        aside.append(swap_for_link(layout, claim, elsewhere))

    monkeypatch.setattr(publishing, "rename_noreplace", rename_and_swap)
    completer.finish(claim, RESULT, later(1))
    assert the_job(sqlite_ledger).state is JobState.COMPLETED
    swap_back(layout, claim, *aside)
    assert Path(the_job(sqlite_ledger).output_path or "").read_bytes() == b"audio"
    assert list(elsewhere.iterdir()) == []


def test_a_result_of_an_earlier_attempt_at_its_place_is_the_jobs(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    audio = put(layout, claim.session_uuid, claim.uuid, title="First")
    finish(layout, claim, title="Second")
    completer.finish(claim, RESULT, later(1))
    job = the_job(sqlite_ledger)
    assert (job.state, job.title) == (JobState.COMPLETED, "First")
    assert job.output_path == str(audio)
    assert publishing.jobs_with_work(layout) == []


def test_what_is_not_the_jobs_at_its_place_stays_and_fails_it(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    theirs = layout.job_dir(claim.session_uuid, claim.uuid) / "theirs.txt"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    made = finish(layout, claim)
    completer.finish(claim, RESULT, later(1))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    assert error_code(sqlite_ledger) == "place_taken"
    assert theirs.exists()
    assert made.exists(), "kept for a retry"


def test_nothing_is_fetched_while_nobody_can_tell_whether_it_is_there(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    elsewhere: Path,
) -> None:
    put(layout, claim.session_uuid, claim.uuid)
    put(layout, "../elsewhere", claim.uuid)  # a link must not lead to it
    aside = swap_for_link(layout, claim, elsewhere)
    assert ends_without_worker(sqlite_ledger, layout, completer, claim, later(1))
    job = the_job(sqlite_ledger)
    assert (job.state, error_code(sqlite_ledger)) == (
        JobState.WAITING,
        "publish_failed",
    )
    assert "cannot be looked at" in str((job.error or {})["message"])
    swap_back(layout, claim, aside)
    assert ends_without_worker(
        sqlite_ledger, layout, completer, claim_again(sqlite_ledger, 600), later(601)
    )
    assert the_job(sqlite_ledger).state is JobState.COMPLETED


def test_where_nothing_stands_a_job_is_fetched(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    assert not ends_without_worker(sqlite_ledger, layout, completer, claim, later(1))
    layout.session_downloads(claim.session_uuid).mkdir()
    assert not ends_without_worker(sqlite_ledger, layout, completer, claim, later(1))


def test_a_result_whose_place_stays_closed_is_kept_for_a_retry(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    elsewhere: Path,
) -> None:
    made = finish(layout, claim)
    swap_for_link(layout, claim, elsewhere)
    now = 1.0
    completer.finish(claim, RESULT, later(now))
    while the_job(sqlite_ledger).state is JobState.WAITING:
        now += 86_400
        last = claim_again(sqlite_ledger, now)
        publishing.begin_attempt(layout, last.uuid, last.attempt)
        assert ends_without_worker(sqlite_ledger, layout, completer, last, later(now))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    WorkCleaner(sqlite_ledger, layout).clear()
    assert made.exists()


def test_one_file_that_the_disk_cannot_read_holds_nobody_else_up(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(layout, claim.session_uuid, claim.uuid)

    def broken(_folder: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(published, "_job_facts", broken)
    assert ends_without_worker(sqlite_ledger, layout, completer, claim, later(1))
    assert the_job(sqlite_ledger).state is JobState.WAITING
    with sqlite_ledger.read() as db:
        assert gates.closed_gates(db) == []


@pytest.mark.parametrize("kind", ["a file for downloads", "no descriptors"])
def test_what_is_wrong_with_the_machine_is_no_jobs_fault(
    sqlite_ledger: Ledger,
    layout: Layout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    drop(sqlite_ledger, "party", links("AAAAAAAAAAA", "BBBBBBBBBBB"))
    if kind == "no descriptors":

        def none_left(*_: object) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        monkeypatch.setattr(published, "published_outcome", none_left)
    else:
        shutil.rmtree(layout.downloads)
        layout.downloads.touch()
    with running(sqlite_ledger, layout, tmp_path) as attempts:
        attempts.start_jobs(NOW)
        attempts.start_jobs(NOW)
    with sqlite_ledger.read() as db:
        tried = [(job.state, job.charged) for job in queries.find_jobs(db)]
        gate = gates.find_gate(db, GateName.HOST)
    assert sorted(tried) == [(JobState.QUEUED, 0), (JobState.WAITING, 0)]
    assert gate is not None


@pytest.fixture
def half_adopted(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> Outcome:
    """Have a ledger be busy behind an adoption; gives what the attempt itself made."""
    put(layout, claim.session_uuid, claim.uuid, title="First")
    finish(layout, claim, title="Second")
    own = song(size=5_000_000)

    def busy(*_: object) -> None:
        raise LedgerBusyError("somebody writes")

    with monkeypatch.context() as patch:
        patch.setattr(transitions, "complete", busy)
        with pytest.raises(LedgerBusyError):
            completer.finish(claim, own, later(1))
    assert the_job(sqlite_ledger).state is JobState.RUNNING
    return own


def test_a_ledger_that_was_busy_behind_an_adoption_gets_what_stands_there(
    sqlite_ledger: Ledger,
    completer: AttemptCompleter,
    claim: Claim,
    half_adopted: Outcome,
) -> None:
    completer.finish(claim, half_adopted, later(2))
    job = the_job(sqlite_ledger)
    assert (job.title, job.file_size_bytes) == ("First", 5)


@pytest.mark.usefixtures("half_adopted")
def test_a_crash_behind_an_adoption_completes_with_what_stands_there(
    sqlite_ledger: Ledger, layout: Layout, tmp_path: Path
) -> None:
    with sqlite_ledger.read() as db:
        [left] = claims.running_claims(db, HOST)
    fresh = AttemptCompleter(sqlite_ledger, layout, roomy_settings(tmp_path))
    fresh.requeue(left, later(2), "crash")
    job = the_job(sqlite_ledger)
    assert (job.title, job.file_size_bytes) == ("First", 5)


def test_a_finished_result_is_kept_whatever_failed_behind_it(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    made = finish(layout, claim)
    crashed = replace(FAILURE, kind=FailureKind.POLICY, code="else")
    completer.finish(claim, Outcome(failure=crashed), later(1))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    WorkCleaner(sqlite_ledger, layout).clear()
    assert made.exists()
    unreadable = made.parents[1] / "job.json"
    unreadable.unlink()
    unreadable.symlink_to(unreadable)
    WorkCleaner(sqlite_ledger, layout).clear()
    assert made.exists(), "nobody can tell"
    unreadable.unlink()
    WorkCleaner(sqlite_ledger, layout).clear()
    assert publishing.jobs_with_work(layout) == []


def test_no_empty_folder_is_kept(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    failure = replace(FAILURE, kind=FailureKind.POLICY, code=BYTE_LIMIT)
    completer.finish(claim, Outcome(failure=failure), later(1))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    assert publishing.jobs_with_work(layout) == []


def test_work_that_cannot_be_read_does_not_meet_a_retry(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim
) -> None:
    finish(layout, claim)
    failure = replace(FAILURE, kind=FailureKind.POLICY, code=WORK_UNREADABLE)
    completer.finish(claim, Outcome(failure=failure), later(1))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    assert publishing.jobs_with_work(layout) == []


class KilledError(BaseException):
    """Stands for the end of the process: nothing behind it is done."""


def finish_until(
    step: str, completer: AttemptCompleter, claim: Claim, outcome: Outcome = RESULT
) -> None:
    """Finish an attempt as a daemon does that is killed at a step."""

    def die(passed: str, _about: str) -> None:
        if passed == step:
            raise KilledError

    with pytest.MonkeyPatch.context() as patch, suppress(KilledError):
        patch.setattr(failpoints, "_observers", [die])
        completer.finish(claim, outcome, later(1))


def start_again(ledger: Ledger, layout: Layout) -> JobRow:
    """Do what the next daemon does with a running job; return the job."""
    with ledger.read() as db:
        left = claims.running_claims(db, HOST)
    fresh = AttemptCompleter(ledger, layout, roomy_settings(layout.state))
    for claim in left:
        fresh.requeue(claim, later(2), "crash")
    WorkCleaner(ledger, layout).clear()
    return the_job(ledger)


STEPS = ["publish.begun", "publish.renamed", "job.completed", "work.cleared"]


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_of_publishing_comes_to_the_same_end(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    step: str,
) -> None:
    finish(layout, claim, outcome=TRUE_RESULT)
    finish_until(step, completer, claim, TRUE_RESULT)
    job = start_again(sqlite_ledger, layout)
    assert (job.state, job.attempt, job.file_size_bytes) == (JobState.COMPLETED, 1, 5)
    assert Path(job.output_path or "").read_bytes() == b"audio"
    assert publishing.jobs_with_work(layout) == []


@pytest.mark.parametrize("step", [step for step in STEPS if step != "publish.renamed"])
def test_a_crash_at_any_step_of_an_adoption_comes_to_the_same_end(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    claim: Claim,
    step: str,
) -> None:
    put(layout, claim.session_uuid, claim.uuid, title="First")
    finish(layout, claim, title="Second")
    finish_until(step, completer, claim)
    job = start_again(sqlite_ledger, layout)
    assert (job.state, job.attempt, job.title) == (JobState.COMPLETED, 1, "First")
    assert publishing.jobs_with_work(layout) == []

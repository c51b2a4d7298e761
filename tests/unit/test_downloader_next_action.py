"""What a caller does about a job, by how it stands."""

from dataclasses import replace

import pytest

from ytaudio_daemon.downloader.next_action import NextAction, next_action
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import FailureKind, JobState

NOW = 1000.0

JOB = JobRow(
    id=1,
    uuid="u",
    session_id=1,
    session_name="s",
    session_uuid="su",
    source_file=None,
    source_line=None,
    source_part=None,
    video_id="AAAAAAAAAAA",
    options={},
    state=JobState.QUEUED,
    phase=None,
    cancel_requested=False,
    attempt=1,
    charged=0,
    retry_at=None,
    title=None,
    artist=None,
    duration_s=None,
    view_count=None,
    error=None,
    output_path=None,
    file_size_bytes=None,
    sha256=None,
    created_at=0.0,
    started_at=None,
    finalized_at=None,
)


def look(state: JobState, *, first: bool, gone: bool = False) -> NextAction:
    job = replace(JOB, state=state)
    return next_action(job, is_first_read=first, file_is_gone=gone, wall=NOW)


def waiting(kind: FailureKind, retry_at: float, *, others: bool = False) -> NextAction:
    job = replace(
        JOB, state=JobState.WAITING, error={"kind": kind.value}, retry_at=retry_at
    )
    return next_action(
        job,
        is_first_read=False,
        file_is_gone=False,
        wall=NOW,
        has_other_egress=others,
    )


@pytest.mark.parametrize(
    ("state", "at_first", "later"),
    [
        (JobState.QUEUED, NextAction.CLAIM, NextAction.CLAIM),
        (JobState.HELD, NextAction.RETURN, NextAction.RETURN),
        (JobState.RUNNING, NextAction.WAIT, NextAction.WAIT),
        (JobState.WAITING, NextAction.REQUEUE, NextAction.RETURN),
        (JobState.COMPLETED, NextAction.RETURN, NextAction.RETURN),
        (JobState.FAILED, NextAction.RETRY, NextAction.RETURN),
        (JobState.CANCELLED, NextAction.RETRY, NextAction.RETURN),
    ],
)
def test_every_state_has_its_turn(
    state: JobState, at_first: NextAction, later: NextAction
) -> None:
    assert look(state, first=True) is at_first
    if state is JobState.WAITING:
        assert waiting(FailureKind.NOT_YET, NOW) is later
    else:
        assert look(state, first=False) is later


def test_a_completed_job_without_its_file_runs_again() -> None:
    assert look(JobState.COMPLETED, first=True, gone=True) is NextAction.RETRY


def test_only_what_may_pass_within_seconds_is_tried_again() -> None:
    assert waiting(FailureKind.TRANSIENT, NOW + 1) is NextAction.WAIT
    assert waiting(FailureKind.TRANSIENT, NOW) is NextAction.REQUEUE
    assert waiting(FailureKind.CRASHED, NOW - 1) is NextAction.REQUEUE
    for kind in (FailureKind.BLOCKED, FailureKind.OFFLINE, FailureKind.HOST):
        assert waiting(kind, NOW) is NextAction.RETURN


def test_a_job_that_waits_for_another_egress_is_waited_for() -> None:
    for kind in (FailureKind.BLOCKED, FailureKind.OFFLINE):
        assert waiting(kind, NOW, others=True) is NextAction.REQUEUE
        assert waiting(kind, NOW + 1, others=True) is NextAction.WAIT
        assert waiting(kind, NOW + 900, others=True) is NextAction.RETURN
    assert waiting(FailureKind.HOST, NOW, others=True) is NextAction.RETURN

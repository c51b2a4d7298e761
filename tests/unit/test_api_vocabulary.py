"""The table between the API's words and the program's own."""

from typing import Any

import pytest

from ytaudio_daemon.api.response_documents import jobs_by_status, to_api_job
from ytaudio_daemon.api.vocabulary import (
    FINAL_STATUSES,
    STATUS_BY_STATE,
    Status,
    to_options,
    to_states,
)
from ytaudio_daemon.model import JobState, Phase


def job(state: JobState, **more: Any) -> Any:
    return {
        "id": "x",
        "state": state.value,
        "phase": None,
        "progress": None,
        "error": None,
        "options": {"quality": "best", "format": "opus"},
        **more,
    }


def test_every_state_has_a_status_and_every_status_a_state() -> None:
    assert set(STATUS_BY_STATE) == set(JobState)
    assert set(STATUS_BY_STATE.values()) == set(Status)
    assert sorted(to_states(list(Status))) == sorted(JobState)
    assert to_states([Status.PENDING]) == [
        JobState.QUEUED,
        JobState.HELD,
        JobState.WAITING,
    ]


def test_what_the_originals_client_waits_for_is_final() -> None:
    assert {"completed", "failed"} <= FINAL_STATUSES
    assert not {Status.PENDING, Status.PROCESSING} & FINAL_STATUSES


@pytest.mark.parametrize(
    ("found", "percent"),
    [
        (job(JobState.QUEUED), 0),
        (job(JobState.RUNNING), 0),
        (job(JobState.RUNNING, progress={"percent": None}), 0),
        (job(JobState.RUNNING, progress={"percent": 42.5}, phase="downloading"), 42.5),
        (job(JobState.RUNNING, progress={"percent": 100.0}, phase="downloading"), 99),
        (job(JobState.RUNNING, progress={"percent": 3.0}, phase=Phase.CONVERTING), 99),
        (job(JobState.RUNNING, phase="publishing"), 99),
        (job(JobState.COMPLETED), 100),
        (job(JobState.FAILED), 0),
    ],
)
def test_progress_grows_and_is_whole_only_at_the_end(
    found: Any, percent: float
) -> None:
    assert to_api_job(found, None)["progress_percent"] == percent


def test_the_words_stand_beside_the_programs_own() -> None:
    found = job(JobState.WAITING, error={"message": "It broke."})
    answer = to_api_job(found, "no daemon")
    assert found.items() <= answer.items()
    assert answer["job_uuid"] == "x"
    assert answer["status"] == "pending"
    assert (answer["quality"], answer["output_format"]) == ("best", "opus")
    assert answer["error_message"] == "It broke."
    assert answer["note"] == "no daemon"


def test_a_note_is_for_what_waits() -> None:
    assert to_api_job(job(JobState.COMPLETED), "no daemon")["note"] is None


def test_options_and_counts_are_translated() -> None:
    layer = to_options({"output_format": "mp3", "tags": {"artist": "x"}})
    assert layer == {"format": "mp3", "tag": {"artist": "x"}}
    counts: Any = dict.fromkeys(map(str, JobState), 1)
    assert jobs_by_status(counts) == {
        "pending": 3,
        "processing": 1,
        "completed": 1,
        "failed": 1,
        "cancelled": 1,
    }

"""A finished file whose place is not what it should be is neither lost nor refetched."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.attempts_rig import VIDEO, bare_layout, put, roomy_settings
from tests.integration.ledger_rig import claimed, drop, later, link, song
from ytaudio_daemon.attempts.leftwork import LeftWork
from ytaudio_daemon.attempts.settling import Settler
from ytaudio_daemon.folders import Layout, opening, publishing
from ytaudio_daemon.ledger import Ledger, audit, moves, read
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.read import JobRow
from ytaudio_daemon.model import JobState

RESULT = song(size=5)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return bare_layout(tmp_path)


@pytest.fixture
def settler(sqlite_ledger: Ledger, layout: Layout, tmp_path: Path) -> Settler:
    return Settler(sqlite_ledger, layout, roomy_settings(tmp_path))


@pytest.fixture
def claim(sqlite_ledger: Ledger) -> Claim:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    return claimed(sqlite_ledger)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def finish(layout: Layout, claim: Claim, title: str = "Song") -> Path:
    """Leave a result in the attempt's folder, as a worker does."""
    publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    folder = layout.attempt_dir(claim.uuid, claim.attempt)
    made = put(layout, "made", claim.uuid, title=title)
    (layout.downloads / "made" / claim.uuid).rename(folder / publishing.JOB_FOLDER)
    document = {"schema": publishing.RESULT_SCHEMA, **RESULT.to_json()}
    (folder / publishing.RESULT_FILE).write_text(json.dumps(document))
    return folder / publishing.JOB_FOLDER / "audio" / made.name


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
        assert not list(audit.flaws(db))
        return read.find_jobs(db)[0]


def error_code(ledger: Ledger) -> str:
    return str((the_job(ledger).error or {}).get("code"))


def claim_again(ledger: Ledger, at: float) -> Claim:
    with ledger.write() as db:
        moves.wake_due(db, later(at), furthest_s=10 * 86_400)
    return claimed(ledger, later(at))


def test_a_folder_swapped_in_the_middle_of_publishing_keeps_what_it_got(
    sqlite_ledger: Ledger,
    layout: Layout,
    settler: Settler,
    claim: Claim,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish(layout, claim)
    aside = []

    def rename_and_swap(*names: Any) -> None:
        opening.rename_new(*names)
        aside.append(swap_for_link(layout, claim, elsewhere))

    monkeypatch.setattr(publishing, "rename_new", rename_and_swap)
    settler.settle(claim, RESULT, later(1))
    assert the_job(sqlite_ledger).state is JobState.COMPLETED
    swap_back(layout, claim, *aside)
    assert Path(the_job(sqlite_ledger).output_path or "").read_bytes() == b"audio"
    assert list(elsewhere.iterdir()) == []


def test_a_result_of_an_earlier_attempt_at_its_place_is_the_jobs(
    sqlite_ledger: Ledger, layout: Layout, settler: Settler, claim: Claim
) -> None:
    audio = put(layout, claim.session_uuid, claim.uuid, title="First")
    finish(layout, claim, title="Second")
    settler.settle(claim, RESULT, later(1))
    job = the_job(sqlite_ledger)
    assert (job.state, job.title) == (JobState.COMPLETED, "First")
    assert job.output_path == str(audio)
    assert publishing.leftover_work(layout) == []


def test_what_is_not_the_jobs_at_its_place_stays_and_fails_it(
    sqlite_ledger: Ledger, layout: Layout, settler: Settler, claim: Claim
) -> None:
    theirs = layout.job_dir(claim.session_uuid, claim.uuid) / "theirs.txt"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    made = finish(layout, claim)
    settler.settle(claim, RESULT, later(1))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    assert error_code(sqlite_ledger) == "place_taken"
    assert theirs.exists()
    assert made.exists(), "kept for a retry"


def test_nothing_is_fetched_while_nobody_can_tell_whether_it_is_there(
    sqlite_ledger: Ledger,
    layout: Layout,
    settler: Settler,
    claim: Claim,
    elsewhere: Path,
) -> None:
    put(layout, claim.session_uuid, claim.uuid)
    put(layout, "../elsewhere", claim.uuid)  # a link must not lead to it
    aside = swap_for_link(layout, claim, elsewhere)
    assert settler.take_standing(claim, later(1))
    job = the_job(sqlite_ledger)
    assert (job.state, error_code(sqlite_ledger)) == (
        JobState.WAITING,
        "publish_failed",
    )
    assert "cannot be looked at" in str((job.error or {})["message"])
    swap_back(layout, claim, aside)
    assert settler.take_standing(claim_again(sqlite_ledger, 600), later(601))
    assert the_job(sqlite_ledger).state is JobState.COMPLETED


def test_where_nothing_stands_a_job_is_fetched(
    layout: Layout, settler: Settler, claim: Claim
) -> None:
    assert not settler.take_standing(claim, later(1))
    layout.session_downloads(claim.session_uuid).mkdir()
    assert not settler.take_standing(claim, later(1))


def test_a_result_whose_place_stays_closed_is_kept_for_a_retry(
    sqlite_ledger: Ledger,
    layout: Layout,
    settler: Settler,
    claim: Claim,
    elsewhere: Path,
) -> None:
    made = finish(layout, claim)
    swap_for_link(layout, claim, elsewhere)
    now = 1.0
    settler.settle(claim, RESULT, later(now))
    while the_job(sqlite_ledger).state is JobState.WAITING:
        now += 86_400
        last = claim_again(sqlite_ledger, now)
        publishing.begin_attempt(layout, last.uuid, last.attempt)
        assert settler.take_standing(last, later(now))
    assert the_job(sqlite_ledger).state is JobState.FAILED
    LeftWork(sqlite_ledger, layout).clear()
    assert made.exists()

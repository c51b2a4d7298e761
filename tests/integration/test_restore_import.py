"""What stands finished at a job's place is taken as it is: nothing is fetched."""

import errno
import math
import os
import uuid
from collections.abc import Callable, Iterator
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
    HOST,
    NOW,
    claimed,
    drop,
    later,
    link,
    links,
    state_of,
    states,
)
from ytaudio_daemon.folders import Layout, published
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.restore_import import (
    import_after_restore,
    results_missing_from_ledger,
)
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import (
    Ledger,
    archive,
    audit,
    gates,
    meta,
    queries,
    schema,
    sessions,
    transitions,
)
from ytaudio_daemon.model import JobState, Options
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return bare_layout(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return roomy_settings(tmp_path)


@pytest.fixture
def completer(
    sqlite_ledger: Ledger, layout: Layout, settings: Settings
) -> AttemptCompleter:
    return AttemptCompleter(sqlite_ledger, layout, settings)


@pytest.fixture
def attempts(
    sqlite_ledger: Ledger, layout: Layout, settings: Settings
) -> Iterator[JobRunner]:
    pool = Pool(
        downloads=1, converters=1, state_id="x", home=layout.home, adopt_orphans=False
    )
    yield JobRunner(sqlite_ledger, layout, pool, settings, NO_TOOLS, HOST)
    pool.close()


def dangle(path: Path) -> None:
    path.symlink_to("/dev/zero")


def unseen(place: Path, error: Exception) -> None:
    pytest.fail(f"{place} was to be looked at: {error}")


def mark_restored(ledger: Ledger, until: float = 0.0) -> None:
    with ledger.write() as db:
        db.execute(
            schema.meta.insert().values(key=meta.RESTORED_KEY, value=repr(until))
        )


def is_sound(ledger: Ledger) -> bool:
    with ledger.read() as db:
        return not list(audit.find_flaws(db))


def test_a_claimed_job_whose_audio_stands_needs_no_worker(
    sqlite_ledger: Ledger, layout: Layout, attempts: JobRunner
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    with sqlite_ledger.read() as db:
        job = queries.find_jobs(db)[0]
    audio = put(layout, job.session_uuid, job.uuid)
    attempts.start_jobs(NOW)
    with sqlite_ledger.read() as db:
        job = queries.find_jobs(db)[0]
    assert (job.state, job.output_path) == (JobState.COMPLETED, str(audio))
    assert (job.title, job.artist, job.file_size_bytes) == ("Song", "Nina", 5)
    assert is_sound(sqlite_ledger)


def test_a_file_that_stands_proves_nothing_of_the_site(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    claim = claimed(sqlite_ledger)
    put(layout, claim.session_uuid, claim.uuid)
    gate = Gate(
        name=GateName.SITE, code="http_429", reason="Too many.", hint="",
        closed_at=NOW.wall - 60, until=NOW.wall + 600, closures=1,
    )  # fmt: skip
    with sqlite_ledger.write() as db:
        gates.close_gate(db, gate)
    assert ends_without_worker(sqlite_ledger, layout, completer, claim, NOW)
    with sqlite_ledger.read() as db:
        assert gates.find_gate(db, GateName.SITE) is not None
    assert states(sqlite_ledger) == ["completed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"audio": {"file": "audio/../../../secret", "size_bytes": 5}},
        {"audio": None},
        {"how": {}},
        {"duration_s": "long"},
        {"tags": []},
        {"title": "\ud800"},
        {"how": {"copied": False}},
        {"view_count": 1e999},
        {"duration_s": math.inf},
        {"duration_s": math.nan},
        {"duration_s": -1},
    ],
    ids=[
        "a path that leads away",
        "no audio",
        "nothing of how",
        "no number",
        "no tags",
        "no text",
        "no engine",
        "an endless number",
        "an endless length",
        "no length",
        "a length that is less than none",
    ],
)
def test_what_is_no_job_of_ours_is_no_result(
    layout: Layout, changes: dict[str, Any]
) -> None:
    session, job = str(uuid.uuid4()), str(uuid.uuid4())
    put(layout, session, job, **changes)
    assert published.published_outcome(layout, session, job) is None


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, dangle])
def test_nobody_waits_for_a_job_file_that_is_none(
    layout: Layout, make: Callable[[Path], None]
) -> None:
    session, job = str(uuid.uuid4()), str(uuid.uuid4())
    put(layout, session, job)
    facts = layout.job_dir(session, job) / "job.json"
    facts.unlink()
    make(facts)
    assert published.published_outcome(layout, session, job) is None


def test_a_file_of_another_size_is_not_taken(layout: Layout) -> None:
    session, job = str(uuid.uuid4()), str(uuid.uuid4())
    put(layout, session, job).write_bytes(b"cut")
    assert published.published_outcome(layout, session, job) is None


def test_every_state_of_an_older_ledger_is_brought_up_to_date(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    names = ["queued00000", "held0000000", "cancelled00", "running0000", "other000000"]
    drop(sqlite_ledger, "party", links(*names), quota=Quota(max_jobs=4))
    with sqlite_ledger.write() as db:
        jobs = {job.video_id: job for job in queries.find_jobs(db)}
        transitions.cancel(
            db, jobs["cancelled00"].id, NOW, reason="cancelled", quota=Quota(max_jobs=4)
        )
    claim = claimed(sqlite_ledger)
    for name in names[:4]:
        put(layout, claim.session_uuid, jobs[name].uuid, video=name)
    mark_restored(sqlite_ledger)
    import_after_restore(sqlite_ledger, layout, completer, HOST, later(1))
    found = {name: state_of(sqlite_ledger, jobs[name].id) for name in names}
    assert found.pop("other000000") is not JobState.COMPLETED
    assert set(found.values()) == {JobState.COMPLETED}
    assert is_sound(sqlite_ledger)
    with sqlite_ledger.read() as db:
        assert meta.restored_until(db) is None, "once"


def test_a_job_and_a_session_that_the_ledger_lacks_come_back(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    with sqlite_ledger.read() as db:
        known = sessions.active_session(db, "party")
    assert known is not None
    job, lone_session, lone_job = (str(uuid.uuid4()) for _ in range(3))
    put(layout, known.uuid, job, video="BBBBBBBBBBB", finished=NOW.wall + 60)
    put(layout, lone_session, lone_job, session="late", finished=NOW.wall + 60)
    put(layout, str(uuid.uuid4()), str(uuid.uuid4()), session="pruned", finished=1e9)
    taken = str(uuid.uuid4())
    put(layout, taken, str(uuid.uuid4()), session="party", finished=NOW.wall + 60)
    mark_restored(sqlite_ledger, NOW.wall)
    with sqlite_ledger.write() as db:  # adopted since: its file is no less this job's
        had = [ArchivedVideo("BBBBBBBBBBB", FoundIn.TAGS)]
        archive.add_videos(db, archive.ALL_SESSIONS, had, NOW)
    assert (
        len(list(results_missing_from_ledger(sqlite_ledger, layout, NOW.wall, unseen)))
        == 3
    )
    import_after_restore(sqlite_ledger, layout, completer, HOST, later(100))
    with sqlite_ledger.read() as db:
        jobs = {row.uuid: row for row in queries.find_jobs(db)}
        assert jobs[job].state is jobs[lone_job].state is JobState.COMPLETED
        assert jobs[job].session_name == "party"
        assert jobs[lone_job].session_uuid == lone_session
        assert sessions.find_session(db, "pruned") is None
        assert sessions.find_session(db, taken) is None, "its name is another's by now"
    assert is_sound(sqlite_ledger)


def test_what_was_finished_within_the_second_of_the_backup_is_missing(
    sqlite_ledger: Ledger, layout: Layout
) -> None:
    put(layout, str(uuid.uuid4()), str(uuid.uuid4()), finished=NOW.wall)
    until = NOW.wall + 0.9  # job.json has whole seconds
    assert list(results_missing_from_ledger(sqlite_ledger, layout, until, unseen))
    of_before = results_missing_from_ledger(sqlite_ledger, layout, until + 1, unseen)
    assert not list(of_before)


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"format": "exe"}},
        {"options": Options().to_json() | {"filename": "%(title)99999s"}},
        {"options": []},
        {"url": "https://example.com/"},
        {"job": ["party"]},
        {"job": {"session": "../up"}},
    ],
    ids=["format", "template", "no options", "url", "no session", "session"],
)
def test_what_no_drop_could_ask_for_is_not_entered(
    sqlite_ledger: Ledger,
    layout: Layout,
    completer: AttemptCompleter,
    changes: dict[str, Any],
) -> None:
    put(layout, str(uuid.uuid4()), str(uuid.uuid4()), **changes)
    mark_restored(sqlite_ledger)
    import_after_restore(sqlite_ledger, layout, completer, HOST, later(1))
    assert states(sqlite_ledger) == []


def test_without_a_restore_nothing_is_looked_for(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    with sqlite_ledger.read() as db:
        job = queries.find_jobs(db)[0]
    put(layout, job.session_uuid, job.uuid)
    import_after_restore(sqlite_ledger, layout, completer, HOST, NOW)
    assert states(sqlite_ledger) == ["queued"]


@pytest.mark.parametrize("views", [-1e30, 1e30])
def test_a_number_of_views_that_none_can_be_harms_no_ledger(
    ledger: Ledger, settings: Settings, layout: Layout, views: float
) -> None:
    completer = AttemptCompleter(ledger, layout, settings)
    drop(ledger, "party", [link(1, VIDEO)])
    claim = claimed(ledger)
    put(layout, claim.session_uuid, claim.uuid, view_count=views)
    assert ends_without_worker(ledger, layout, completer, claim, NOW)
    assert states(ledger) == ["completed"]


def test_a_folder_in_the_place_of_a_job_file_leaves_nothing_open(
    layout: Layout,
) -> None:
    session, job = str(uuid.uuid4()), str(uuid.uuid4())
    put(layout, session, job)
    facts = layout.job_dir(session, job) / "job.json"
    facts.unlink()
    facts.mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert published.published_outcome(layout, session, job) is None
    assert published.read_job_file(layout, session, job) == {}
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_job_in_another_sessions_folder_is_not_taken_for_its_own(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    drop(sqlite_ledger, "party", [link(1, VIDEO)])
    with sqlite_ledger.read() as db:
        job = queries.find_jobs(db)[0]
    layout.session_downloads(job.session_uuid).mkdir()
    put(layout, str(uuid.uuid4()), job.uuid)
    mark_restored(sqlite_ledger, NOW.wall)
    import_after_restore(sqlite_ledger, layout, completer, HOST, later(100))
    assert states(sqlite_ledger) == ["queued"]


def test_a_job_unknown_to_the_ledger_is_taken_in_its_own_session_only(
    sqlite_ledger: Ledger, layout: Layout, completer: AttemptCompleter
) -> None:
    own, other = str(uuid.uuid4()), str(uuid.uuid4())
    home = {"id": "?", "session": "party", "session_uuid": own}
    put(layout, other, str(uuid.uuid4()), job=home, finished=NOW.wall + 60)
    job = str(uuid.uuid4())
    put(layout, own, job, finished=NOW.wall + 60)
    mark_restored(sqlite_ledger, NOW.wall)
    import_after_restore(sqlite_ledger, layout, completer, HOST, later(100))
    with sqlite_ledger.read() as db:
        [only] = queries.find_jobs(db)
    assert (only.uuid, only.session_uuid) == (job, own)


def test_what_cannot_be_looked_at_after_a_restore_is_told(
    sqlite_ledger: Ledger, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, job = str(uuid.uuid4()), str(uuid.uuid4())
    put(layout, session, job)

    def broken(_folder: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(published, "_job_facts", broken)
    told: list[Path] = []
    found = results_missing_from_ledger(
        sqlite_ledger, layout, NOW.wall, lambda place, _: told.append(place)
    )
    assert (list(found), told) == ([], [layout.job_dir(session, job)])

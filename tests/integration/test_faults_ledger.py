"""The ledger fails between two steps: what was done is found again, never done twice."""

import hashlib
import json
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.syncless import FSYNC, is_possible, refuse
from tests.integration.jobs_rig import NO_TOOLS, bare_layout, roomy_settings
from tests.integration.ledger_rig import (
    FAILED,
    FAILURE,
    HOST,
    NOW,
    claimed,
    drop,
    links,
    song,
    states,
)
from ytaudio_daemon.errors import (
    DropChangedError,
    LedgerBusyError,
    LedgerGoneError,
    LedgerUnreachableError,
    UnsafePathError,
)
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.drop_reader import DropReader
from ytaudio_daemon.folders.filing import file_drop
from ytaudio_daemon.folders.inbox import DropLocation, InboxFile
from ytaudio_daemon.folders.inbox_scan import scan
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.jobs.byte_limit import BYTE_LIMIT
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.jobs.work_cleanup import WorkCleaner
from ytaudio_daemon.ledger import Ledger, claims, gates, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import FailureKind, Outcome
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.outcome import RESULT_FILE, RESULT_SCHEMA
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return bare_layout(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return roomy_settings(tmp_path)


@pytest.fixture
def hasty(sqlite_ledger: Ledger) -> Iterator[Ledger]:
    """Open the ledger as the daemon does: it waits for nobody's write for long."""
    opened = Ledger(f"sqlite:///{sqlite_ledger.path}", busy_timeout_s=0.05)
    yield opened
    opened.close()


@contextmanager
def busy_from(step: str, ledger: Ledger) -> Iterator[Callable[[], None]]:
    """Have somebody else hold the ledger's lock from that step on."""
    assert ledger.path is not None
    other = sqlite3.connect(ledger.path, isolation_level=None)
    taken: list[str] = []

    def take(passed: str, _about: str) -> None:
        if passed == step and not taken:
            other.execute("BEGIN IMMEDIATE")
            taken.append(passed)

    observers = list(failpoints._observers)
    failpoints.on_failpoint(take)
    try:
        yield other.rollback
    finally:
        failpoints._observers[:] = observers
        other.close()


def finished(layout: Layout, claim: Claim) -> Outcome:
    """Lay out what a worker leaves behind."""
    folder = layout.attempt_dir(claim.uuid, claim.attempt) / "job" / "audio"
    folder.mkdir(parents=True)
    (folder / "Song.mp3").write_bytes(b"sound")
    (folder.parent / "job.json").write_text("{}")
    outcome = song(5).to_json()
    outcome["result"]["sha256"] = hashlib.sha256(b"sound").hexdigest()
    document = {"schema": RESULT_SCHEMA, **outcome}
    (folder.parents[1] / RESULT_FILE).write_text(json.dumps(document))
    return Outcome.from_json(outcome)


def test_a_result_renamed_before_the_ledger_failed_is_completed_not_fetched_again(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("a"))
    claim = claimed(hasty)
    outcome = finished(layout, claim)
    completer = AttemptCompleter(hasty, layout, settings)
    with busy_from("publish.renamed", hasty) as let_go:
        with pytest.raises(LedgerBusyError):
            completer.finish(claim, outcome, NOW)
        let_go()
        completer.finish(claim, outcome, NOW)
    assert states(hasty) == ["completed"]
    place = layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3")
    assert place.read_bytes() == b"sound"


@pytest.mark.parametrize("end", ["requeue", "finish"])
def test_a_job_whose_attempt_ends_before_its_cancel_is_heard_is_cancelled(
    hasty: Ledger, layout: Layout, settings: Settings, end: str
) -> None:
    drop(hasty, "alice", links("a"))
    claim = claimed(hasty)
    with hasty.write() as db:
        transitions.cancel(
            db, claim.job_id, NOW, reason="cancelled", quota=Quota(max_jobs=0)
        )
    completer = AttemptCompleter(hasty, layout, settings)
    if end == "requeue":  # the daemon was killed meanwhile
        completer.requeue(claim, NOW, "crash")
    else:
        completer.finish(claim, FAILED, NOW)
    assert states(hasty) == ["cancelled"]


@pytest.mark.parametrize("trap", ["link", "file"])
def test_a_sessions_own_folder_holds_nobody_else_up(
    hasty: Ledger, layout: Layout, settings: Settings, tmp_path: Path, trap: str
) -> None:
    drop(hasty, "alice", links("a"))
    claim = claimed(hasty)
    place = layout.session_downloads(claim.session_uuid)
    (tmp_path / "outside").mkdir()
    place.symlink_to(tmp_path / "outside") if trap == "link" else place.touch()
    AttemptCompleter(hasty, layout, settings).finish(
        claim, finished(layout, claim), NOW
    )
    assert states(hasty) == ["waiting"]
    with hasty.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM gates").scalar() == 0
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_claim_that_cannot_begin_is_not_forgotten_by_a_full_ledger(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("a"))
    shutil.rmtree(layout.work)
    layout.work.touch()  # no folder for the attempt can be made
    pool = Pool(
        downloads=1, converters=1, state_id="x", home=layout.home, adopt_orphans=False
    )
    attempts = JobRunner(hasty, layout, pool, settings, NO_TOOLS, HOST)
    try:
        with busy_from("job.claimed", hasty) as let_go:
            with pytest.raises(LedgerBusyError):
                attempts.start_jobs(NOW)
            assert states(hasty) == ["running"]
            let_go()
        attempts.finish_ended(NOW)
    finally:
        pool.close()
    assert states(hasty) == ["waiting"]
    assert attempts.running_count == 0


def test_while_a_probe_is_out_its_end_is_waited_for(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("a", "b"))
    over = Gate(
        name=GateName.SITE, code="bot", reason="", hint="",
        closed_at=NOW.wall - 2, until=NOW.wall - 1, closures=1,
    )  # fmt: skip
    with hasty.write() as db:
        gates.close_gate(db, over)
    pool = Pool(
        downloads=2, converters=1, state_id="x", home=layout.home, adopt_orphans=False
    )
    attempts = JobRunner(hasty, layout, pool, settings, NO_TOOLS, HOST)
    try:
        assert attempts.seconds_to_next_claim(NOW) < 1, "one may go"
        claimed(hasty)
        assert attempts.seconds_to_next_claim(NOW) > 1
    finally:
        pool.close()


def test_a_claim_whose_commit_was_never_confirmed_is_picked_up(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("a"))
    pool = Pool(
        downloads=1, converters=1, state_id="x", home=layout.home, adopt_orphans=False
    )
    attempts = JobRunner(hasty, layout, pool, settings, NO_TOOLS, HOST)
    try:
        claimed(hasty)
        attempts.recover_lost(NOW)
        assert states(hasty) == ["queued"]
        attempts.start_jobs(NOW)
        attempts.recover_lost(NOW)
        assert states(hasty) == ["running"], "what does run is left alone"
    finally:
        pool.close()


def test_work_is_kept_as_long_as_it_is_of_use(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("cancelled", "full", "waiting"))
    jobs = [claimed(hasty) for _ in range(3)]
    completer = AttemptCompleter(hasty, layout, settings)
    full = replace(FAILURE, kind=FailureKind.POLICY, code=BYTE_LIMIT)
    for job in jobs:
        finished(layout, job)
        why = full if job is jobs[1] else FAILURE
        completer.finish(job, Outcome(failure=why), NOW)
    with hasty.write() as db:
        quota = Quota(max_jobs=0)
        transitions.cancel(db, jobs[0].job_id, NOW, reason="cancelled", quota=quota)
    assert states(hasty) == ["cancelled", "failed", "waiting"]

    WorkCleaner(hasty, layout).clear()
    left = [layout.job_work(job.uuid).exists() for job in jobs]
    assert left == [False, True, True]
    with hasty.write() as db:
        db.exec_driver_sql("UPDATE sessions SET state = 'expired'")
    WorkCleaner(hasty, layout).clear(at_most=10)
    assert not layout.job_work(jobs[1].uuid).exists()


@pytest.mark.postgres
def test_ones_own_broken_connection_is_no_other_daemon(ledger: Ledger) -> None:
    """The server has not noticed yet; until it does, the lock is nobody else's."""
    with ledger.hold_daemon_lock() as alone:
        assert alone
        if ledger.is_sqlite:
            return
        assert ledger._daemon_lock is not None
        assert ledger._daemon_lock._connection is not None
        driver: Any = ledger._daemon_lock._connection.connection.driver_connection
        wire = driver.pgconn.socket
        servers_view = os.dup(wire)
        with socket.socket() as nowhere:
            os.dup2(nowhere.fileno(), wire)
        with pytest.raises(LedgerUnreachableError, match="only just noticing"):
            ledger.check_not_replaced()
        os.close(servers_view)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(LedgerUnreachableError):
                ledger.check_not_replaced()
                return
        raise AssertionError("it is not taken again")


@pytest.mark.postgres
def test_a_lock_that_came_free_behind_the_look_is_nobody_elses(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.hold_daemon_lock():
        if ledger._daemon_lock is None:
            return
        ledger._daemon_lock.release()
        monkeypatch.setattr(ledger._daemon_lock, "acquire", lambda: False)
        with pytest.raises(LedgerUnreachableError):
            ledger._daemon_lock.ensure_held()


@pytest.mark.postgres
def test_the_daemons_lock_is_taken_again_after_a_restart(
    ledger: Ledger, open_again: Callable[[], Ledger]
) -> None:
    other = open_again()
    with ledger.hold_daemon_lock() as alone:
        assert alone
        ledger.check_not_replaced()
        if ledger.is_sqlite:
            return  # the lock on the state folder is the kernel's
        _cut_off_lock_holders(other)
        ledger.check_not_replaced()
        with other.hold_daemon_lock() as second:
            assert not second, "it is ours again"
        _cut_off_lock_holders(other)
        with other.hold_daemon_lock() as second:
            assert second
            with pytest.raises(LedgerGoneError, match="another daemon"):
                ledger.check_not_replaced()


def _cut_off_lock_holders(ledger: Ledger) -> None:
    with ledger.read() as db:
        holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
        db.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid, 5000) FROM ({holders}) AS h"
        )


def _inbox_file(inbox: Path) -> InboxFile:
    (inbox / "s").mkdir()
    (inbox / "s" / "songs.txt").write_text("x")
    [found] = (seen for seen in scan(inbox) if seen is not None)
    assert isinstance(found, InboxFile)
    assert found.location == DropLocation(session="s")
    return found


def test_a_drop_whose_folder_is_gone_needs_no_filing(layout: Layout) -> None:
    inbox_file = _inbox_file(layout.inbox)
    shutil.rmtree(layout.inbox / "s")
    with OpenDirs() as dirs:
        filed = file_drop(layout.inbox, inbox_file, "processed", lambda _: False, dirs)
    assert filed is None


def test_a_drop_whose_folder_became_a_link_is_not_filed(
    layout: Layout, tmp_path: Path
) -> None:
    inbox_file = _inbox_file(layout.inbox)
    (layout.inbox / "s").rename(tmp_path / "elsewhere")
    (layout.inbox / "s").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePathError), OpenDirs() as dirs:
        file_drop(layout.inbox, inbox_file, "processed", lambda _: False, dirs)
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["songs.txt"]


def test_what_stands_at_a_jobs_place_is_never_replaced(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    drop(hasty, "alice", links("a"))
    claim = claimed(hasty)
    foreign = layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3")
    foreign.parent.mkdir(parents=True)
    foreign.write_text("somebody else's")
    AttemptCompleter(hasty, layout, settings).finish(
        claim, finished(layout, claim), NOW
    )
    assert states(hasty) == ["failed"]
    assert foreign.read_text() == "somebody else's"
    WorkCleaner(hasty, layout).clear()
    assert layout.job_work(claim.uuid).exists(), "a retry publishes it"


@pytest.mark.parametrize("change", ["grown", "replaced", "linked", "gone"])
def test_a_drop_that_changes_while_it_is_read_is_not_taken(
    layout: Layout, tmp_path: Path, change: str
) -> None:
    inbox_file = _inbox_file(layout.inbox)
    path = layout.inbox / "s" / "songs.txt"
    with OpenDirs() as dirs:
        reader = DropReader(layout.inbox, inbox_file, dirs)
    try:
        while not reader.read_some():
            pass
        if change == "grown":
            path.write_text("xy")
        elif change == "linked":
            path.rename(tmp_path / "away")
            path.symlink_to(tmp_path / "away")
        else:
            path.rename(tmp_path / "away")
            if change == "replaced":
                path.write_text("x")
        with pytest.raises(DropChangedError):
            reader.content()
    finally:
        reader.close()


def test_a_rename_behind_which_a_crash_came_is_synced_before_it_counts(
    hasty: Ledger, layout: Layout, settings: Settings
) -> None:
    if not is_possible():
        pytest.skip("this kernel lets no process filter its calls")
    drop(hasty, "alice", links("a"))
    claim = claimed(hasty)
    outcome = finished(layout, claim)
    with busy_from("publish.renamed", hasty) as let_go:
        with pytest.raises(LedgerBusyError):
            AttemptCompleter(hasty, layout, settings).finish(claim, outcome, NOW)
        let_go()
    hasty.close()  # no connection may be shared with the child
    pid = os.fork()
    if pid == 0:  # a later daemon, on a disk that cannot sync
        refuse(FSYNC)
        with hasty.read() as db:
            [left] = claims.running_claims(db, HOST)
        AttemptCompleter(hasty, layout, settings).requeue(left, NOW, "crash")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert states(hasty) == ["waiting"]
    with hasty.read() as db:
        [gate] = gates.closed_gates(db)
    assert (gate.name, gate.code) == ("host", "io_error")
    # The next try finds it at its place, with nothing fetched.
    assert layout.audio_file(claim.session_uuid, claim.uuid, "Song.mp3").exists()

"""Random lives of jobs: never an illegal move, never a counter astray."""

import itertools
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.integration.ledger_rig import (
    FAILED,
    GIVE_UP,
    HOST,
    NO_PACE,
    WAIT,
    counters_match,
    drop,
    later,
    link,
    song,
)
from tests.new_ledgers import new_ledger
from ytaudio_daemon.ledger import claims, held_jobs, sessions, transitions
from ytaudio_daemon.ledger.events import Fence
from ytaudio_daemon.ledger.schema import attempts, events, jobs
from ytaudio_daemon.model import FINALIZED, LEGAL_TRANSITIONS, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota

MAX_JOBS = 3
QUOTA = Quota(max_jobs=MAX_JOBS)
BIRTH = {JobState.QUEUED, JobState.HELD}
picks = st.integers(0, 99)


class JobLives(RuleBasedStateMachine):
    """Does what daemon, CLI and zombies do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._ledger = new_ledger(Path(self._folder.name) / "ledger.sqlite3")
        self._ticks = itertools.count(1)
        #: Every attempt there ever was; most are zombies.
        self._fences: list[Fence] = []

    def teardown(self) -> None:
        self._ledger.close()
        self._folder.cleanup()

    def _now(self) -> Now:
        return later(next(self._ticks))

    @rule(session=st.sampled_from("ab"), videos=st.lists(st.sampled_from("uvwxyz")))
    def drop_a_file(self, session: str, videos: list[str]) -> None:
        if videos:
            lines = [link(number, video) for number, video in enumerate(videos, 1)]
            drop(self._ledger, session, lines, quota=QUOTA, now=self._now())

    @rule()
    def claim(self) -> None:
        with self._ledger.write() as db:
            got = claims.claim_next(db, self._now(), HOST, NO_PACE)
        if got is not None:
            assert got.fence not in self._fences, "an attempt's number is its own"
            self._fences.append(got.fence)

    @precondition(lambda self: self._fences)
    @rule(pick=picks, deed=st.sampled_from(["publish", "finish", "fail", "wait"]))
    def end_an_attempt(self, pick: int, deed: str) -> None:
        fence = self._fences[pick % len(self._fences)]
        now = self._now()
        with self._ledger.write() as db:
            if deed == "publish":
                transitions.begin_publish(
                    db, fence, output_path="/a", sha256="x", now=now
                )
            elif deed == "finish":
                transitions.complete(db, fence, song(10), now, QUOTA)
            else:
                move = WAIT if deed == "wait" else GIVE_UP
                transitions.record_failure(db, fence, FAILED, move, now, QUOTA)

    @precondition(lambda self: self._fences)
    @rule(pick=picks, crash=st.booleans())
    def lose_an_attempt(
        self,
        pick: int,
        crash: bool,  # noqa: FBT001 - hypothesis names it
    ) -> None:
        fence = self._fences[pick % len(self._fences)]
        with self._ledger.write() as db:
            if crash:
                transitions.requeue_interrupted(db, fence, self._now(), "crash")
            else:
                transitions.cancel_running(db, fence, self._now(), QUOTA)

    @rule(pick=picks, deed=st.sampled_from(["cancel", "retry"]))
    def ask(self, pick: int, deed: str) -> None:
        with self._ledger.write() as db:
            ids = list(db.execute(sa.select(jobs.c.id).order_by(jobs.c.id)).scalars())
            if not ids:
                return
            job_id, now = ids[pick % len(ids)], self._now()
            if deed == "cancel":
                transitions.cancel(db, job_id, now, reason="cancelled", quota=QUOTA)
            else:
                transitions.retry(db, job_id, now)

    @rule(seconds=st.sampled_from([0, 60, -4e8, 4e8]))
    def wake(self, seconds: float) -> None:
        with self._ledger.write() as db:
            transitions.requeue_due(db, later(seconds), 86400.0)

    @rule(session=st.sampled_from("ab"), limit=st.sampled_from([None, 0, 1, 5]))
    def set_a_limit(self, session: str, limit: int | None) -> None:
        with self._ledger.write() as db:
            found = sessions.active_session(db, session)
            if found is not None:
                sessions.set_limits(db, found, self._now(), max_jobs=limit)
                held_jobs.release_held(db, found.id, QUOTA, self._now())

    # ---------------------------------------------------------------- always true

    @invariant()
    def counters_equal_a_recount(self) -> None:
        with self._ledger.read() as db:
            counters_match(db)

    @invariant()
    def events_replay_to_the_states(self) -> None:
        """Each job's moves are legal, joined end to end, and end where it stands."""
        with self._ledger.read() as db:
            rows = db.execute(
                sa.select(events.c.job_id, events.c.from_state, events.c.to_state)
                .where(events.c.to_state.is_not(None))
                .order_by(events.c.id)
            ).all()
            stand = {row.id: row.state for row in db.execute(sa.select(jobs)).all()}
        lives: dict[int, list[tuple[JobState, JobState]]] = defaultdict(list)
        for row in rows:
            move = JobState(row.from_state), JobState(row.to_state)
            assert move[1] in LEGAL_TRANSITIONS[move[0]]
            lives[row.job_id].append(move)
        for job_id, life in lives.items():
            assert life[0][0] in BIRTH
            assert all(a[1] == b[0] for a, b in itertools.pairwise(life))
            assert life[-1][1] == stand[job_id]
        assert all(stand[job_id] in BIRTH for job_id in stand.keys() - lives.keys())

    @invariant()
    def rows_agree_with_their_state(self) -> None:
        with self._ledger.read() as db:
            found = db.execute(sa.select(jobs)).all()
            open_attempts = set(
                db.execute(
                    sa.select(attempts.c.job_id, attempts.c.number).where(
                        attempts.c.ended_at.is_(None)
                    )
                ).all()
            )
        for job in found:
            _agrees(job)
        running = {(j.id, j.attempt) for j in found if j.state == JobState.RUNNING}
        assert {tuple(row) for row in open_attempts} == running


def _agrees(job: Any) -> None:
    state = JobState(job.state)
    assert (job.finalized_at is not None) is (state in FINALIZED)
    assert (job.retry_at is not None) is (state is JobState.WAITING)
    assert (job.host is not None) is (state is JobState.RUNNING)
    if state is not JobState.RUNNING:
        assert job.phase is None
        assert not job.cancel_requested
    if state is JobState.COMPLETED:
        assert job.error_kind is None


TestJobLives = JobLives.TestCase
TestJobLives.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

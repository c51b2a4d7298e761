"""A daemon's job steps with a clock of our own: real workers, compressed hours."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.jobs_rig import bare_layout
from tests.integration.ledger_rig import HOST, NOW
from tests.youtube import YouTube
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.jobs.config_values import retry_policy
from ytaudio_daemon.jobs.next_claim import CLAIM_POLL_S
from ytaudio_daemon.jobs.outage_prober import OutageProber
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Ledger, gates, outages, queries, transitions
from ytaudio_daemon.model import FINALIZED, JobState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import max_retry_delay_s
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.pool import Ended, Pool
from ytaudio_daemon.settings import load

#: A test that comes to no end fails after so many steps.
MAX_STEPS = 20_000
#: Of the clock while something runs, in seconds a step.
STEP_S = 0.01
#: While nothing is due: some polls of the daemon's.
LONGEST_STEP_S = 5 * CLAIM_POLL_S


class JobDriver:
    """Drives runner and prober as the daemon's loop does; time passes as it likes.

    Args:
        ledger: Holds the jobs.
        pool: Runs real workers.
        runner: Claims, starts and finishes.
        prober: Probes.
    """

    def __init__(
        self, ledger: Ledger, pool: Pool, runner: JobRunner, prober: OutageProber
    ) -> None:
        self.ledger = ledger
        self.pool = pool
        self.runner = runner
        self.prober = prober
        self.now = NOW
        #: The keys of all attempts and probes that have ended.
        self.ended: list[str] = []

    def pass_time(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.now = Now(
            wall=self.now.wall + seconds, uptime_s=self.now.uptime_s + seconds
        )

    def step(self) -> None:
        """Do one turn; if nothing runs, go to the time at which something is due."""
        now = self.now
        self._collect()
        self.runner.finish_ended(now)
        self.prober.finish_ended(now)
        furthest_s = max_retry_delay_s(retry_policy(self.runner.settings))
        with self.ledger.write() as db:
            transitions.requeue_due(db, now, furthest_s)
        self.prober.run_if_due(now)
        self.runner.start_jobs(now)
        is_busy = self.pool.usage().downloading or self.pool.usage().converting
        self.pass_time(STEP_S if is_busy else self._seconds_to_next())

    def until(self, condition: Callable[[], object]) -> None:
        """Step until something holds."""
        for _ in range(MAX_STEPS):
            if condition():
                return
            self.step()
        raise AssertionError(f"it never came true: {self.counts()}")

    def until_done(self) -> None:
        """Step until every job is finalized."""
        self.until(
            lambda: (
                not any(
                    number
                    for state, number in self.counts().items()
                    if state not in FINALIZED
                )
            )
        )

    def counts(self) -> dict[JobState, int]:
        """Return the number of jobs in each state."""
        with self.ledger.read() as db:
            return queries.total_counts(db)

    def gate(self, name: GateName = GateName.OUTAGE) -> Gate | None:
        """Return a gate if it is closed."""
        with self.ledger.read() as db:
            return gates.find_gate(db, name)

    def charges(self) -> list[int]:
        """Return what each job is charged, without its own success."""
        with self.ledger.read() as db:
            jobs = queries.find_jobs(db, limit=1000)
        return [job.charged - (job.state is JobState.COMPLETED) for job in jobs]

    def _collect(self) -> None:
        """Collect what the pool reports until something ends, if anything runs.

        Progress changes nothing in the ledger, and each step asks it a dozen times.
        """
        known = len(self.ended)
        while len(self.ended) == known and self._collect_events():
            pass

    def _collect_events(self) -> bool:
        """Collect what comes within a moment; return whether anything runs."""
        mono = time.monotonic()
        due = self.pool.next_due(mono)
        use = self.pool.usage()
        is_busy = bool(use.downloading or use.converting or use.waiting)
        nap = 0.2 if is_busy else 0.0
        select.select(
            [self.pool], [], [], nap if due is None else min(nap, max(0.0, due - mono))
        )
        events = self.pool.poll(time.monotonic())
        self.ended += [event.key for event in events if isinstance(event, Ended)]
        self.runner.collect(events)
        self.prober.collect(events)
        return is_busy

    def _seconds_to_next(self) -> float:
        """Return when something is due; polls that find nothing are left out."""
        with self.ledger.read() as db:
            outage = outages.find_outage(db)
            shut = gates.closed_gates(db)
            soonest = queries.next_retry_at(db)
        wait_s = self.runner.seconds_to_next_claim(self.now)
        times = [gate.until for gate in shut] + ([outage.probe_at] if outage else [])
        ahead = [at - self.now.wall for at in times if at > self.now.wall]
        if ahead and wait_s >= CLAIM_POLL_S:
            wait_s = min(*ahead, LONGEST_STEP_S)
        if soonest is None:
            return wait_s
        return min(wait_s, max(STEP_S, soonest - self.now.wall))


@contextmanager
def workers(home: Path) -> Iterator[Pool]:
    """Make a pool of real workers."""
    pool = Pool(
        downloads=3, converters=2, state_id="outage", home=home, adopt_orphans=False
    )
    try:
        yield pool
    finally:
        pool.close()


def job_driver(
    ledger: Ledger, root: Path, youtube: YouTube, pool: Pool, **variables: str
) -> JobDriver:
    """Make a driver whose workers reach the stand-in."""
    layout = bare_layout(root)
    given = {
        "YTAUDIO_DISK_RESERVE": "0",
        "YTAUDIO_PACE_PER_HOUR": "0",
        "YTAUDIO_DOWNLOAD_PROXY": youtube.proxy,
        "YTAUDIO_DOWNLOAD_CA_FILE": str(youtube.ca_file),
        **variables,
    }
    settings = load(None, given, {"paths.root": str(root)})
    runner = JobRunner(ledger, layout, pool, settings, find_tools(), HOST)
    return JobDriver(ledger, pool, runner, OutageProber(ledger, layout, pool, runner))

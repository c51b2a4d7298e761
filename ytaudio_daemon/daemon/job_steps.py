"""The loop's steps for jobs: collect results, claim and start, requeue, kill."""

import math

from ytaudio_daemon.daemon.schedule import Schedule, Step
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.jobs.config_values import retry_policy
from ytaudio_daemon.ledger import gates, queries, transitions
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import max_retry_delay_s
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.pool import Ended


class JobSteps:
    """Drives the job runner; sets when claims, retries and kills are due.

    Args:
        services: All parts of the daemon.
        schedule: Holds the due times of claims, retries and cancellations.
    """

    def __init__(self, services: Services, schedule: Schedule) -> None:
        self._ledger = services.ledger
        self._pool = services.pool
        self._runner = services.job_runner
        self._prober = services.outage_prober
        self._lister = services.collection_lister
        self._schedule = schedule
        #: Closed when jobs were last claimed.
        self.gates: list[Gate] = []

    def collect_events(self, mono: float) -> None:
        """Collect the workers' events; after an end, claims and retries are due.

        After progress nothing is due: claims stay due while the pool has no room.
        """
        events = self._pool.poll(mono)
        self._runner.collect(events)
        self._prober.collect(events)
        self._lister.collect(events)
        if any(isinstance(event, Ended) for event in events):
            self._schedule.due_now(Step.CLAIMS, Step.RETRIES, Step.COLLECTIONS)

    def finish_ended(self, now: Now) -> None:
        """Open gates that first bytes show to be over; finish what has ended.

        Raises:
            LedgerError: The rest stays for the next call.
        """
        if self._runner.open_proven_gates(now):
            self._schedule.due_now(Step.CLAIMS, Step.RETRIES, Step.COLLECTIONS)
        before = self._runner.running_count
        try:
            self._runner.finish_ended(now)
            self._prober.finish_ended(now)
        finally:
            if self._runner.running_count != before:
                self._schedule.due_now(Step.CLAIMS, Step.RETRIES)

    def kill_cancelled(self, now: Now, mono: float) -> None:
        """Kill the workers of cancelled jobs, if any may have been cancelled."""
        if self._schedule.is_due(Step.CANCEL, mono):
            self._runner.kill_cancelled(now)
            self._lister.stop_cancelled()
            self._schedule.done(Step.CANCEL)

    def start_jobs(self, now: Now, mono: float) -> None:
        """Claim and start jobs while there is room; set when to claim again.

        Without room claims stay due, and are made as soon as there is some.
        """
        if not self._schedule.is_due(Step.CLAIMS, mono) or not self._pool.free_slots():
            return
        # A daemon that lost its lock to another one claims nothing beside it.
        self._ledger.check_not_replaced()
        self._prober.run_if_due(now)
        self._runner.start_jobs(now)
        with self._ledger.read() as db:
            self.gates = gates.closed_gates(db)
        if self._pool.free_slots():
            wait_s = self._runner.seconds_to_next_claim(now)
            self._schedule.due_in(Step.CLAIMS, wait_s, mono)
        self._schedule.due_now(Step.RETRIES)  # one that could not be started may wait

    def requeue_due(self, now: Now, mono: float) -> None:
        """Queue the waiting jobs whose time has come; set when the next one's comes."""
        if not self._schedule.is_due(Step.RETRIES, mono):
            return
        with self._ledger.read() as db:
            soonest = queries.next_retry_at(db)
        furthest_s = max_retry_delay_s(retry_policy(self._runner.settings))
        if soonest is not None and not now.wall < soonest <= now.wall + furthest_s:
            with self._ledger.write() as db:
                transitions.requeue_due(db, now, furthest_s)
            self._schedule.due_now(Step.CLAIMS, Step.RETRIES)
        else:
            wait_s = math.inf if soonest is None else soonest - now.wall
            self._schedule.due_in(Step.RETRIES, wait_s, mono)

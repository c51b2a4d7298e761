"""Finishes or requeues running jobs that lost their worker in a crash or a restore."""

from collections.abc import Iterable, Mapping

import structlog

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.foreign_claims import owner_is_dead
from ytaudio_daemon.jobs.restore_import import import_after_restore
from ytaudio_daemon.jobs.work_cleanup import WorkCleaner
from ytaudio_daemon.ledger import Ledger, claims
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.system.item_faults import ItemFaults

log = structlog.get_logger()

#: `rescue_lost` examines the work folders of so many jobs at once.
CLEAR_BATCH = 100


class JobRescuer:
    """Finishes or requeues running jobs that have no worker; clears stale work.

    Args:
        ledger: Holds the claims.
        layout: Where attempts work and where results go.
        completer: Ends the attempts.
        host: This daemon's name in claims.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, completer: AttemptCompleter, host: str
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._completer = completer
        self._host = host
        self._work_cleaner = WorkCleaner(ledger, layout)
        self._faults = ItemFaults("rescue")

    def rescue_all(self, now: Now) -> None:
        """Finish or requeue all jobs that an earlier run of this daemon left running.

        Call once, before the first job is claimed.

        Raises:
            LedgerError: Call again.
        """
        for claim in self._own_claims():
            self._requeue(claim, now)
        self._rescue_from_dead_programs(now)
        import_after_restore(
            self._ledger, self._layout, self._completer, self._host, now
        )
        self._work_cleaner.clear()

    def rescue_lost(self, attempts: Mapping[str, int], now: Now) -> None:
        """Finish or requeue attempts that the ledger has as running, and the pool not.

        A claim whose commit PostgreSQL could not confirm may have been committed all
        the same. The jobs of programs that died on this host are rescued, too, and some
        of the work that cancelled jobs left is cleared.

        Args:
            attempts: The number of the attempt that runs, by job UUID.
            now: The moment.

        Raises:
            LedgerError: The next call tries again.
        """
        for claim in self._own_claims():
            if attempts.get(claim.uuid) != claim.attempt:
                log.warning(
                    "job.lost",
                    job=claim.uuid,
                    session=claim.session_name,
                    attempt=claim.attempt,
                )
                self._requeue(claim, now)
        self._rescue_from_dead_programs(now)
        self._work_cleaner.clear(CLEAR_BATCH)

    def _own_claims(self) -> Iterable[Claim]:
        with self._ledger.read() as db:
            return claims.running_claims(db, self._host)

    def _rescue_from_dead_programs(self, now: Now) -> None:
        with self._ledger.read() as db:
            foreign = claims.foreign_claims(db, self._host)
        for claim in foreign:
            if owner_is_dead(claim.owner or "", self._host):
                log.warning(
                    "job.caller_gone",
                    job=claim.uuid,
                    session=claim.session_name,
                    holder=claim.owner,
                )
                self._requeue(claim, now)

    def _requeue(self, claim: Claim, now: Now) -> None:
        with self._faults.isolated(claim.uuid):
            self._completer.requeue(claim, now, "crash")

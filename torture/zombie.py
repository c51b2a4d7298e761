"""`python -m torture.zombie URL RUN SABOTAGE`: a writer that was given up for dead.

It remembers the claims it sees running, waits until each is over, and then writes as
if it still had it: as a daemon would that slept through its own replacement. Every
such write must be without effect. It lives until standard input closes.
"""

import random
import select
import sys
import time

from torture import sabotage
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import Connection, Ledger, claims, transitions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model.clock import Now

#: The ledger is looked at this often, in seconds.
POLL_S = 0.25


def rise(ledger: Ledger, known: dict[tuple[int, int], Claim], host: str) -> None:
    """Look for claims that are over since, and write for each once."""
    with ledger.read() as db:
        running = {(c.job_id, c.attempt): c for c in claims.running_claims(db, host)}
    now = Now(wall=time.time(), uptime_s=0.0)
    for key in known.keys() - running.keys():
        claim = known.pop(key)
        with ledger.write() as db:
            done = _write_stale(db, claim, now)
        print(f"{claim.name} {'WRITTEN' if done else 'refused'}", flush=True)
    known |= running


def _write_stale(db: Connection, claim: Claim, now: Now) -> bool:
    if random.random() < 0.5:
        return transitions.requeue_interrupted(db, claim.fence, now, "zombie")
    return transitions.begin_publish(
        db, claim.fence, output_path="/nowhere", sha256="0" * 64, now=now
    )


def main(url: str, host: str, name: str) -> None:
    """Haunt a ledger."""
    sabotage.apply(name)
    ledger = Ledger(url)
    known: dict[tuple[int, int], Claim] = {}
    while not select.select([sys.stdin], [], [], POLL_S)[0]:
        try:
            rise(ledger, known, host)
        except LedgerError as error:
            print(f"unreachable: {error}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

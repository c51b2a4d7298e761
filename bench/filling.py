"""Ledgers that are full already, made with the ledger's own functions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration import one_drop
from ytaudio_daemon.ledger import (
    Connection,
    Ledger,
    claims,
    migrate,
    moves,
    sessions,
)
from ytaudio_daemon.ledger.drops import Ask, NewLine
from ytaudio_daemon.model import Options, Outcome, Result
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.quota import Quota

_BATCH = 1000
_SESSIONS = 100
_HOST = "bench"
NO_PACE = Pace(burst=0, per_hour=0)
_NO_QUOTA = Quota(max_jobs=0)


def now() -> Now:
    """Return this moment for a ledger whose daemon never ran."""
    return Now(wall=time.time(), lived=0.0)


@contextmanager
def ledger_in(root: Path) -> Iterator[Ledger]:
    """Open the ledger that a daemon with this root will find."""
    state = root / "state"
    state.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(f"sqlite:///{state / 'ledger.sqlite3'}")
    try:
        migrate.migrate(ledger)
        yield ledger
    finally:
        ledger.close()


def queue(ledger: Ledger, first: int, last: int) -> None:
    """Record jobs of these numbers, spread over a hundred sessions."""
    for start in range(first, last, _BATCH):
        numbers = range(start, min(last, start + _BATCH))
        with ledger.write() as db:
            name = f"session-{start // _BATCH % _SESSIONS}"
            session = sessions.open_session(db, name, now())
            sha256 = f"{start:064x}"
            file = f"{start}.txt".encode()
            drop = one_drop.open_drop(db, session.id, file, sha256, 1, now())
            drop = one_drop.record_batch(
                db,
                drop,
                [_line(number) for number in numbers],
                quota=_NO_QUOTA,
                now=now(),
                file_is_gone=lambda _: False,
            )
            one_drop.finish_recording(db, drop, None, now())
            one_drop.mark_filed(db, drop, "filed", file, now())


def finished(root: Path, count: int) -> None:
    """Make a ledger with that many completed jobs."""
    with ledger_in(root) as ledger:
        queue(ledger, 0, count)
        for _ in range(0, count, _BATCH):
            with ledger.write() as db:
                for _ in range(min(_BATCH, count)):
                    _complete_next(db, root)


def _complete_next(db: Connection, root: Path) -> None:
    claim = claims.claim_next(db, now(), _HOST, NO_PACE)
    if claim is None:
        return
    path = str(root / "downloads" / claim.uuid / "audio" / "a.mp3")
    moves.begin_publish(db, claim.fence, output_path=path, sha256="0", now=now())
    moves.complete(db, claim.fence, _outcome(claim.video_id), now(), Quota(max_jobs=0))


def _line(number: int) -> NewLine:
    video = f"{number:011d}"
    return NewLine(line=number + 1, text=video, video_id=video, ask=Ask.of(Options()))


def _outcome(video_id: str) -> Outcome:
    result = Result(
        file_name="a.mp3",
        size_bytes=72_000,
        sha256="0",
        title=f"Clip {video_id}",
        artist=None,
        duration_s=3.0,
        view_count=1,
        codec="mp3",
        bitrate_bps=192_000,
        copied=False,
    )
    return Outcome(result=result, downloaded_bytes=48_000, engine="0")

"""Short words for what view tests do again and again."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration import one_drop
from tests.integration.ledger_rig import FAILED, GIVE_UP, NO_LIMIT, NOW, claimed, links
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, claims, drops, sessions, transitions
from ytaudio_daemon.model import Outcome, Result
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.views import DaemonSnapshot, Views, ViewSettings

LIVE = DaemonSnapshot(
    state="running", started_at=NOW.wall, pid=7, host="here", version="1"
)


@dataclass
class Rig:
    """A ledger, a tree, and views that are called as the daemon calls them."""

    ledger: Ledger
    layout: Layout
    views: Views
    live: DaemonSnapshot = LIVE
    now: Now = NOW

    def drop(
        self,
        *lines: str | drops.NewLine,
        session: str = "music",
        name: bytes = b"songs.txt",
        state: str = "filed",
        at_root: bool = False,
        reason: str | None = None,
        sha256: str = "00",
    ) -> drops.Drop:
        """Record a drop, make the folder it was filed into, and file it."""
        folder = self.layout.drop_folder(session, at_root=at_root)
        target = "rejected" if state == "rejected" else "processed"
        (folder / target).mkdir(parents=True, exist_ok=True)
        entries = [
            line if isinstance(line, drops.NewLine) else links(line)[0]._replace(line=n)
            for n, line in enumerate(lines, 1)
        ]
        with self.ledger.write() as db:
            row = sessions.open_session(db, session, self.now)
            drop = one_drop.open_drop(db, row.id, name, sha256, 1, self.now)
            for start in range(0, len(entries), 1000):
                drop = one_drop.record_batch(
                    db,
                    drop,
                    entries[start : start + 1000],
                    quota=NO_LIMIT,
                    now=self.now,
                    file_is_gone=lambda path: not Path(path).exists(),
                )
            one_drop.finish_recording(db, drop, reason, self.now)
            filed = None if state == "kept" else name
            one_drop.mark_filed(db, drop, state, filed, self.now, at_root=at_root)
        return drop

    def complete(self, audio: bytes = b"audio", title: str = "Song") -> claims.Claim:
        """Claim the next job, publish its audio, and complete it."""
        claim = claimed(self.ledger, self.now)
        path = self.layout.audio_file(claim.session_uuid, claim.uuid, f"{title}.mp3")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(audio)
        outcome = Outcome(result=result_of(audio, title))
        with self.ledger.write() as db:
            assert transitions.begin_publish(
                db,
                claim.fence,
                output_path=str(path),
                sha256=outcome.result.sha256 if outcome.result else "",
                now=self.now,
            )
            assert transitions.complete(
                db, claim.fence, outcome, self.now, Quota(max_jobs=0)
            )
        return claim

    def fail(self) -> claims.Claim:
        """Claim the next job and give it up."""
        claim = claimed(self.ledger, self.now)
        with self.ledger.write() as db:
            transitions.record_failure(
                db, claim.fence, FAILED, GIVE_UP, self.now, Quota(max_jobs=0)
            )
        return claim

    def pass_time(self, seconds: float = 1.0) -> None:
        """Let time pass on both clocks."""
        self.now = Now(
            wall=self.now.wall + seconds, uptime_s=self.now.uptime_s + seconds
        )

    def refresh(self, seconds: float = 60.0) -> None:
        """Let time pass, and call the views until they have nothing more to do.

        A minute: what was costly to write, as all is on a busy machine, comes later.
        """
        self.pass_time(seconds)
        for _ in range(10_000):
            self.views.refresh(self.now, self.live)
            if self.views.next_due(self.now) != 0:
                return
        msg = "the views never come to rest"
        raise AssertionError(msg)

    def restart(self) -> None:
        """Go on with new views, as after a crash."""
        self.views.close()
        self.views = Views(self.ledger, self.layout, self.views.view_settings)
        self.views.rebuild(self.now, self.live)
        self.refresh(0)

    def daemon(self) -> dict[str, Any]:
        """Return the daemon's document."""
        return load(self.layout.daemon_status)

    def session(self, name: str = "music") -> dict[str, Any]:
        """Return a session's document."""
        return load(self.layout.session_status(name))

    def receipt(self, name: bytes = b"songs.txt", session: str = "music") -> Any:
        """Return a drop's receipt for programs."""
        return load(self.layout.receipt_file(session, name))

    def beside(self, ending: str, name: str = "songs.txt") -> Path:
        """Return the path of a file for people beside a drop of `music`."""
        return self.layout.inbox / "music" / "processed" / f"{name}.{ending}.txt"


def new_rig(ledger: Ledger, root: Path, *, library: bool = True) -> Rig:
    """Make a tree with its views."""
    layout = Layout(
        inbox=root / "inbox",
        downloads=root / "downloads",
        library=root / "library" if library else None,
        status=root / "status",
        state=root / "state",
    )
    layout.inbox.mkdir(parents=True)
    layout.downloads.mkdir()
    return Rig(ledger, layout, Views(ledger, layout, ViewSettings()))


def result_of(audio: bytes, title: str) -> Result:
    """Return the result that describes some audio."""

    return Result(
        file_name=f"{title}.mp3",
        size_bytes=len(audio),
        sha256=hashlib.sha256(audio).hexdigest(),
        title=title,
        artist=None,
        duration_s=3.0,
        view_count=7,
        codec="mp3",
        bitrate_bps=192_000,
        copied=False,
    )


def load(path: Path) -> dict[str, Any]:
    """Read a document."""
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def video(number: int) -> str:
    """Return a video ID."""
    return f"{number:011d}"

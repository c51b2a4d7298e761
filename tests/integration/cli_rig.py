"""A tree with a real ledger and real status files, and the command run in it."""

import codecs
import io
import json
import os
import pkgutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.acceptance import warm
from tests.integration import one_drop
from tests.new_ledgers import new_ledger
from tests.youtube.handle import child_environment
from ytaudio_daemon import cli
from ytaudio_daemon.cli import main
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Connection, Ledger, claims, sessions, transitions
from ytaudio_daemon.ledger.drops import Drop, JobOptions, NewLine
from ytaudio_daemon.model import (
    Failure,
    FailureKind,
    JobState,
    Options,
    Outcome,
    Result,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.quota import Quota

REPOSITORY = Path(__file__).parents[2]
NO_PACE = Pace(burst=0, per_hour=0)
HOSTILE = "Feeling \x1b[31mGood [bold]"
PRIVATE = Failure(
    kind=FailureKind.UNAVAILABLE,
    code="private_video",
    message="This video is private.",
    hint="Ask its owner for another link.",
)
BROKEN = Failure(
    kind=FailureKind.TRANSIENT, code="reset", message="The connection broke."
)


@dataclass(frozen=True)
class Ran:
    """What a command came back with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Rig:
    """A root folder with everything below it."""

    root: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)
    _ledgers: list[Ledger] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return Layout(
            inbox=self.root / "inbox",
            downloads=self.root / "downloads",
            library=self.root / "library",
            status=self.root / "status",
            state=self.root / "state",
        )

    @property
    def environ(self) -> dict[str, str]:
        """The caller's, without a config of theirs."""
        plain = child_environment(TZ="UTC")
        return {k: v for k, v in plain.items() if not k.startswith("YTAUDIO_")}

    def words(self, *args: str) -> list[str]:
        """The command line that runs in this tree."""
        root = ["--root", str(self.root)]
        return [sys.executable, "-m", "ytaudio_daemon", *root, *args]

    def run(self, *args: str, stdin: str = "") -> Ran:
        """Run the command to its end."""
        ran = warm.run(
            self.words(*args)[3:], cwd=self.root, env=self.environ,
            stdin=stdin.encode(), timeout=60,
        )  # fmt: skip
        if ran is not None:
            code, out, err = ran
            return Ran(code, out.decode(), err.decode())
        done = subprocess.run(
            self.words(*args), input=stdin, capture_output=True, text=True, timeout=60,
            env=self.environ, cwd=self.root, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def call(self, *args: str) -> Ran:
        """Run the command in this process: as real, without half a second of imports."""
        out, err = io.StringIO(), io.StringIO()
        umask = os.umask(0o022)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main(["--root", str(self.root), *args])
        except SystemExit as ended:  # argparse ends like that
            code = int(ended.code or 0)
        finally:
            os.umask(umask)
        return Ran(code, out.getvalue(), err.getvalue())

    def call_as(self, user: int, *args: str) -> Ran:
        """Run the command as another user, in a fork: that user may have no Python."""
        for module in pkgutil.walk_packages(cli.__path__, f"{cli.__name__}."):
            import_module(module.name)
        codecs.lookup("utf-8-sig")  # loaded when it is first used, as a module is
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                ran = self.call(*args)
                os.write(write_end, json.dumps([ran.code, ran.out, ran.err]).encode())
            finally:  # a failure, too: nobody shall run the remaining tests twice
                os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        return Ran(*json.loads(told))

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start the command; `close` ends it."""
        process = subprocess.Popen(
            self.words(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=self.environ, cwd=self.root,
        )  # fmt: skip
        self.running.append(process)
        return process

    def close(self) -> None:
        """End what was started, and close what was opened."""
        for process in self.running:
            process.kill()
            process.communicate()
        for ledger in self._ledgers:
            ledger.close()

    def ledger(self) -> Ledger:
        """Open the ledger, made at the first call."""
        for folder in (self.layout.wake_dir, self.layout.inbox, self.layout.downloads):
            folder.mkdir(parents=True, exist_ok=True)
        path = self.layout.state / "ledger.sqlite3"
        is_there = path.exists()
        ledger = Ledger(f"sqlite:///{path}") if is_there else new_ledger(path)
        self._ledgers.append(ledger)
        return ledger

    def beat(self, state: str = "running", *, age_s: float = 0.0, pid: int = 0) -> None:
        """Write the daemon's document, as a daemon of our own process id."""
        zero = dict.fromkeys((str(state) for state in JobState), 0)
        document = {
            "schema": "ytaudio.daemon/1",
            "seq": 1,
            "written_at": stamp(-age_s),
            "stale_after_s": 30,
            "daemon": {
                "version": "0.1.0",
                "yt_dlp": "2026.10.31",
                "yt_dlp_age_days": 14,
                "ffmpeg": "5.1.9",
                "js_runtime": "deno 2.6.6",
                "engine": None,
                "pid": pid or os.getpid(),
                "host": os.uname().nodename,
                "state": state,
                "started_at": stamp(-3600),
                "workers": {"busy": 1, "max": 3},
                "converters": {"busy": 0, "max": 2},
            },
            "disk": {"free_bytes": 100 << 30, "reserve_bytes": 1 << 30},
            "gates": [],
            "pace": {"burst": 100, "per_hour": 200, "next_at": None},
            "forecast": None,
            "egress": [{"name": "default", "open": True, "gates": [], "pace": None}],
            "counts": zero | {"running": 1, "completed": 12},
            "sessions": {"active": 1, "expired": 0},
            "shown_event": 0,
            "problems": [],
        }
        write(self.layout.daemon_status, document)

    def session_file(self, name: str, jobs: Sequence[Any] = ()) -> None:
        """Write a session's document."""
        zero = dict.fromkeys((str(state) for state in JobState), 0)
        quota = {"max_jobs": 10, "used_jobs": 1, "max_bytes": 0, "used_bytes": 4404019}
        session = {
            "name": name,
            "uuid": "7b0c2b2e-5a5f-4a0e-9d53-0d1a5ff3c001",
            "state": "active",
            "created_at": stamp(-600),
            "last_activity_at": stamp(-10),
            "expires_at": None,
            "quota": quota,
            "counts": zero | {"running": 1, "completed": 12},
            "ignored": [{"file": "cover.jpg", "reason": "not a drop file"}],
        }
        document = {
            "schema": "ytaudio.session/1",
            "seq": 1,
            "written_at": stamp(),
            "session": session,
            "jobs": list(jobs),
            "truncated": False,
        }
        write(self.layout.session_status(name), document)


def stamp(offset_s: float = 0.0) -> str:
    """The RFC 3339 time so many seconds from now."""
    moment = time.time() + offset_s
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{whole}.{int(moment % 1 * 1000):03}Z"


def write(path: Path, document: Any) -> None:
    """Write a status file as the daemon does, by rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(json.dumps(document))
    temporary.replace(path)


def now() -> Now:
    """This moment."""
    return Now(wall=time.time(), uptime_s=1000.0)


def record(
    db: Connection,
    session: str,
    videos: str,
    *,
    max_jobs: int = 10,
    content: bytes = b"",
    priority: int = 0,
) -> Drop:
    """Take a drop with a line for each letter; a ! is one that is refused."""
    moment = now()
    opened = sessions.open_session(db, session, moment)
    drop = one_drop.open_drop(
        db, opened.id, b"songs.txt", sha256(content).hexdigest(), 100, moment
    )
    ask = JobOptions.from_options(Options(priority=priority))
    lines = [
        NewLine(line=n, text="junk", code="not_a_url", message="no link")
        if letter == "!"
        else NewLine(line=n, text=letter, video_id=letter * 11, job_options=ask)
        for n, letter in enumerate(videos, 1)
    ]
    quota = Quota(max_jobs=max_jobs)
    drop = one_drop.record_batch(
        db, drop, lines, quota=quota, now=moment, file_is_gone=lambda _path: False
    )
    one_drop.finish_recording(db, drop, None, moment)
    one_drop.mark_filed(db, drop, "filed", b"songs.txt", moment)
    return drop


def claim(db: Connection) -> claims.Claim:
    """Start the next job."""
    found = claims.claim_next(db, now(), "elsewhere", NO_PACE)
    assert found is not None
    return found


def complete(db: Connection, audio: Path) -> str:
    """Run the next job to its good end; returns its UUID."""
    audio.parent.mkdir(parents=True, exist_ok=True)
    audio.write_bytes(b"audio")
    claimed = claim(db)
    result = Result(
        file_name=audio.name, size_bytes=5, sha256="0", title=HOSTILE, artist="Nina",
        duration_s=173.0, view_count=7, codec="mp3", bitrate_bps=192000, copied=False,
    )  # fmt: skip
    transitions.begin_publish(
        db, claimed.fence, output_path=str(audio), sha256="0", now=now()
    )
    outcome = Outcome(result=result, engine="2026.10.31", downloaded_bytes=300_000)
    assert transitions.complete(db, claimed.fence, outcome, now(), Quota())
    return claimed.uuid


def fail(db: Connection, failure: Failure = PRIVATE, *, again_in_s: float = 0) -> str:
    """Run the next job to its bad end, for good or for a while; returns its UUID."""
    claimed = claim(db)
    move = Decision(
        to=JobState.WAITING if again_in_s else JobState.FAILED,
        failure=failure,
        is_charged=True,
        retry_at=time.time() + again_in_s if again_in_s else None,
    )
    outcome = Outcome(failure=failure, engine="2026.10.31")
    assert transitions.record_failure(db, claimed.fence, outcome, move, now(), Quota())
    return claimed.uuid

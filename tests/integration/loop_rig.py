"""A whole daemon in the test's process, driven tick by tick; its pool starts nothing."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.integration.collections_rig import OTHER, PLAYLIST
from tests.new_ledgers import new_ledger
from ytaudio_daemon.daemon.assemble import assemble
from ytaudio_daemon.daemon.loop import Loop
from ytaudio_daemon.daemon.tick_scheduler import TickScheduler
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.ledger import sessions
from ytaudio_daemon.settings import load

SONGS = "https://youtu.be/AAAAAAAAAAA\n", "https://youtu.be/BBBBBBBBBBB\n"
LISTS = f"{PLAYLIST}\n", f"{OTHER}\n"


class Daemon:
    """A daemon in this process: everything real, but for the pool, which starts nothing."""

    def __init__(self, root: Path, stack: ExitStack, **more: str) -> None:
        told = {
            "YTAUDIO_PATHS_ROOT": str(root),
            "YTAUDIO_INBOX_SETTLE": "0s",
            "YTAUDIO_DISK_RESERVE": "0",
            "YTAUDIO_SESSIONS_TTL": "1h",
            "YTAUDIO_SESSIONS_TRASH_GRACE": "1s",
            "YTAUDIO_RETENTION_FINALIZED": "1d",
        }
        settings = load(None, told | more)
        self.layout = layout_of(settings)
        prepare(self.layout)
        self.ledger = new_ledger(settings.database.url)
        stack.callback(self.ledger.close)
        self.ledger.remember_inode()
        self.services = assemble(settings, self.layout, self.ledger, stack)
        self.started: list[str] = []
        pool: Any = self.services.pool
        pool.start = lambda request: self.started.append(request.key)
        pool.ensure_template = pool.kill = lambda *_: None
        stack.callback(self.services.notifications.close, self.services.clock)
        stack.callback(self.services.inbox_watcher.stop)  # a heartbeat starts it
        with self.ledger.write() as db:
            for session in ("alice", "bob"):
                sessions.open_session(db, session, self.services.clock.now())
        self.loop = Loop(self.services, TickScheduler())

    def drop(self, *contents: str) -> None:
        """Give each of two sessions a file."""
        for session, content in zip(("alice", "bob"), contents, strict=True):
            self.layout.session_inbox(session).mkdir(exist_ok=True)
            (self.layout.session_inbox(session) / "songs.txt").write_text(content)
        self.services.intake.mark_dirty(None)

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the daemon, by both of its clocks."""
        clock = self.services.clock
        now = clock.now()
        clock.now = lambda: type(now)(  # type: ignore[method-assign]
            wall=time.time() + seconds, uptime_s=now.uptime_s + seconds
        )

    def tick_until(self, is_done: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not is_done():
            assert time.monotonic() < end, "the other item is not done"
            self.loop._tick()
            time.sleep(0.01)

    def ask(self, sql: str) -> list[Any]:
        """Return the first column."""
        with self.ledger.read() as db:
            return list(db.exec_driver_sql(sql).scalars())

    def change(self, sql: str) -> None:
        with self.ledger.write() as db:
            db.exec_driver_sql(sql)

    def jobs_of(self, session: str, column: str) -> list[Any]:
        return self.ask(
            f"SELECT jobs.{column} FROM jobs JOIN sessions ON sessions.id = session_id"
            f" WHERE sessions.name = '{session}'"
        )

    def started_jobs(self) -> None:
        """Have a job of each session run."""
        self.drop(*SONGS)
        self.tick_until(lambda: len(self.started) == 2)

    def started_listings(self) -> None:
        self.drop(*LISTS)
        self.tick_until(lambda: len(self.started) == 2)

"""An inbox, a ledger, and intakes that come and go; no daemon around them."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.new_ledgers import new_ledger
from ytaudio_daemon.daemon.reload import view_settings
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views import DaemonSnapshot, Views

LINKS = "https://youtu.be/AAAAAAAAAAA\nnonsense\n"
LIVE = DaemonSnapshot(state="running", started_at=0.0, pid=1, host="here", version="1")
#: How a process ends that was struck at its step.
STRUCK = 7


class House:
    """An inbox and a ledger; every `restart` is another daemon's intake."""

    def __init__(self, root: Path, **environment: str) -> None:
        told = {"YTAUDIO_PATHS_ROOT": str(root), "YTAUDIO_INBOX_SETTLE": "0s"}
        self.settings: Settings = load(None, told | environment)
        self.layout = layout_of(self.settings)
        prepare(self.layout, "")
        self.ledger = new_ledger(self.settings.database.url)
        self.inbox = self.layout.inbox / "alice"
        self.inbox.mkdir()
        self._passed = 0.0
        self.restart()

    def close(self) -> None:
        self.ledger.close()

    def restart(self) -> None:
        """Go on with another intake, as the next daemon does."""
        self.intake = Intake(self.ledger, self.layout, self.settings)

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the daemon."""
        self._passed += seconds

    def drop(self, name: str = "songs.txt", content: str = LINKS) -> None:
        (self.inbox / name).write_text(content)

    def take(self) -> None:
        """Let the intake look at everything and work until it has nothing to do."""
        self.intake.mark_dirty(None)
        end = time.monotonic() + 60
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < end, "the intake does not come to rest"
            quiet = (
                0
                if self.intake.process_drops(self.now, self.now.uptime_s)
                else quiet + 1
            )

    def take_until_recorded(self) -> None:
        """Let the intake look at everything and stop before it files what it recorded."""
        self.intake.mark_dirty(None)
        end = time.monotonic() + 60
        while not self.intake.pop_recorded():
            assert time.monotonic() < end, "nothing is recorded"
            self.intake.process_drops(self.now, self.now.uptime_s)

    @property
    def now(self) -> Now:
        return Now(wall=time.time(), uptime_s=time.monotonic() + self._passed)

    def die_at(self, step: str) -> None:
        """Let an intake work in a process that ends at a step, as SIGKILL would."""
        self.ledger.close()  # no connection may be shared with the child
        pid = os.fork()
        if pid == 0:
            failpoints.on_failpoint(
                lambda name, _: os._exit(STRUCK) if name == step else None
            )
            try:
                self.take()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == STRUCK
        self.restart()

    def show(self) -> None:
        """Let the views write all that is to be written."""
        views = Views(self.ledger, self.layout, view_settings(self.settings))
        now = self.now
        views.rebuild(now, LIVE)
        while views.next_due(now) == 0:
            views.refresh(now, LIVE)
        views.close()

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with self.ledger.read() as db:
            return [tuple(row) for row in db.exec_driver_sql(sql).all()]


@contextmanager
def acting_as(user: int, root: Path) -> Iterator[None]:
    """Be somebody else for a while, who owns a tree; only root can."""
    for path in (root, *root.rglob("*")):
        os.chown(path, user, user)
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)

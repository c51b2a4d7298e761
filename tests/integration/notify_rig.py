"""A ledger, receivers, and notifications that are driven as by the daemon's loop."""

import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.ledger_rig import NOW
from tests.integration.views_rig import Rig, new_rig, video
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.notify.notifications import Notifications
from ytaudio_daemon.settings import Settings, load
from ytaudio_daemon.system.clock import Clock

PATIENCE_S = 45.0


def told_settings(root: Path, **keys: str) -> Settings:
    """Return settings with a section notify: keys by name, lists as in variables."""
    told = {"gather": "0s", "timeout": "10s"} | keys
    environ = {f"YTAUDIO_NOTIFY_{key.upper()}": text for key, text in told.items()}
    return load(None, environ, cwd=root)


@dataclass
class Office:
    """Everything that a test of notifications needs.

    Attributes:
        rig: Makes drops and ends jobs.
        notifications: In use now.
        skipped: Seconds that were not waited for.
        slowest: The longest step there was, in seconds.
    """

    rig: Rig
    settings: Settings
    notifications: Notifications
    skipped: float = 0.0
    slowest: float = 0.0
    _began: float = field(default_factory=time.monotonic)
    _videos: int = 0

    @property
    def ledger(self) -> Ledger:
        return self.rig.ledger

    def now(self) -> Now:
        passed = time.monotonic() - self._began + self.skipped
        return Now(wall=NOW.wall + passed, uptime_s=NOW.uptime_s + passed)

    def step(self) -> None:
        """Do once what the daemon's loop does, and note how long that takes."""
        began = time.monotonic()
        now = self.now()
        self.notifications.poll(now)
        self.notifications.deliver_pending(now)
        self.slowest = max(self.slowest, time.monotonic() - began)

    def run_until(self, condition: Callable[[], object]) -> None:
        """Drive the notifications until something is so."""
        end = time.monotonic() + PATIENCE_S
        poller = select.poll()
        poller.register(self.notifications.fileno(), select.POLLIN)
        while True:
            self.step()
            if condition():
                return
            assert time.monotonic() < end, self.notifications.delivery_problems()
            due = self.notifications.next_due(self.now())
            poller.poll(20 if due is None else min(due * 1000 + 1, 20))

    def rest(self) -> None:
        """Drive it until all is delivered and saved."""
        self.run_until(lambda: not self.is_busy())

    def is_busy(self) -> bool:
        queues = self.notifications._queues.values()
        return any(
            queue.read_cursor < self.newest()
            or not queue.is_drained
            or queue.has_unsaved_delivery
            for queue in queues
        )

    def newest(self) -> int:
        with self.ledger.read() as db:
            from ytaudio_daemon.ledger import outbox  # noqa: PLC0415 - cycle-free

            return outbox.newest_event_id(db)

    def pass_time(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self.skipped += seconds

    def finish(self, count: int = 1, session: str = "music") -> None:
        """Have so many links done."""
        for _ in range(count):
            self._drop(session)
            self.rig.complete(title=f"Song {self._videos}")

    def fail(self, session: str = "music") -> None:
        """Have a link fail for good."""
        self._drop(session)
        self.rig.fail()

    def crash(self) -> None:
        """Go on as after a kill -9: nothing is saved, delivery processes are killed."""
        for key in self.notifications._queues:
            process = self.delivery_process(key)
            if process is not None:
                process._process.kill()
                process._process.wait()
                process.poll(0.0)
        self.notifications = open_messenger(self.ledger, self.settings)

    def delivery_process(self, key: str) -> DeliveryProcess | None:
        """Return the process that delivers a batch to that receiver now, if any."""
        return self.notifications._queues[key]._process

    def reload(self, **keys: str) -> None:
        """Go on with other settings, as after SIGHUP."""
        self.settings = told_settings(self.rig.layout.inbox.parent, **keys)
        self.notifications.reload(self.settings)

    def told(self) -> dict[str, Any]:
        """Return what the ledger knows of the receivers."""
        from ytaudio_daemon.ledger import meta  # noqa: PLC0415 - as above

        with self.ledger.read() as db:
            return meta.delivery_cursors(db)

    def close(self) -> None:
        """Leave nothing running."""
        self.notifications.close(Clock(0.0))

    def _drop(self, session: str) -> None:
        self._videos += 1
        self.rig.now = self.now()
        name = f"{self._videos}.txt".encode()
        self.rig.drop(video(self._videos), session=session, name=name)


def open_messenger(
    ledger: Ledger, settings: Settings, degraded_state: DegradedState | None = None
) -> Notifications:
    return Notifications(
        ledger,
        settings,
        host="attic",
        state_id="test-state",
        degraded_state=degraded_state,
    )


def open_office(ledger: Ledger, root: Path, **keys: str) -> Office:
    """Open one; its receivers know of nothing that happened before."""
    settings = told_settings(root, **keys)
    office = Office(new_rig(ledger, root), settings, open_messenger(ledger, settings))
    office.step()
    return office

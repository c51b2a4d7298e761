"""A crash between two steps of taking a drop: the next daemon goes on from there."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ytaudio_daemon import steps
from ytaudio_daemon.daemon.start import layout_of
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import migrate
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load

LINKS = "https://youtu.be/AAAAAAAAAAA\nnonsense\n"
INTAKE_STEPS = [step for step in steps.STEPS if step.startswith(("drop.", "batch."))]


#: How a process ends that was struck at its step.
STRUCK = 7


class House:
    """An inbox and a ledger; every `take` is another daemon's intake."""

    def __init__(self, root: Path) -> None:
        self.settings: Settings = load(
            None, {"YTAUDIO_PATHS_ROOT": str(root), "YTAUDIO_INBOX_SETTLE": "0s"}
        )
        self.layout = layout_of(self.settings)
        prepare(self.layout, "")
        self.ledger = Ledger(self.settings.database.url)
        migrate(self.ledger)
        self.inbox = root / "inbox" / "alice"
        self.inbox.mkdir()

    def drop(self, name: str = "songs.txt") -> None:
        (self.inbox / name).write_text(LINKS)

    def take(self) -> None:
        """Let an intake work until it has nothing to do."""
        intake = Intake(self.ledger, self.layout, self.settings)
        end = time.monotonic() + 10
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < end, "the intake does not come to rest"
            now = Now(wall=time.time(), lived=time.monotonic())
            quiet = 0 if intake.step(now, time.monotonic()) else quiet + 1

    def die_at(self, step: str) -> None:
        """Let an intake work in a process that ends at a step, as SIGKILL would."""
        self.ledger.close()  # no connection may be shared with the child
        pid = os.fork()
        if pid == 0:
            steps.observe(lambda name, _: os._exit(STRUCK) if name == step else None)
            try:
                self.take()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == STRUCK

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with self.ledger.read() as db:
            return [tuple(row) for row in db.exec_driver_sql(sql).all()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.ledger.close()


@pytest.mark.parametrize("step", INTAKE_STEPS)
def test_a_crash_at_any_step_converges(house: House, step: str) -> None:
    house.drop()
    house.die_at(step)

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops") == [
        ("filed", b"songs.txt"),
    ]
    assert house.ask("SELECT line, result FROM lines ORDER BY line") == [
        (1, "accepted"),
        (2, "rejected"),
    ]
    assert (house.inbox / "processed" / "songs.txt").read_text() == LINKS
    assert not (house.inbox / "songs.txt").exists()


def test_the_same_file_again_after_a_crash_is_a_drop_of_its_own(
    house: House,
) -> None:
    house.drop()
    house.die_at("drop.moved")
    house.drop()

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops ORDER BY id") == [
        ("filed", b"songs.txt"),
        ("filed", b"songs.2.txt"),
    ]
    assert house.ask("SELECT count(*) FROM lines") == [(4,)]


def test_a_recorded_drop_that_somebody_took_away_is_over(
    house: House,
) -> None:
    house.drop()
    house.die_at("drop.recorded")
    (house.inbox / "songs.txt").unlink()

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops") == [("filed", None)]

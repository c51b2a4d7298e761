"""A crash between two steps of taking a drop: the next daemon goes on from there."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ytaudio_daemon import steps
from ytaudio_daemon.daemon.start import layout_of, rules_of
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import migrate
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load
from ytaudio_daemon.views import Live, Views

LINKS = "https://youtu.be/AAAAAAAAAAA\nnonsense\n"
INTAKE_STEPS = [step for step in steps.STEPS if step.startswith(("drop.", "batch."))]


LIVE = Live(state="running", started_at=0.0, pid=1, host="here", version="1")

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

    def drop(self, name: str = "songs.txt", content: str = LINKS) -> None:
        (self.inbox / name).write_text(content)

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

    def show(self) -> None:
        """Let the views write all that is to be written."""
        views = Views(self.ledger, self.layout, rules_of(self.settings))
        now = Now(wall=time.time(), lived=time.monotonic())
        views.rebuild(now, LIVE)
        while views.next_due(now) == 0:
            views.refresh(now, LIVE)
        views.close()

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


def half_recorded(house: House) -> None:
    """Leave a drop of 1,500 lines half recorded, as a crash does."""
    house.drop(content="nonsense\n" + LINKS * 750)
    house.die_at("batch.recorded")
    assert house.ask("SELECT state, cursor FROM drops") == [("recording", 1000)]


def test_a_half_recorded_drop_that_somebody_took_away_ends_and_says_so(
    house: House,
) -> None:
    half_recorded(house)
    (house.inbox / "songs.txt").unlink()

    house.take()

    [(state, filed, reason)] = house.ask("SELECT state, filed_name, reason FROM drops")
    assert (state, filed) == ("filed", b"songs.txt")
    assert "taken away" in str(reason)
    assert house.ask("SELECT count(*) FROM lines") == [(1000,)]
    house.show()
    told = (house.inbox / "processed" / "songs.txt.receipt.txt").read_text()
    assert "the file was taken away before all of it was taken" in told
    assert "behind line 1000" in told


def test_a_half_recorded_drop_whose_folder_is_gone_ends_too(house: House) -> None:
    half_recorded(house)
    shutil.rmtree(house.inbox)

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops") == [("filed", None)]
    house.show()
    receipt = json.loads(house.layout.receipt_file("alice", b"songs.txt").read_bytes())
    assert "taken away" in receipt["reason"]


def test_a_half_recorded_drop_that_was_changed_is_taken_anew(house: House) -> None:
    half_recorded(house)
    house.drop(content=LINKS)

    house.take()

    assert house.ask("SELECT state, filed_name FROM drops ORDER BY id") == [
        ("filed", None),
        ("filed", b"songs.txt"),
    ]
    assert house.ask("SELECT count(*) FROM lines") == [(1002,)]


def test_a_half_recorded_drop_of_an_expired_session_ends(house: House) -> None:
    half_recorded(house)
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE sessions SET state = 'expired'")

    house.take()

    assert house.ask("SELECT state FROM drops ORDER BY id") == [("filed",), ("filed",)]

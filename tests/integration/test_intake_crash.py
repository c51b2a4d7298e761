"""A crash between two steps of taking a drop: the next daemon goes on from there."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.intake_rig import LINKS, House
from ytaudio_daemon.intake import recording
from ytaudio_daemon.system import failpoints

#: A crash after the first batch of a drop of many lines leaves so many recorded.
FIRST = recording.LINES_IN_FIRST_BATCH
INTAKE_STEPS = [
    step for step in failpoints.FAILPOINTS if step.startswith(("drop.", "batch."))
]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    # A busy machine records fewer lines in a step.
    monkeypatch.setattr(recording, "READ_LINES_S", 60)
    made = House(tmp_path)
    yield made
    made.close()


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

    assert house.ask("SELECT state, filed_name FROM drops") == [("filed", b"songs.txt")]


def half_recorded(house: House) -> None:
    """Leave a drop of 1,500 lines half recorded, as a crash does."""
    house.drop(content="nonsense\n" + LINKS * 750)
    house.die_at("batch.recorded")
    assert house.ask("SELECT state, cursor FROM drops") == [("recording", FIRST)]


def test_a_half_recorded_drop_that_somebody_took_away_ends_and_says_so(
    house: House,
) -> None:
    half_recorded(house)
    (house.inbox / "songs.txt").unlink()

    house.take()

    [(state, filed, reason)] = house.ask("SELECT state, filed_name, reason FROM drops")
    assert (state, filed) == ("filed", b"songs.txt")
    assert "taken away" in str(reason)
    assert house.ask("SELECT count(*) FROM lines") == [(FIRST,)]
    house.show()
    told = (house.inbox / "processed" / "songs.txt.receipt.txt").read_text()
    assert "the file was taken away before all of it was taken" in told
    assert f"behind line {FIRST}" in told


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
    assert house.ask("SELECT count(*) FROM lines") == [(FIRST + 2,)]


def test_a_half_recorded_drop_of_an_expired_session_ends(house: House) -> None:
    half_recorded(house)
    with house.ledger.write() as db:
        db.exec_driver_sql("UPDATE sessions SET state = 'expired'")

    house.take()

    assert house.ask("SELECT state FROM drops ORDER BY id") == [("filed",), ("filed",)]


def test_a_drop_that_comes_alone_has_a_small_first_batch(house: House) -> None:
    """Its first workers start while the rest is recorded."""
    half_recorded(house)
    house.die_at("batch.recorded")
    assert house.ask("SELECT cursor FROM drops") == [
        (FIRST + recording.LINES_PER_BATCH,)
    ]
    house.take()
    assert house.ask("SELECT count(*) FROM lines") == [(1501,)]

"""A crafted drop holds the loop up for no longer than a step, and ends no daemon for good."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cpu_limits import assert_cpu_below, step_times
from tests.integration.intake_rig import STRUCK, House
from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropKind, DropLine
from ytaudio_daemon.intake import recording

#: Of CPU; a step is meant to take a tenth. The watchdog's patience is 30 s.
STEP_LIMIT_S = 0.5
LINK = "https://youtu.be/AAAAAAAAAAA"
DEADLY = "https://youtu.be/KKKKKKKKKKK"
KEYS = ",".join(f'"{number:x}":1' for number in range(1000))

#: In one step each of them would take more than twice the limit.
CRAFTED = {
    "keys.jsonl": f'{{"url":"{LINK}",{KEYS},"3e7":2}}\n' * 100,
    "options.txt": f"{LINK} {'a=1 ' * 2000}\n" * 150,
    "blank.txt": "\n" * (2 << 20),
    "comments.jsonl": "#\n" * (1 << 19),
    "defaults.txt": "tag.title=a\n" * 60_000,
    "continued.txt": f"{LINK}\n" + " tag.title=a\n" * 40_000,
    "cookies.txt": "http://a@b:" * 95_000,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", CRAFTED)
def test_no_crafted_drop_holds_the_loop_up(house: House, name: str) -> None:
    numbers = itertools.count(1)

    def longest_step() -> float:
        """Have it taken, each time as another drop."""
        house.drop(f"{next(numbers)}-{name}", CRAFTED[name])
        house.intake.mark_dirty(None)
        return step_times(steps_until_done(house))[0]

    assert_cpu_below(STEP_LIMIT_S, longest_step)


def steps_until_done(house: House) -> Iterator[None]:
    """Call the intake as the loop does; yields after each call."""
    done = "SELECT count(*) FROM drops WHERE state IN ('filed', 'rejected')"
    before = house.ask(done)
    end = time.monotonic() + 120
    while house.ask(done) == before:
        assert time.monotonic() < end
        house.intake.process_drops(house.now, house.now.uptime_s)
        yield


def end_at_the_deadly_line(house: House) -> None:
    """Let an intake work in a process that the deadly line ends, as SIGKILL would."""
    house.ledger.close()
    pid = os.fork()
    if pid == 0:
        vars(dropfile)["parse_in_steps"] = _deadly(dropfile.parse_in_steps)
        try:
            house.take()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == STRUCK
    house.restart()


def _deadly(
    parse: Callable[[bytes, DropKind], Iterator[DropLine | None]],
) -> Callable[[bytes, DropKind], Iterator[DropLine | None]]:
    def parse_or_die(data: bytes, kind: DropKind) -> Iterator[DropLine | None]:
        for line in parse(data, kind):
            if line is not None and line.text == DEADLY:
                os._exit(STRUCK)
            yield line

    return parse_or_die


def test_a_drop_that_ends_the_daemon_twice_is_set_aside(house: House) -> None:
    house.drop("deadly.txt", f"{DEADLY}\n")
    end_at_the_deadly_line(house)
    house.drop("good.txt", f"{LINK}\n")
    end_at_the_deadly_line(house)

    house.take()

    assert house.ask("SELECT state, name FROM drops ORDER BY name") == [
        ("rejected", b"deadly.txt"),
        ("filed", b"good.txt"),
    ]
    assert house.ask("SELECT video_id FROM jobs") == [("AAAAAAAAAAA",)]
    house.show()
    reason = (house.inbox / "rejected" / "deadly.txt.reason.txt").read_text()
    assert "the daemon ended 2 times while it read the lines behind line 0" in reason
    assert (house.inbox / "rejected" / "deadly.txt").read_text() == f"{DEADLY}\n"


def test_what_was_recorded_before_the_deadly_line_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        recording, "READ_LINES_S", 60
    )  # batches of 100, then of 1,000 lines
    many = [f"https://youtu.be/{number:011d}" for number in range(1500)]
    house.drop("songs.txt", "\n".join([*many, DEADLY, LINK, ""]))
    end_at_the_deadly_line(house)
    end_at_the_deadly_line(house)
    house.take()
    [(state, reason)] = house.ask("SELECT state, reason FROM drops")
    assert state == "filed"
    assert "which are not taken" in str(reason)
    assert house.ask("SELECT count(*) FROM jobs") == [(1100,)]


def test_known_lines_that_take_several_steps_hide_no_deadly_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "READ_LINES_S", 60)
    many = [f"https://youtu.be/{number:011d}" for number in range(1100)]
    house.drop("songs.txt", "\n".join([*many, DEADLY, ""]))
    end_at_the_deadly_line(house)
    monkeypatch.setattr(recording, "READ_LINES_S", 0)  # a known line is a step
    end_at_the_deadly_line(house)
    house.take()
    [(reason,)] = house.ask("SELECT reason FROM drops")
    assert "behind line 1100" in str(reason)


def test_one_end_is_forgiven(house: House) -> None:
    house.drop("songs.txt", f"{DEADLY}\n")
    end_at_the_deadly_line(house)
    house.take()
    assert house.ask("SELECT state FROM drops") == [("filed",)]
    assert house.layout.parse_mark.read_bytes() == b""


def test_a_drop_that_was_set_aside_may_be_given_again(house: House) -> None:
    house.drop("songs.txt", f"{DEADLY}\n")
    end_at_the_deadly_line(house)
    end_at_the_deadly_line(house)
    house.take()
    house.drop("songs.txt", f"{DEADLY}\n")
    house.take()
    states = house.ask("SELECT state FROM drops ORDER BY id")
    assert states == [("rejected",), ("filed",)]


@pytest.mark.parametrize("mark", [b"", b"{", b"[]", b"[" * 60_000, b'{"reading":1}'])
def test_a_mark_that_cannot_be_understood_harms_nothing(
    house: House, mark: bytes
) -> None:
    house.layout.parse_mark.write_bytes(mark)
    house.restart()
    house.drop("songs.txt", f"{LINK}\n")
    house.take()
    assert house.ask("SELECT state FROM drops") == [("filed",)]


def test_a_mark_that_cannot_be_written_harms_nothing(house: House) -> None:
    os.mkfifo(house.layout.parse_mark)
    house.restart()
    house.drop("songs.txt", f"{LINK}\n")
    house.take()
    assert house.ask("SELECT state FROM drops") == [("filed",)]

"""Commands whose answer is in the ledger work while the status files cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import cli_rig
from tests.integration.cli_rig import Rig
from ytaudio_daemon.ledger import Ledger, queries
from ytaudio_daemon.model import JobState


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    # In place of a dead mount: the kernel says EISDIR to everybody, root too.
    (made.layout.status / "daemon.json").mkdir(parents=True)
    yield made
    made.close()


@pytest.fixture
def ledger(rig: Rig) -> Iterator[Ledger]:
    opened = rig.ledger()
    with opened.write() as db:
        cli_rig.record(db, "party", "AB")
        cli_rig.fail(db)
    yield opened
    opened.close()


def job(ledger: Ledger, state: JobState) -> str:
    with ledger.read() as db:
        [row] = queries.find_jobs(db, states=[state])
        return row.uuid


@pytest.mark.parametrize(
    "words",
    ["jobs", "jobs --json", "show B", "retry B", "cancel A", "session touch party"],
)
def test_a_command_on_the_ledger_is_done_and_says_what_it_could_not_read(
    rig: Rig, ledger: Ledger, words: str
) -> None:
    named = {"A": job(ledger, JobState.QUEUED), "B": job(ledger, JobState.FAILED)}
    ran = rig.call(*(named.get(word, word) for word in words.split()))
    assert ran.code == 0, ran.err
    assert "daemon.json" in ran.out + ran.err
    assert "not running" not in ran.out + ran.err


@pytest.mark.usefixtures("ledger")
def test_a_drop_is_written_and_nobody_is_called_down(rig: Rig) -> None:
    ran = rig.call("add", "--session", "party", "https://youtu.be/CCCCCCCCCCC")
    assert ran.code == 0
    assert ran.out.startswith("dropped ")
    assert "daemon's status cannot be read" in ran.err


@pytest.mark.usefixtures("ledger")
def test_a_session_whose_file_alone_cannot_be_read_is_listed(rig: Rig) -> None:
    (rig.layout.status / "daemon.json").rmdir()
    rig.beat()
    rig.layout.session_status("party").mkdir(parents=True)
    ran = rig.call("jobs", "--json")
    assert (ran.code, len(ran.json["jobs"])) == (0, 2)


@pytest.mark.usefixtures("ledger")
def test_wait_goes_by_the_ledger(rig: Rig) -> None:
    cancelling = rig.start("cancel", "--session", "party")
    ran = rig.call("wait", "--session", "party", "--timeout", "60s")
    assert cancelling.wait(60) == 0
    assert ran.code == 1
    assert "1 failed" in ran.out
    assert "1 cancelled" in ran.out

"""Notifications: at least once, in order, bounded, and never in the daemon's way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.notify_rig import Office, open_office
from tests.integration.receiver import Receiver, serving
from ytaudio_daemon.ledger import Ledger


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as server:
        yield server


@pytest.fixture
def office(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> Iterator[Office]:
    """Open an office whose only receiver is a webhook."""
    opened = open_office(sqlite_ledger, tmp_path, webhook=receiver.address)
    yield opened
    receiver.let_go()
    opened.close()


def test_a_program_is_told_of_each_job(office: Office, receiver: Receiver) -> None:
    office.finish()
    office.fail("party")
    office.rest()
    done, failed = receiver.got
    assert (done["event"], failed["event"]) == ("completed", "failed")
    assert done["schema"] == "ytaudio.notice/1"
    assert done["message"] == "Finished in session music: Song 1"
    assert done["job"]["state"] == "completed"
    assert Path(done["job"]["output_path"]).is_absolute()
    assert Path(done["job"]["output_path"]).read_bytes() == b"audio"
    assert failed["message"].startswith("Failed in session party: https://")
    assert failed["message"].endswith(": It broke. Wait.")
    assert failed["job"]["error"]["code"] == "http_500"


def test_a_new_receiver_is_told_nothing_of_the_past(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> None:
    office = open_office(sqlite_ledger, tmp_path)
    office.finish(3)
    office.step()
    office.reload(webhook=receiver.address)
    office.step()
    office.finish()
    office.rest()
    office.close()
    assert [notice["job"]["title"] for notice in receiver.got] == ["Song 4"]

"""A program whose ledger failed while its attempt ended does not wait for itself."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.intake_rig import House
from tests.integration.jobs_rig import NO_TOOLS
from tests.integration.ledger_rig import FAILED
from ytaudio_daemon.downloader import claim_runner
from ytaudio_daemon.downloader.folder_downloader import DownloadRequest
from ytaudio_daemon.downloader.session_jobs import SessionJobRequest, SessionJobRunner
from ytaudio_daemon.downloader.stop_signal import StopLevel, StopSignal
from ytaudio_daemon.errors import LedgerUnreachableError
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.ledger import claims, sessions, transitions
from ytaudio_daemon.model import Options
from ytaudio_daemon.pool import Ended
from ytaudio_daemon.urls import Link


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


class Engine:
    """Its attempts fail at once; the second one also puts the brake on."""

    tools = NO_TOOLS

    def __init__(self, stop_signal: StopSignal) -> None:
        self.begun: list[int] = []
        self._brake = stop_signal

    def start(self, request: Any) -> Any:
        self.begun.append(request.attempt)
        if len(self.begun) > 1:
            self._brake.level = StopLevel.IMMEDIATE
        return _Run(request)


class _Run:
    def __init__(self, request: Any) -> None:
        self._request = request

    def next_event(self, _timeout_s: float) -> Ended:
        key, attempt = self._request.key, self._request.attempt
        return Ended(key=key, attempt=attempt, outcome=FAILED, worker_crashed=True)

    def kill(self) -> None:
        """Nothing runs."""


@pytest.mark.timeout(30)
def test_an_end_that_could_not_be_written_is_recovered_by_who_asks_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.ledger.write() as db:
        session = sessions.open_session(db, "program", house.now)
    stop_signal = StopSignal()
    engine = Engine(stop_signal)
    runner = SessionJobRunner(house.ledger, house.layout, house.settings, engine)  # type: ignore[arg-type]
    order = DownloadRequest(link=Link(video_id="AAAAAAAAAAA"), options=Options())
    wanted = SessionJobRequest(
        download_request=order, session_uuid=session.uuid, job_uuid=str(uuid.uuid4())
    )

    def unreachable(*_: object, **__: object) -> None:
        raise LedgerUnreachableError("the server is restarting")

    with monkeypatch.context() as patch:
        patch.setattr(transitions, "record_failure", unreachable)
        with pytest.raises(LedgerUnreachableError):
            runner.fetch(wanted, lambda _progress: None, stop_signal)
    assert house.ask("SELECT state FROM jobs") == [("running",)]

    runner.fetch(wanted, lambda _progress: None, stop_signal)

    assert engine.begun == [1, 2]


def test_a_link_asked_for_while_it_is_being_cancelled_is_wanted_after_all(
    house: House,
) -> None:
    with house.ledger.write() as db:
        session = sessions.open_session(db, "program", house.now)
    given_up = StopSignal()
    given_up.level = StopLevel.IMMEDIATE
    runner = SessionJobRunner(
        house.ledger,
        house.layout,
        house.settings,
        Engine(given_up),  # type: ignore[arg-type]
    )
    order = DownloadRequest(link=Link(video_id="AAAAAAAAAAA"), options=Options())
    first, again = (
        SessionJobRequest(
            download_request=order,
            session_uuid=session.uuid,
            job_uuid=str(uuid.uuid4()),
        )
        for _ in range(2)
    )
    runner.fetch(first, lambda _progress: None, given_up)
    quota = house.settings.sessions.quota
    with house.ledger.write() as db:
        assert claims.claim_job(db, 1, house.now, "the daemon")
        assert transitions.cancel(
            db, 1, house.now, reason=transitions.CANCELLED_BY_USER, quota=quota
        )

    runner.fetch(again, lambda _progress: None, given_up)

    assert house.ask("SELECT state, cancel_requested FROM jobs") == [("running", 0)]


def test_a_program_claims_under_the_name_that_the_daemon_looks_for(
    house: House,
) -> None:
    """The host may have been renamed since the first start of the state folder."""
    (house.layout.state / "host").write_text("old-name\n")
    engine = Engine(StopSignal())
    runner = SessionJobRunner(house.ledger, house.layout, house.settings, engine)  # type: ignore[arg-type]
    assert runner._holder.startswith("old-name/")


@pytest.mark.parametrize(
    ("where", "step"), [(claim_runner, "prepare"), (AttemptCompleter, "finish")]
)
def test_who_is_interrupted_gives_the_claim_back(
    house: House, monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    with house.ledger.write() as db:
        session = sessions.open_session(db, "program", house.now)
    engine: Any = Engine(StopSignal())
    runner = SessionJobRunner(house.ledger, house.layout, house.settings, engine)
    order = DownloadRequest(link=Link(video_id="AAAAAAAAAAA"), options=Options())
    wanted = SessionJobRequest(
        download_request=order, session_uuid=session.uuid, job_uuid=str(uuid.uuid4())
    )

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        runner.fetch(wanted, lambda _progress: None, StopSignal())
    assert house.ask("SELECT state FROM jobs") == [("queued",)]


@pytest.mark.timeout(30)
def test_a_retried_job_of_a_full_session_is_refused_before_it_is_downloaded(
    house: House,
) -> None:
    """As the daemon does; the bytes of others may have filled the session meanwhile."""
    with house.ledger.write() as db:
        session = sessions.open_session(db, "program", house.now)
    given_up, engine = StopSignal(), Engine(StopSignal())
    runner = SessionJobRunner(house.ledger, house.layout, house.settings, engine)  # type: ignore[arg-type]
    order = DownloadRequest(link=Link(video_id="AAAAAAAAAAA"), options=Options())
    wanted = SessionJobRequest(
        download_request=order, session_uuid=session.uuid, job_uuid=str(uuid.uuid4())
    )
    given_up.level = StopLevel.IMMEDIATE
    runner.fetch(wanted, lambda _progress: None, given_up)
    with house.ledger.write() as db:
        transitions.cancel(
            db,
            1,
            house.now,
            reason=transitions.CANCELLED_BY_USER,
            quota=house.settings.sessions.quota,
        )
        db.exec_driver_sql("UPDATE sessions SET max_bytes = 1000, used_bytes = 1000")

    result = runner.fetch(wanted, lambda _progress: None, StopSignal())

    assert engine.begun == []
    assert "does not fit into the session's 1000 bytes" in str(result.error_message)
    assert house.ask("SELECT state, error_code FROM jobs") == [
        ("failed", "session_byte_limit")
    ]

"""Whether the token provider answers: as the daemon's status and the doctor say."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.loop_rig import Daemon
from tests.token_provider import VERSION, TokenProvider
from ytaudio_daemon.daemon.token_provider_check import TokenProviderCheck
from ytaudio_daemon.doctor import CheckStatus
from ytaudio_daemon.doctor.youtube_checks import check_token_provider
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import Outcome
from ytaudio_daemon.pool import Ended


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_again(check: TokenProviderCheck, address: str) -> list[tuple[str, str, str]]:
    check.start(address)
    assert check._thread is not None
    check._thread.join(30)
    return list(check.problems(address))


def test_a_problem_comes_and_goes_with_the_provider() -> None:
    check = TokenProviderCheck()
    with TokenProvider() as provider:
        assert check_again(check, provider.address) == []
        provider.stop()
        [(code, message, hint)] = check_again(check, provider.address)
        assert code == "pot_provider"
        assert "refused the connection." in message
        assert "docs/youtube.md" in hint
        provider.start()
        assert check_again(check, provider.address) == []


def test_a_provider_that_hangs_holds_up_nobody_and_is_asked_once_at_a_time() -> None:
    check = TokenProviderCheck()
    with TokenProvider(is_silent=True) as provider:
        began = time.monotonic()
        check.start(provider.address)
        check.start(provider.address)
        assert list(check.problems(provider.address)) == []
        assert time.monotonic() - began < 2
        wait_until(lambda: provider.paths != [])
        assert provider.paths == ["/ping"]
        wait_until(lambda: list(check.problems(provider.address)) != [])
    assert "did not answer" in next(check.problems(provider.address))[1]


def test_another_address_has_none_of_the_old_ones_problems() -> None:
    check = TokenProviderCheck()
    with TokenProvider() as provider:
        provider.stop()
        assert check_again(check, provider.address)
    assert list(check.problems("http://127.0.0.1:4416")) == []
    assert list(check.problems("")) == []


def test_the_doctor_names_the_version_or_what_is_wrong() -> None:
    assert list(check_token_provider("")) == []
    with TokenProvider() as provider:
        [found] = check_token_provider(provider.address)
        assert (found.health, VERSION in found.message) == (CheckStatus.OK, True)
        provider.stop()
        [found] = check_token_provider(provider.address)
    assert found.health is CheckStatus.WARNING
    assert "refused the connection" in found.message
    assert found.remedy


def test_what_waited_for_tokens_is_due_when_the_provider_answers_again(
    tmp_path: Path,
) -> None:
    with TokenProvider() as provider, ExitStack() as stack:
        told = {"YTAUDIO_YOUTUBE_POT_PROVIDER": provider.address}
        daemon = Daemon(tmp_path, stack, **told)
        check = daemon.services.snapshot_builder._token_provider_check
        provider.stop()
        assert check_again(check, provider.address)
        daemon.started_jobs()
        for session, code in (("alice", "pot_provider_failed"), ("bob", "upcoming")):
            failure = failure_for(code)
            [uuid] = daemon.jobs_of(session, "uuid")
            ended = Ended(
                key=uuid,
                attempt=1,
                outcome=Outcome(failure=failure),
                worker_crashed=False,
            )
            daemon.services.job_runner.collect([ended])
        daemon.tick_until(
            lambda: daemon.ask("SELECT state FROM jobs") == ["waiting"] * 2
        )

        provider.start()
        assert check_again(check, provider.address) == []
        daemon.loop._schedule.heartbeat_after_retry(time.monotonic() - 60)
        daemon.tick_until(lambda: daemon.jobs_of("alice", "attempt") == [2])
        assert daemon.jobs_of("bob", "state") == ["waiting"]


def test_it_is_told_once_each_time_that_a_provider_answers() -> None:
    check = TokenProviderCheck()
    with TokenProvider() as provider:
        assert not check.pop_answers_again(provider.address)
        check_again(check, provider.address)
        assert check.pop_answers_again(provider.address)
        assert not check.pop_answers_again(provider.address)
        provider.stop()
        check_again(check, provider.address)
        assert not check.pop_answers_again(provider.address)
        provider.start()
        check_again(check, provider.address)
        assert check.pop_answers_again(provider.address)
    assert not check.pop_answers_again("")


def test_a_machine_without_room_for_a_thread_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    check = TokenProviderCheck()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        check.start("http://127.0.0.1:4416")
    [(code, message, _)] = check.problems("http://127.0.0.1:4416")
    assert code == "pot_provider"
    assert "can't start new thread" in message

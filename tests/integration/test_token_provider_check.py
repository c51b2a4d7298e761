"""Whether the token provider answers: as the daemon's status and the doctor say."""

import time
from collections.abc import Callable

from tests.token_provider import VERSION, TokenProvider
from ytaudio_daemon.daemon.token_provider_check import TokenProviderCheck
from ytaudio_daemon.doctor import CheckStatus
from ytaudio_daemon.doctor.youtube_checks import check_token_provider


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
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

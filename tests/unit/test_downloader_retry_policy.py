"""How often somebody who waits is made to wait."""

from pathlib import Path

import pytest

from ytaudio_daemon.downloader.egress_choice import EgressChoice
from ytaudio_daemon.downloader.retry_policy import retry_delay_s, with_short_retries
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.decide import MIN_RETRY_S
from ytaudio_daemon.settings import Settings, load


def settings(**retry: str) -> Settings:
    variables = {f"YTAUDIO_RETRY_{name.upper()}": text for name, text in retry.items()}
    return with_short_retries(load(None, variables))


def failures(*kinds: FailureKind) -> list[Failure]:
    return [Failure(kind=kind, code="x", message="m") for kind in kinds]


def test_without_a_config_retries_are_few_and_short() -> None:
    retry = settings().retry
    assert (retry.attempts, retry.base, retry.cap) == (3, 1.0, 10.0)


def test_the_defaults_that_the_shipped_config_spells_out_are_the_daemon_s() -> None:
    shipped = load(Path(__file__).parents[2] / "config" / "ytaudio.toml", {})
    assert with_short_retries(shipped).retry == settings().retry


def test_what_the_config_says_holds() -> None:
    retry = settings(attempts="5", base="20s").retry
    assert (retry.attempts, retry.base, retry.cap) == (5, 20.0, 20.0)


def test_passing_failures_are_tried_three_times_with_growing_pauses() -> None:
    once, twice, thrice = (
        retry_delay_s(failures(*[FailureKind.TRANSIENT] * n), settings())
        for n in (1, 2, 3)
    )
    assert once is not None
    assert 0.5 <= once <= 1.5
    assert twice is not None
    assert 1.5 <= twice <= 4.5
    assert thrice is None


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.UNAVAILABLE,
        FailureKind.POLICY,
        FailureKind.NOT_YET,
        FailureKind.BLOCKED,
        FailureKind.HOST,
        FailureKind.OUTDATED,
    ],
)
def test_what_does_not_pass_within_seconds_is_not_tried_again(
    kind: FailureKind,
) -> None:
    assert retry_delay_s(failures(kind), settings()) is None


def test_a_network_that_is_gone_for_a_moment_is_tried_again() -> None:
    assert retry_delay_s(failures(FailureKind.OFFLINE), settings()) is not None


def test_a_link_that_kills_its_workers_is_given_up() -> None:
    patient = settings(attempts="9")
    crashed = FailureKind.CRASHED
    assert retry_delay_s(failures(crashed, crashed), patient) is not None
    assert retry_delay_s(failures(crashed, crashed, crashed), patient) is None


def test_what_an_egress_may_be_to_blame_for_is_tried_by_each_at_once() -> None:
    two = load(None, {"YTAUDIO_YOUTUBE_EGRESS": "'' socks5://127.0.0.1:1"})
    for kind in (FailureKind.BLOCKED, FailureKind.OFFLINE):
        assert retry_delay_s(failures(kind), with_short_retries(two)) == MIN_RETRY_S
    blocked = failures(FailureKind.BLOCKED, FailureKind.BLOCKED)
    assert retry_delay_s(blocked, with_short_retries(two)) is None


def test_an_egress_is_left_after_a_failure_that_may_be_its_own() -> None:
    choice = EgressChoice(["a", "b"])
    [private, refused, blocked] = failures(
        FailureKind.UNAVAILABLE, FailureKind.TRANSIENT, FailureKind.BLOCKED
    )
    choice.switch_after(private, "a")
    assert choice.current == "a"
    choice.switch_after(refused, "a")
    choice.switch_after(refused, "a")  # another thread's
    assert choice.current == "b"
    choice.switch_after(blocked, "b")
    assert choice.current == "a"

"""Attempts by real proxies: one way for all of an attempt, and none tells a password."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.fetch_rig import VIDEO, Ran, Runner
from tests.proxies import Proxy
from tests.token_provider import TokenProvider
from tests.youtube import Video, YouTube
from ytaudio_daemon.model import FailureKind, Network

pytest_plugins = ["tests.integration.fetch_fixtures"]

SCHEMES = ["socks5h", "http"]
#: Makes an attempt by a proxy.
Attempt = Callable[..., Ran]


@pytest.fixture(params=SCHEMES)
def proxy(request: pytest.FixtureRequest, youtube: YouTube) -> Iterator[Proxy]:
    made = Proxy(youtube=youtube, scheme=request.param, user="me", password="hush-hush")
    with made:
        yield made


@pytest.fixture
def by(runner: Runner, network: Network) -> Attempt:
    def attempt(address: str, **changes: Any) -> Ran:
        changed = replace(network, proxy=address, **changes)
        request = runner.request(runner.folder(), network=changed, format="m4a")
        return runner.run(request)

    return attempt


def test_all_of_an_attempt_goes_by_its_proxy(
    by: Attempt, proxy: Proxy, youtube: YouTube
) -> None:
    youtube.add(Video(id=VIDEO))
    assert by(proxy.address).result
    assert {request.egress for request in youtube.requests()} == {proxy.name}
    assert {r.kind for r in youtube.requests()} >= {"watch", "player", "media"}


def test_a_wrong_password_is_the_proxys_fault_and_is_not_told(
    by: Attempt, proxy: Proxy
) -> None:
    address = proxy.address.replace("hush-hush", "hush-wrong")
    ran = by(address)
    assert (ran.failure.kind, ran.failure.code) == (FailureKind.OFFLINE, "proxy_failed")
    assert "hush" not in str(ran)


def test_a_proxy_that_is_down_is_no_fault_of_the_job(by: Attempt, proxy: Proxy) -> None:
    proxy.stop()
    ran = by(proxy.address)
    assert (ran.failure.kind, ran.failure.code) == (FailureKind.OFFLINE, "proxy_failed")
    assert "hush" not in str(ran)


def test_a_proxy_that_cannot_reach_youtube_is_no_fault_of_the_job(
    by: Attempt, proxy: Proxy, youtube: YouTube
) -> None:
    youtube.offline = True
    assert by(proxy.address).failure.kind is FailureKind.OFFLINE


def test_a_token_is_made_for_the_same_way_out(
    by: Attempt, proxy: Proxy, youtube: YouTube
) -> None:
    youtube.add(Video(id=VIDEO, token=True))
    with TokenProvider() as provider:
        ran = by(
            proxy.address,
            player_clients=("mweb",),
            pot_provider=provider.address,
        )
    assert ran.result
    assert [query["proxy"] for query in provider.queries] == [proxy.address]
    assert "hush" not in str(ran)

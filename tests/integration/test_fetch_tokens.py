"""Proof-of-origin tokens and player clients: whole attempts by the unpatched yt-dlp."""

from dataclasses import replace
from typing import Any

import pytest
from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS

from tests.integration.fetch_rig import VIDEO, Ran, Runner
from tests.token_provider import TokenProvider, response
from tests.youtube import Video, YouTube
from tests.youtube.pages import VISITOR_DATA
from ytaudio_daemon.model import FailureKind, Network
from ytaudio_daemon.model.innertube import PLAYER_CLIENTS

pytest_plugins = ["tests.integration.fetch_fixtures"]

#: A web player: yt-dlp leaves out what it would only get with a token.
WEB_PLAYER = ("mweb",)
GUARDED = Video(id=VIDEO, token=True)


class Attempts:
    """Attempts at a video whose media wants a token."""

    def __init__(self, runner: Runner, youtube: YouTube, network: Network) -> None:
        self._runner = runner
        self._network = network
        youtube.add(GUARDED)

    def run(self, provider: str = "", **changes: Any) -> Ran:
        changes = {"player_clients": WEB_PLAYER, "pot_provider": provider} | changes
        request = self._runner.request(
            self._runner.folder(),
            network=replace(self._network, **changes),
            format="m4a",
        )
        return self._runner.run(request)


@pytest.fixture
def attempts(runner: Runner, youtube: YouTube, network: Network) -> Attempts:
    return Attempts(runner, youtube, network)


def test_media_that_want_a_token_come_with_one(
    attempts: Attempts, youtube: YouTube
) -> None:
    with TokenProvider() as provider:
        ran = attempts.run(provider.address)
        assert not ran.result.note
    [query] = provider.queries  # one serves all formats
    assert query["content_binding"] == VISITOR_DATA
    assert query["proxy"] == youtube.proxy
    assert query["disable_tls_verification"] is False
    assert query["innertube_context"]["client"]["visitorData"] == VISITOR_DATA
    assert not youtube.foreign_hosts
    assert "stand-in" not in str(ran.outcome)


def test_without_a_provider_the_failure_says_what_is_missing(
    attempts: Attempts,
) -> None:
    failure = attempts.run().failure
    assert (failure.code, failure.kind) == ("pot_required", FailureKind.NOT_YET)
    assert "[youtube] pot_provider" in failure.hint


def test_a_refused_token_is_not_taken_for_a_missing_provider(
    attempts: Attempts,
) -> None:
    forged = response({"poToken": "A" * 160})
    with TokenProvider(answer=forged) as provider:
        assert attempts.run(provider.address).failure.code == "media_refused"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "it refused the connection."),
        (
            response({"error": "Sign in to confirm you're not a bot"}, status="500 X"),
            "it answered with an error (HTTP 500): Sign in to confirm",
        ),
        (b"", "it closed the connection without an answer."),
    ],
)
def test_a_provider_that_fails_costs_no_job(
    attempts: Attempts, answer: bytes | None, said: str
) -> None:
    with TokenProvider(answer=answer) as provider:
        if answer is None:
            provider.stop()
        ran = attempts.run(provider.address)
    # Uncharged, and no gate is closed by what a provider says.
    assert ran.failure.kind is FailureKind.NOT_YET
    assert ran.failure.code == "pot_provider_failed"
    assert said in ran.failure.message
    assert ran.failure.retry_after_s
    assert "the provider at" in ran.failure.log_tail


def test_what_needs_no_token_comes_without_the_provider_and_says_so(
    attempts: Attempts, youtube: YouTube
) -> None:
    youtube.add(Video(id=VIDEO))
    with TokenProvider() as provider:
        provider.stop()
        ran = attempts.run(provider.address, player_clients=("mweb", "visionos"))
    assert ran.result.note == (
        f"fetched without a proof-of-origin token: the provider at {provider.address} "
        "refused the connection"
    )


def test_a_provider_that_failed_is_not_asked_for_every_format(
    attempts: Attempts,
) -> None:
    # Each question to one that hangs would cost a deadline (test_pot_client.py).
    with TokenProvider(answer=b"") as provider:
        attempts.run(provider.address)
        assert provider.paths == ["/get_pot"]


def test_the_clients_that_are_set_are_asked(
    attempts: Attempts, youtube: YouTube
) -> None:
    youtube.add(Video(id=VIDEO))
    assert attempts.run(player_clients=("ios", "tv_simply", "visionos")).result
    asked = [request.client for request in youtube.requests(VIDEO, "player")]
    assert set(asked) == {"IOS", "TVHTML5_SIMPLY", "VISIONOS"}


def test_the_closed_list_is_that_of_ytdlp() -> None:
    theirs = {name for name in INNERTUBE_CLIENTS if not name.startswith("_")}
    assert set(PLAYER_CLIENTS) == theirs | {"default"}

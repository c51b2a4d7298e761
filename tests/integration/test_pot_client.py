"""The conversation with a token provider: one deadline, one address, no lies believed."""

import time

import pytest

from tests.token_provider import VERSION, TokenProvider, response
from tests.youtube.tokens import token_for
from ytaudio_daemon.fetch.pot_client import (
    MAX_RESPONSE_BYTES,
    PotProviderError,
    fetch_token,
    is_token,
    ping,
)

QUERY = {"content_binding": "visitor", "proxy": "socks5://u:p@127.0.0.1:1"}
TOKEN = token_for("visitor")


def test_a_ping_names_the_version() -> None:
    with TokenProvider() as provider:
        assert ping(provider.address) == VERSION
        assert provider.paths == ["/ping"]


def test_a_token_is_asked_for_with_its_binding_and_proxy() -> None:
    with TokenProvider() as provider:
        assert fetch_token(provider.address, QUERY) == TOKEN
        assert provider.queries == [QUERY]


def test_an_answer_in_chunks_is_read() -> None:
    body = f'{{"poToken": "{TOKEN}"}}'.encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with TokenProvider(answer=head + chunks) as provider:
        assert fetch_token(provider.address, QUERY) == TOKEN


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            response({"error": "no\x1b[31m\nluck"}, status="500 Oh"),
            "error (HTTP 500): no luck",
        ),
        (response({"error": "no luck"}), "error (HTTP 200): no luck"),
        (response([], status="404 Not Found"), "error (HTTP 404)"),
        (
            response({}, status="302 Found", more="Location: http://127.0.0.1:9/\r\n"),
            "redirected to elsewhere (HTTP 302)",
        ),
        (response({"poToken": None}), "without a token"),
        (response({"poToken": 7}), "no valid token"),
        (response({"poToken": "not a token"}), "no valid token"),
        (response({"poToken": "AAAA"}), "no valid token"),
        (response({"poToken": "A" * 8192}), "no valid token"),
        (response(["poToken"]), "not a JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "not a JSON object"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000, "not a JSON object"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "broke off"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "not HTTP"),
        (b"HTTP/1.1 " + b"x: y\r\n" * 500, "not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "broke off",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * MAX_RESPONSE_BYTES, "more than 64 KiB"),
    ],
)
def test_a_lie_is_a_failure_with_its_cause(answer: bytes, said: str) -> None:
    with TokenProvider(answer=answer) as provider, pytest.raises(PotProviderError) as e:
        fetch_token(provider.address, QUERY)
    assert said in str(e.value)
    assert str(e.value).isprintable()


def test_a_redirect_is_not_followed() -> None:
    with TokenProvider() as other:
        more = f"Location: {other.address}/get_pot\r\n"
        answer = response({}, status="307 Temporary Redirect", more=more)
        with TokenProvider(answer=answer) as provider, pytest.raises(PotProviderError):
            fetch_token(provider.address, QUERY)
        assert other.paths == []


@pytest.mark.parametrize("kind", ["silent", "dripping", "head"])
def test_the_deadline_holds_for_the_whole_exchange(kind: str) -> None:
    provider = TokenProvider(is_silent=kind == "silent", drip_s=0.05)
    if kind == "head":
        provider.answer = b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 5000
    began = time.monotonic()
    with provider, pytest.raises(PotProviderError, match=r"not answer within 0.4 s"):
        fetch_token(provider.address, QUERY, timeout_s=0.4)
    assert time.monotonic() - began < 5


def test_a_refused_connection_is_named() -> None:
    with TokenProvider() as provider:
        address = provider.address
    with pytest.raises(PotProviderError, match="refused the connection"):
        ping(address)


@pytest.mark.parametrize("address", ["http://nowhere.invalid:1", "http://a..b:1"])
def test_a_name_that_leads_nowhere_is_named(address: str) -> None:
    with pytest.raises(PotProviderError, match="cannot be reached"):
        ping(address)


def test_a_stranger_on_the_port_is_no_provider() -> None:
    answer = response({"status": "ok"})
    with TokenProvider(answer=answer) as provider, pytest.raises(PotProviderError):
        ping(provider.address)


def test_tokens_have_the_form_of_tokens() -> None:
    assert is_token(TOKEN)
    assert not is_token("")
    assert not is_token("A" * 41)  # no base64

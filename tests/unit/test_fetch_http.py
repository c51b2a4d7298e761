"""Our HTTP handler for yt-dlp: bodies, connections that are kept, redirects."""

import gzip
import http.client
import socket
import zlib
from collections.abc import Callable
from http.client import HTTPResponse, HTTPSConnection

import brotli  # type: ignore[import-untyped]
import pytest
from yt_dlp.networking.common import Request
from yt_dlp.networking.exceptions import TransportError, UnsupportedRequest

from ytaudio_daemon.fetch import hosts
from ytaudio_daemon.fetch.http_body import Body, PackedBody, open_body
from ytaudio_daemon.fetch.http_connections import ConnectionPool, Route
from ytaudio_daemon.fetch.http_handler import (
    Hop,
    KeptConnectionsRH,
    KeptResponse,
    next_hop,
)
from ytaudio_daemon.fetch.ytdlp_client import LogCapture, YtDlpClient

TEXT = b"a page of words, " * 1000
BOMB_BYTES = 4 << 20
ROUTE = Route("www.youtube.com", 443, "")


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
}


def answered(
    body: bytes, announced: int | None = None, encoding: str = ""
) -> HTTPResponse:
    """Return a response whose server sent these bytes and closed the connection."""
    ours, theirs = socket.socketpair()
    length = len(body) if announced is None else announced
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n"
    head += f"Content-Encoding: {encoding}\r\n\r\n" if encoding else "\r\n"
    with theirs:
        theirs.sendall(head.encode() + body)
    response = HTTPResponse(ours)
    ours.close()
    response.begin()
    return response


def read_all(body: Body | PackedBody, amount: int | None) -> bytes:
    pieces = []
    while piece := body.read(amount):
        assert amount is None or len(piece) <= amount
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("amount", [None, 1, 100, 1 << 20])
@pytest.mark.parametrize("packer", PACKERS.values(), ids=PACKERS)
def test_a_packed_body_is_unpacked(
    packer: tuple[str, Callable[[bytes], bytes]], amount: int | None
) -> None:
    encoding, pack = packer
    response = answered(pack(TEXT), encoding=encoding)
    assert read_all(open_body(response), amount) == TEXT
    assert response.isclosed(), "read to its end, so the connection may be kept"


@pytest.mark.parametrize("packer", PACKERS.values(), ids=PACKERS)
def test_a_bomb_comes_in_pieces(packer: tuple[str, Callable[[bytes], bytes]]) -> None:
    encoding, pack = packer
    body = open_body(answered(pack(bytes(BOMB_BYTES)), encoding=encoding))
    assert len(body.read(1000)) <= 1000
    assert body.read(1000) == bytes(1000)


@pytest.mark.parametrize("amount", [None, 10, 1 << 20])
@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_a_body_that_is_cut_is_an_error(encoding: str, amount: int | None) -> None:
    packers = {"": bytes, "gzip": gzip.compress, "br": brotli.compress}
    whole = packers[encoding](TEXT)
    body = open_body(answered(whole[:-5], announced=len(whole), encoding=encoding))
    with pytest.raises(http.client.IncompleteRead):
        read_all(body, amount)


def test_a_packed_body_that_ends_early_is_an_error_without_its_length() -> None:
    packed = gzip.compress(TEXT)[:-20]
    with pytest.raises(http.client.IncompleteRead):
        open_body(answered(packed, encoding="gzip")).read()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_damaged_body_is_an_error(encoding: str) -> None:
    body = open_body(answered(b"\x78\x9c" + b"\xff" * 100, encoding=encoding))
    with pytest.raises((zlib.error, http.client.IncompleteRead)):
        body.read()


def test_a_compression_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(http.client.HTTPException):
        open_body(answered(b"x", encoding="zstd"))


def connected() -> tuple[HTTPSConnection, socket.socket]:
    """Return a connection whose other end is ours, without TLS."""
    connection = HTTPSConnection(ROUTE.host)
    connection.sock, other = socket.socketpair()
    return connection, other


def pool() -> ConnectionPool:
    return ConnectionPool(None)  # type: ignore[arg-type]  # no handshake here


def test_an_idle_connection_is_used_again_on_its_route_only() -> None:
    kept, (connection, other) = pool(), connected()
    kept.release(ROUTE, connection)
    by_proxy = ROUTE._replace(proxy="http://127.0.0.1:9")
    assert kept.acquire(by_proxy, 1.0) is not connection
    assert kept.acquire(ROUTE, 1.5) is connection
    assert connection.sock.gettimeout() == 1.5
    assert kept.acquire(ROUTE, 1.0) is not connection, "one request at a time"
    connection.close()
    other.close()


@pytest.mark.parametrize("last_words", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_a_connection_that_the_server_ended_is_not_used_again(
    last_words: bytes,
) -> None:
    kept, (connection, other) = pool(), connected()
    kept.release(ROUTE, connection)
    other.sendall(last_words)
    other.close()
    assert kept.acquire(ROUTE, 1.0) is not connection


def kept_response(
    body: bytes, announced: int | None = None
) -> tuple[KeptResponse, list[str]]:
    ends: list[str] = []
    raw = answered(body, announced)
    return (
        KeptResponse(
            raw,
            "https://www.youtube.com/",
            release=lambda: ends.append("kept"),
            discard=lambda: ends.append("closed"),
        ),
        ends,
    )


def test_a_response_read_to_its_end_returns_its_connection_once() -> None:
    response, ends = kept_response(TEXT)
    while response.read(1000):
        assert ends == []
    response.read(1000)
    response.close()
    assert ends == ["kept"]


def test_what_is_left_unread_closes_the_connection() -> None:
    response, ends = kept_response(TEXT)
    response.read(10)
    response.close()
    assert ends == ["closed"]


def test_a_cut_response_closes_its_connection() -> None:
    response, ends = kept_response(TEXT, announced=len(TEXT) + 1)
    with pytest.raises(TransportError):
        response.read()
    assert ends == ["closed"]


POST = Hop(
    url="https://www.youtube.com/youtubei/v1/player?x=1",
    method="POST",
    data=b"{}",
    headers={
        "Content-Type": "application/json",
        "Cookie": "a=b",
        "Authorization": "SAPISIDHASH 1",
        "X-Y": "z",
    },
)


@pytest.mark.parametrize(
    ("status", "method", "data"),
    [
        (301, "GET", None),
        (302, "GET", None),
        (303, "GET", None),
        (307, "POST", b"{}"),
        (308, "POST", b"{}"),
    ],
)
def test_a_redirect_changes_the_method_as_browsers_do(
    status: int, method: str, data: bytes | None
) -> None:
    hop = next_hop(POST, "/elsewhere", status)
    assert (hop.url, hop.method, hop.data) == (
        "https://www.youtube.com/elsewhere",
        method,
        data,
    )
    assert ("Content-Type" in hop.headers) == (method == "POST")
    assert "Cookie" not in hop.headers, "the jar knows what the new address gets"
    assert hop.headers["Authorization"] == "SAPISIDHASH 1"


def test_another_host_gets_no_authorization() -> None:
    hop = next_hop(POST, "https://m.youtube.com/", 307)
    assert "Authorization" not in hop.headers
    assert hop.headers["X-Y"] == "z"


def test_a_redirect_away_from_youtube_is_not_followed() -> None:
    with pytest.raises(hosts.ForeignHostError):
        hosts.check_host(next_hop(POST, "//evil.example/", 302).url)


def handlers_for(url: str, proxy: str) -> list[type]:
    """Return the handlers that would send a request, the first first."""
    with YtDlpClient({"logger": LogCapture(), "proxy": proxy}) as ydl:
        able = []
        for handler in ydl._request_director._get_handlers(Request(url)):
            try:
                handler.validate(Request(url))
            except UnsupportedRequest:
                continue
            able.append(type(handler))
        return able


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_it_sends_what_it_can(proxy: str) -> None:
    able = handlers_for("https://www.youtube.com/", proxy)
    assert able[0] is KeptConnectionsRH
    assert len(able) > 1


@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:9", "https://127.0.0.1:9"])
def test_it_leaves_other_proxies_to_others(proxy: str) -> None:
    able = handlers_for("https://www.youtube.com/", proxy)
    assert able
    assert KeptConnectionsRH not in able

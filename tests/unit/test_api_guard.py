"""What the guard lets through, and how the server listens."""

import socket

import pytest

from ytaudio_daemon.api.guard import refuse_cross_site, refuse_wrong_host
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.server import LOOPBACK_NAMES, is_loopback, listen


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"]
)
def test_loopback_has_its_names(host: str) -> None:
    refuse_wrong_host({"host": host}, LOOPBACK_NAMES)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1.evil.example", "localhost.", "[::1", "a@b"]
)
def test_any_other_name_is_refused(host: str) -> None:
    with pytest.raises(Problem, match="loopback"):
        refuse_wrong_host({"host": host}, LOOPBACK_NAMES)
    refuse_wrong_host({"host": host}, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9000"},
        {"origin": "http://[broken"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_foreign_pages_may_look_but_change_nothing(headers: dict[str, str]) -> None:
    told = {"host": "localhost:8000", **headers}
    refuse_cross_site("GET", told)
    with pytest.raises(Problem, match="other sites"):
        refuse_cross_site("POST", told)


def test_programs_and_own_pages_may() -> None:
    refuse_cross_site("POST", {"host": "localhost:8000"})
    own = {"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}
    refuse_cross_site("DELETE", {"host": "localhost:8000", **own})


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_what_is_loopback(host: str, *, is_own: bool) -> None:
    assert is_loopback(host) is is_own


def test_answers_do_not_wait_for_the_clients_ack() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""Clients that want to keep others from the API."""

import resource
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.api_rig import Front, ask_for, problem_of, served
from tests.acceptance.rig import House, ids
from tests.youtube import Fault, Video, YouTube
from ytaudio_daemon.api.event_stream import MAX_STREAMS_PER_SESSION
from ytaudio_daemon.api.session_limits import BURST, MAX_UNUSED

#: As many as the descriptors that most systems give a process, and some.
ATTACKERS = 1100
HALF_A_HEAD = b"POST /api/jobs/ HTTP/1.1\r\nHost: localhost\r\nContent-Le"
HALF_A_BODY = (
    b"POST /api/sessions/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
)
HALVES = (HALF_A_HEAD, HALF_A_BODY, b"")
#: Seconds a request may take, the deadline of 10 s and those of a busy machine.
PATIENCE_S = 40.0


@pytest.fixture
def own_limit() -> Iterator[None]:
    """Permit this process as many sockets as the attack needs."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(before[0], 4096)
    if before[1] not in {resource.RLIM_INFINITY, -1} and before[1] < wanted:
        pytest.skip(f"this process may open {before[1]} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def connect(front: Front) -> socket.socket:
    address = urlsplit(front.base)
    assert address.hostname is not None
    return socket.create_connection((address.hostname, address.port or 0), timeout=60)


def until_closed(attacker: socket.socket, patience: float = PATIENCE_S) -> bytes:
    """Return what the server says until it closes."""
    attacker.settimeout(patience)
    said = b""
    try:
        while chunk := attacker.recv(4096):
            said += chunk
    except ConnectionResetError:
        pass
    return said


@pytest.mark.usefixtures("own_limit")
def test_a_thousand_idle_connections_stop_nobody(api_home: House) -> None:
    """Whatever they have sent by then; each is closed."""
    log = Path(api_home.root / "serve.err")
    before = log.stat().st_size if log.exists() else 0
    # The limit of most shells and services; the server raises it itself.
    with served(api_home, soft_descriptors=1024) as front, ExitStack() as stack:
        attackers = []
        for number in range(ATTACKERS):
            attackers.append(stack.enter_context(connect(front)))
            attackers[-1].sendall(HALVES[number % len(HALVES)])
        began = time.monotonic()
        for _ in range(5):
            assert front.http.get("/api/health", timeout=10).status_code == 200
            assert front.open_session()
        assert time.monotonic() - began < PATIENCE_S
        for attacker in attackers:
            until_closed(attacker)
        assert time.monotonic() - began < 2 * PATIENCE_S
    assert log.stat().st_size - before < 64 << 10


def test_a_request_that_trickles_has_an_end(front: Front) -> None:
    """Each byte in time is not enough."""
    with connect(front) as slow:
        slow.sendall(HALF_A_BODY)
        slow.settimeout(0.2)
        began, said = time.monotonic(), b""
        while time.monotonic() - began < PATIENCE_S:
            try:
                slow.sendall(b" ")
                said = slow.recv(4096)
                break
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408 "), said
        assert b"request_timeout" in said + until_closed(slow)


def test_half_a_request_does_nothing(front: Front) -> None:
    def count() -> int:
        stats = front.http.get("/api/sessions/stats/overview").json()
        return int(stats["total_sessions"])

    before = count()
    with connect(front) as gone:
        gone.sendall(HALF_A_BODY)
    with connect(front) as late:
        late.sendall(HALF_A_BODY)
        assert b" 408 " in until_closed(late)
    assert count() == before


def test_bad_requests_are_logged_once(api_home: House) -> None:
    log = api_home.root / "serve.err"
    before = log.stat().st_size if log.exists() else 0
    with served(api_home) as front:
        for _ in range(200):
            with connect(front) as bad:
                bad.sendall(b"\x00\r\n\r\n")
                assert b" 400 " in until_closed(bad)
    written = log.read_bytes()[before:]
    assert written.count(b"Invalid HTTP request received.") == 1


def test_a_flood_of_sessions_is_refused_with_the_reason(api_home: House) -> None:
    with served(api_home) as front:
        answers = [front.http.post("/api/sessions/") for _ in range(BURST + 60)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:BURST] == [201] * BURST
        assert 429 in statuses[BURST:]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert problem_of(refused, 429)["code"] == "too_many_new_sessions"
        assert refused.headers["retry-after"]
        # One more every second.
        api_home.wait(lambda: front.http.post("/api/sessions/").status_code == 201)


def test_unused_sessions_are_bounded_in_all(tmp_path: Path, site: YouTube) -> None:
    """Those of the operator as well, who has no other limit."""
    house = House(tmp_path / "house", site)
    token = tmp_path / "token"
    token.write_text("correct-horse-battery-staple")
    token.chmod(0o600)
    bearer = {"Authorization": f"Bearer {token.read_text()}"}
    with served(house, "--token-file", str(token)) as front:
        first = front.open_session(**bearer)
        with closing(sqlite3.connect(house.root / "state/ledger.sqlite3")) as db, db:
            db.execute(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n"
                f" WHERE i < {MAX_UNUSED}) INSERT INTO sessions (uuid, name, state,"
                " created_at, last_activity_at, last_activity_lived, key_sha256)"
                " SELECT i, i, 'active', 0, 0, 0, i FROM n"
            )
        refused = problem_of(front.http.post("/api/sessions/", headers=bearer), 429)
        assert refused["code"] == "too_many_unused_sessions"
        ask_for(front.client(first), ids("APIUNUSED", 1)[0])
        assert front.open_session(**bearer)


def test_one_session_does_not_take_all_streams(front: Front, site: YouTube) -> None:
    [video] = ids("APIGREEDY", 1)
    site.add(Video(id=video, duration_s=20, formats={"aac"}))
    site.fault(video, Fault.throttles(1000))
    greedy, other = front.client(), front.client()
    path, others_path = (
        f"/api/jobs/{ask_for(client, video)['job_uuid']}/events"
        for client in (greedy, other)
    )
    with ExitStack() as stack:
        for _ in range(MAX_STREAMS_PER_SESSION):
            taken = stack.enter_context(greedy.stream("GET", path))
            assert taken.status_code == 200
        refused = problem_of(greedy.get(path), 429)
        assert refused["code"] == "session_stream_limit"
        with other.stream("GET", others_path) as stream:
            assert stream.status_code == 200

    def is_let_in() -> bool:
        with greedy.stream("GET", path) as again:
            return again.status_code == 200

    front.house.wait(is_let_in)
    for client in (greedy, other):
        for job in client.get("/api/jobs/").json()["jobs"]:
            client.delete(f"/api/jobs/{job['job_uuid']}")

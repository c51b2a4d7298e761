"""Who may do what: sessions, the operator, foreign pages, bad requests."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
from referencing import Registry, Resource

from tests.acceptance.api_rig import Front, ask_for, problem_of, served, wait_for
from tests.acceptance.rig import Document, House, ids
from ytaudio_daemon.system import install_hints

SCHEMAS = Path(__file__).parents[2] / "ytaudio_daemon" / "schemas"
TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded(api_home: House) -> Iterator[Front]:
    """A server with a token."""
    file = api_home.root / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    with served(api_home, "--token-file", str(file)) as front:
        yield front


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def valid(document: Document, schema: str) -> None:
    """Hold a document to a schema of the status files."""
    found = {file.name: json.loads(file.read_text()) for file in SCHEMAS.glob("*.json")}
    resources = [(name, Resource.from_contents(s)) for name, s in found.items()]
    registry: Registry[object] = Registry().with_resources(resources)
    jsonschema.Draft202012Validator(found[schema], registry=registry).validate(document)


def test_documents_are_those_of_the_status_files(front: Front) -> None:
    client = front.client()
    valid(ask_for(client, ids("APISHARED", 1)[0]), "ytaudio.job-1.json")
    valid(client.get("/api/jobs/").json(), "ytaudio.jobs-1.json")
    valid(front.http.get("/api/status").json(), "ytaudio.daemon-1.json")


def test_everybody_on_loopback_is_the_operator_without_a_token(front: Front) -> None:
    one, other = front.new_session()["uuid"], front.new_session()["uuid"]
    pages = front.http.get("/api/sessions/", params={"limit": 500}).json()["sessions"]
    assert {one, other} <= {session["session_uuid"] for session in pages}
    before = front.http.get("/api/sessions/stats/overview").json()["active_sessions"]
    front.open_session()
    after = front.http.get("/api/sessions/stats/overview").json()
    assert after["active_sessions"] == before + 1
    # Whoever comes through a proxy is not on this machine.
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    problem_of(front.http.get("/api/sessions/", headers=proxied), 401)
    problem_of(front.http.post("/api/sessions/", headers=proxied), 401)


def test_with_a_token_others_see_their_own_session_only(guarded: Front) -> None:
    anybody = guarded.http
    for method, path in (
        ("POST", "/api/sessions/"),
        ("GET", "/api/sessions/"),
        ("GET", "/api/sessions/stats/overview"),
        ("GET", "/api/status"),
        ("GET", "/api/metrics"),
    ):
        refused = anybody.request(method, path)
        problem_of(refused, 401)
        assert refused.headers["www-authenticate"]
        wrong = anybody.request(method, path, headers=bearer("wrong"))
        problem_of(wrong, 401)
        assert anybody.request(method, path, headers=bearer()).status_code < 300
    mine = guarded.open_session(**bearer())
    client = guarded.client(mine)
    listed = client.get("/api/sessions/").json()["sessions"]
    assert [session["session_uuid"] for session in listed] == [mine]
    assert client.get("/api/sessions/stats/overview").json()["total_sessions"] == 1
    assert client.get("/api/sessions/", params={"state": "expired"}).json() == {
        "sessions": [],
        "next": None,
    }
    everything = anybody.get("/api/sessions/", headers=bearer()).json()["sessions"]
    assert len(everything) > 1
    assert anybody.get("/api/health").json()["live"]


def test_sessions_come_in_pages(front: Front) -> None:
    made = [front.new_session()["uuid"] for _ in range(3)]
    params: dict[str, str] = {"limit": "1", "state": "all"}
    found: list[str] = []
    while True:
        page = front.http.get("/api/sessions/", params=params).json()
        found += [session["session_uuid"] for session in page["sessions"]]
        if page["next"] is None:
            break
        params["after"] = page["next"]
    assert found[-3:] == made
    assert len(found) == len(set(found))
    nobody = {"after": "6f1e2d3c-4b5a-4987-8a6b-0c1d2e3f4a5b"}
    problem_of(front.http.get("/api/sessions/", params=nobody), 404)


def test_a_folder_s_name_opens_nothing(guarded: Front) -> None:
    """What stands in folder names, logs and status files is no password."""
    made = guarded.new_session(**bearer())
    key, public = made["session_uuid"], made["uuid"]
    assert key != public
    root = guarded.house.root
    assert (root / "inbox" / public).is_dir()
    with_key, stranger = guarded.client(key), guarded.client(public)
    job = ask_for(with_key, ids("APIKEY", 1)[0])["job_uuid"]
    wait_for(guarded.house, with_key, job, "completed")
    for method, path in (
        ("GET", "/api/jobs/"),
        ("GET", f"/api/jobs/{job}/audio"),
        ("DELETE", f"/api/jobs/{job}"),
        ("GET", "/api/sessions/"),
    ):
        problem_of(stranger.request(method, path), 401)
    problem_of(guarded.http.get(f"/api/sessions/{public}"), 404)
    # With the key everything goes, and it is what every answer calls the session.
    for path in (f"/api/sessions/{key}", f"/api/sessions/{key.upper()}"):
        assert guarded.http.get(path).json()["session_uuid"] == key
    assert with_key.get("/api/sessions/").json()["sessions"][0]["session_uuid"] == key
    # The operator, who sees all sessions, names them by their UUIDs.
    assert stranger.get(f"/api/jobs/{job}", headers=bearer()).status_code == 200
    problem_of(stranger.get(f"/api/jobs/{job}", headers=bearer("wrong")), 401)
    shown = guarded.http.get(f"/api/sessions/{public}", headers=bearer()).json()
    assert (shown["uuid"], shown["session_uuid"]) == (public, public)
    for file in root.rglob("*"):
        if file.is_file():
            assert key.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    "key", ["", "nobody", "6f1e2d3c-4b5a-4987-8a6b-0c1d2e3f4a5b", "default"]
)
def test_a_session_must_be_named_by_its_uuid(front: Front, key: str) -> None:
    front.house.drop("default", "https://youtu.be/APIDEFAULT0\n", "d.txt")
    problem_of(front.http.get("/api/jobs/", headers={"X-Session-ID": key}), 401)
    problem_of(front.http.get(f"/api/sessions/{key or 'x'}"), 404)


def test_whatever_goes_wrong_is_a_problem(front: Front) -> None:
    client = front.client()
    nothing = problem_of(client.get("/api/nothing"), 404)
    assert nothing["code"] == "no_such_page"
    wrong = client.patch("/api/jobs/")
    problem_of(wrong, 405)
    assert wrong.headers["allow"] == "GET, POST"
    broken = client.post(
        "/api/jobs/", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert problem_of(broken, 422)["errors"]
    deep = client.post(
        "/api/jobs/",
        content=b"[" * 30_000,
        headers={"Content-Type": "application/json"},
    )
    assert deep.status_code in {400, 422}
    problem_of(deep, deep.status_code)
    surrogate = b'{"url": "https://youtu.be/AAAAAAAAAAA", "\\ud800": 1}'
    odd = client.post(
        "/api/jobs/", content=surrogate, headers={"Content-Type": "application/json"}
    )
    problem_of(odd, 422)


def test_bodies_are_bounded(front: Front) -> None:
    client = front.client()
    big = b'{"url": "' + b"x" * 70_000 + b'"}'
    problem_of(client.post("/api/jobs/", content=big), 413)

    def pieces() -> Iterator[bytes]:
        for _ in range(80):
            yield b" " * 1000

    chunked = client.post("/api/jobs/", content=pieces())
    problem_of(chunked, 413)


def test_other_hosts_and_other_sites_pages_are_refused(front: Front) -> None:
    rebound = front.http.get("/api/sessions/", headers={"Host": "evil.example:8000"})
    assert problem_of(rebound, 421)["code"] == "wrong_host"
    port = urlsplit(front.base).port
    named = front.http.get("/api/health", headers={"Host": f"localhost:{port}"})
    assert named.status_code == 200
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        problem_of(front.http.post("/api/sessions/", headers=headers), 403)
    own = {"Origin": front.base, "Sec-Fetch-Site": "same-origin"}
    assert front.http.post("/api/sessions/", headers=own).status_code == 201
    assert "access-control-allow-origin" not in named.headers


def test_a_slow_or_broken_client_does_not_stop_others(front: Front) -> None:
    address = urlsplit(front.base)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0)) as slow:
        slow.sendall(b"POST /api/jobs/ HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        assert front.http.get("/api/health").status_code == 200


class TestStarting:
    """What `ytaudio serve` refuses."""

    def refused(self, house: House, *words: str) -> str:
        done = house.cli("serve", "--port", "0", *words)
        assert done.returncode == 2, done
        return done.stderr

    def test_another_address_needs_a_token(self, api_home: House) -> None:
        assert "--token-file" in self.refused(api_home, "--host", "0.0.0.0")
        assert "--token-file" in self.refused(api_home, "--host", "::")

    def test_a_token_others_can_read_is_none(
        self, api_home: House, tmp_path: Path
    ) -> None:
        file = tmp_path / "token"
        file.write_text(TOKEN)
        file.chmod(0o640)
        assert f"chmod 600 {file}" in self.refused(api_home, "--token-file", str(file))
        file.chmod(0o600)
        file.write_text("short")
        assert "16 to 512" in self.refused(api_home, "--token-file", str(file))
        assert "No such file" in self.refused(api_home, "--token-file", "nowhere")

    def test_a_taken_port_and_a_stranger(self, api_home: House, front: Front) -> None:
        port = str(urlsplit(front.base).port)
        done = api_home.cli("serve", "--port", port)
        assert (done.returncode, "in use" in done.stderr) == (2, True)

    def test_without_the_extra_the_pip_line_is_told(self, api_home: House) -> None:
        code = (
            "import sys; sys.modules['uvicorn'] = None;"
            "from ytaudio_daemon.cli import main; sys.exit(main(['serve']))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=api_home.root,
            env=api_home.environment(PYTHONPATH=str(Path.cwd())),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert install_hints.install_extra_command("api") in done.stderr


async def poll(base: str, headers: dict[str, str], path: str) -> list[int]:
    """Ask a few times, as a client does that waits for its job."""
    plain = httpx.AsyncClient(base_url=base, timeout=30, verify=False, trust_env=False)
    async with plain as client:
        return [(await client.get(path, headers=headers)).status_code for _ in range(2)]


def test_two_hundred_clients_at_once_are_answered(front: Front) -> None:
    import asyncio  # noqa: PLC0415 - this test's alone

    client = front.client()
    job = ask_for(client, ids("APICROWD", 1)[0])["job_uuid"]
    headers = {"X-Session-ID": client.headers["x-session-id"]}

    async def crowd() -> list[list[int]]:
        polls = (poll(front.base, headers, f"/api/jobs/{job}") for _ in range(200))
        return await asyncio.gather(*polls)

    assert asyncio.run(crowd()) == [[200] * 2] * 200

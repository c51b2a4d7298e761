"""The API in a process of its own, beside a house's daemon or without one."""

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from tests.acceptance import warm
from tests.acceptance.rig import Document, House

#: Seconds a server has to say its address.
START_S = 75.0
#: What a job is until it is finalized.
UNFINISHED = ("pending", "processing")
#: Of a request.
TIMEOUT_S = 60.0


class Front:
    """One `ytaudio serve` and a client of it.

    Args:
        house: Whose ledger it serves.
        base: Its address.
    """

    def __init__(self, house: House, base: str) -> None:
        self.house = house
        self.base = base
        self._clients: list[httpx.Client] = []
        self.http = self._client({})

    def open_session(self, **headers: str) -> str:
        """Open a session; returns its key, which the API calls `session_uuid`."""
        found: str = self.new_session(**headers)["session_uuid"]
        return found

    def new_session(self, **headers: str) -> Document:
        """Open a session; returns its answer."""
        made = self.http.post("/api/sessions/", headers=headers)
        assert made.status_code == 201, made.text
        found: Document = made.json()
        return found

    def client(self, session: str = "") -> httpx.Client:
        """Return a client that shows a session's key; a new session's when ""."""
        return self._client({"X-Session-ID": session or self.open_session()})

    def close(self) -> None:
        """Close every client."""
        for client in self._clients:
            client.close()

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=self.base, timeout=TIMEOUT_S, headers=headers)
        self._clients.append(client)
        return client


def uuid_of(client: httpx.Client) -> str:
    """Return the UUID of a client's session, by which the commands know it."""
    key = client.headers["x-session-id"]
    found: str = client.get(f"/api/sessions/{key}").json()["uuid"]
    return found


def ask_for(client: httpx.Client, video: str, **wishes: Any) -> Document:
    """Post a job; returns its answer."""
    made = client.post("/api/jobs/", json={"url": f"youtu.be/{video}", **wishes})
    assert made.status_code in {200, 201}, made.text
    found: Document = made.json()
    return found


def wait_for(house: House, client: httpx.Client, job: str, *statuses: str) -> Document:
    """Return the job as soon as it has one of these statuses."""

    def told() -> Document:
        found: Document = client.get(f"/api/jobs/{job}").json()
        if found["status"] in statuses:
            return found
        assert found["status"] in UNFINISHED, found
        return {}

    return house.wait(told)


def problem_of(answer: httpx.Response, status: int) -> Document:
    """Return the problem that an answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: Document = answer.json()
    assert document["status"] == status
    assert document["type"] == f"urn:ytaudio:problem:{document['code']}"
    return document


@contextmanager
def served(house: House, *words: str, soft_descriptors: int = 0) -> Iterator[Front]:
    """Serve a house's ledger on a free port; ended in good order afterwards.

    Args:
        house: Whose ledger.
        words: Further arguments of `ytaudio serve`.
        soft_descriptors: Its soft `RLIMIT_NOFILE`; 0 = as it is here.
    """
    near, far = os.pipe()
    with os.fdopen(near, "rb") as said:
        with os.fdopen(far, "wb") as output:
            process = _start(
                house, ["serve", "--port=0", *words], soft_descriptors, output
            )
        try:
            front = Front(house, _address(said))
            try:
                yield front
            finally:
                front.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


def _start(
    house: House, words: list[str], soft_descriptors: int, output: IO[bytes]
) -> warm.Process:
    """Start `ytaudio` with these words; it prints into `output`."""
    cwd, env = house.root, house.environment()
    with (
        (house.root / "serve.err").open("ab") as log,
        Path(os.devnull).open("rb") as nothing,
    ):
        if house.is_plain and not soft_descriptors:
            made = warm.start(
                words, cwd=cwd, env=env, stdin=nothing, output=(output, log)
            )
            if made is not None:
                return made
        command = [house.python, "-m", "ytaudio_daemon", *words]
        if soft_descriptors:
            limit = f'ulimit -Sn {soft_descriptors} && exec "$@"'
            command = ["/bin/sh", "-c", limit, "sh", *command]
        return subprocess.Popen(
            command, cwd=cwd, env=env, stdin=nothing, stdout=output, stderr=log
        )


def _address(said: IO[bytes]) -> str:
    ready, _, _ = select.select([said], [], [], START_S)
    line = os.read(said.fileno(), 4096).decode() if ready else ""
    assert line.startswith("serving on "), line
    return line.split()[2]

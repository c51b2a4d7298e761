"""A session's `defaults.toml` means the same to the daemon, `check` and the API."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.cli_rig import Rig
from tests.integration.intake_rig import House
from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.ledger import sessions

LINK = "https://youtu.be/AAAAAAAAAAA\n"
OPUS = b'format = "opus"\n'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def format_in_daemon(house: House) -> str | None:
    """Drop a link; the format it would be downloaded in, None while the drop waits."""
    house.drop("daemon.txt", LINK)
    house.take()
    jobs = house.ask("SELECT options ->> 'format' FROM jobs")
    return str(jobs[0][0]) if jobs else None


def format_in_check(root: Path) -> str | None:
    source = root / "check.txt"
    source.write_text(LINK)
    ran = Rig(root).call("check", "--session", "alice", str(source), "--json")
    assert ran.code == 0 or "defaults.toml" in ran.err, ran.err
    return None if ran.code else ran.json["lines"][0]["options"]["format"]


def format_in_api(house: House) -> str | None:
    context = ApiContext(
        ledger=house.ledger,
        layout=house.layout,
        settings=house.settings,
        daemon_down_reason=lambda: "",
    )
    with house.ledger.write() as db:
        session = sessions.open_session(db, "alice", house.now)
    answer = asyncio.run(post_job(context, session.uuid))
    if answer.status_code == 409:
        assert answer.json()["code"] == "bad_session_defaults"
        return None
    assert answer.status_code == 201, answer.text
    return str(answer.json()["options"]["format"])


async def post_job(context: ApiContext, session_uuid: str) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(context)),
        base_url="http://127.0.0.1",
        headers={"X-Session-ID": session_uuid},
    ) as client:
        return await client.post("/api/jobs/", json={"url": "youtu.be/BBBBBBBBBBB"})


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (OPUS, "opus"),
        (b"\xef\xbb\xbf" + OPUS, "opus"),
        (b"", "mp3"),
        (b"\xff\xfe" + OPUS, None),
        (b'format = "opsu"\n', None),
        (b"format = opus\n", None),
        (b"format = " + b"[" * 60_000, None),
        (b".".join([b"a"] * 30_000) + b" = 1\n", None),
        (OPUS + b"#" * (64 << 10), None),
    ],
    ids=[
        "right",
        "byte order mark",
        "empty",
        "UTF-16",
        "no such format",
        "no TOML",
        "deep value",
        "deep key",
        "too large",
    ],
)
def test_daemon_check_and_api_agree(
    house: House, content: bytes, format_: str | None
) -> None:
    (house.inbox / "defaults.toml").write_bytes(content)
    root = house.layout.inbox.parent
    found = format_in_daemon(house), format_in_check(root), format_in_api(house)
    assert found == (format_, format_, format_)

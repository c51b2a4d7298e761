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
    answer = answer_of_api(house)
    if answer.status_code == 409:
        assert answer.json()["code"] == "bad_session_defaults"
        return None
    assert answer.status_code == 201, answer.text
    return str(answer.json()["options"]["format"])


def answer_of_api(house: House, **wish: object) -> httpx.Response:
    context = ApiContext(
        ledger=house.ledger,
        layout=house.layout,
        settings=house.settings,
        daemon_down_reason=lambda: "",
    )
    with house.ledger.write() as db:
        session = sessions.open_session(db, "alice", house.now)
    return asyncio.run(post_job(context, session.uuid, **wish))


async def post_job(
    context: ApiContext, session_uuid: str, **wish: object
) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(context)),
        base_url="http://127.0.0.1",
        headers={"X-Session-ID": session_uuid},
    ) as client:
        return await client.post(
            "/api/jobs/", json={"url": "youtu.be/BBBBBBBBBBB"} | wish
        )


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


@pytest.mark.parametrize(
    ("default", "own", "code"),
    [
        ('max = "10m"', "min=20m", "bad_option"),
        ('max = "10m"', "min=20m max=1h", None),
        ('since = "2026-05-01"', "until=2026-04-01", "bad_option"),
        ('since = "2026-05-01"', "until=2026-06-01", None),
        ("keep_last = 5", "match=live", None),
        ('follow = "1d"', "items=1-3", None),
        ('items = "1-3"', "match=live", None),
    ],
)
def test_limits_that_leave_nothing_with_the_defaults_are_refused_everywhere(
    house: House, default: str, own: str, code: str | None
) -> None:
    (house.inbox / "defaults.toml").write_text(default)
    url = "https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
    house.drop("daemon.txt", f"{url} {own}\n")
    house.take()
    source = house.layout.inbox.parent / "check.txt"
    source.write_text(f"{url} {own}\n")
    rig = Rig(house.layout.inbox.parent)
    checked = rig.call("check", "--session", "alice", str(source), "--json")
    wish = dict(word.split("=") for word in own.split())
    posted = answer_of_api(house, url=url, selection=wish)

    lines = house.ask("SELECT code, message FROM lines")
    (in_check,) = checked.json["lines"]
    codes = lines[0][0], in_check["code"], posted.json().get("code")
    assert codes == (code,) * 3
    assert code is None or "defaults.toml" in str(lines[0][1])

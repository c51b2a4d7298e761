"""Previews of collections: listed from the stand-in, and nothing is recorded."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_rig_in_process import InProcessClient
from tests.integration.intake_rig import House
from tests.youtube import Fault, Playlist, Video, YouTube
from ytaudio_daemon.api import serial_previewer
from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.ledger import gates
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.subscription import BEFORE_FOLLOWED, BEYOND_KEEP_LAST

LISTS = "https://www.youtube.com/playlist?list="
VIDEOS = tuple(f"PVW{number:08}" for number in range(120))


@pytest.fixture
def house(
    tmp_path: Path, youtube_server: YouTube, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    youtube_server.reset()
    youtube_server.default = Video(duration_s=60)
    made = House(
        tmp_path,
        YTAUDIO_DOWNLOAD_PROXY=youtube_server.proxy,
        YTAUDIO_DOWNLOAD_CA_FILE=str(youtube_server.ca_file),
        YTAUDIO_RETRY_BASE="100ms",
    )
    yield made
    made.close()


@pytest.fixture
def context(house: House) -> Iterator[ApiContext]:
    made = ApiContext(
        ledger=house.ledger,
        layout=house.layout,
        settings=house.settings,
        daemon_down_reason=lambda: "",
    )
    yield made
    made.previewer.close()


@pytest.fixture
def client(context: ApiContext) -> InProcessClient:
    client = InProcessClient(create_app(context))
    key = client.post("/api/sessions/").json()["session_uuid"]
    client.headers["X-Session-ID"] = key
    return client


def add_list(youtube: YouTube, name: str, **more: Any) -> str:
    list_id = f"PL{name:c<32}"
    youtube.add_lists(Playlist(id=list_id, title=name, **more))
    return LISTS + list_id


def preview(
    client: InProcessClient, url: str, status: int = 200, **more: Any
) -> dict[str, Any]:
    answered = client.post("/api/collections/preview", json={"url": url, **more})
    assert answered.status_code == status, answered.text
    document: dict[str, Any] = answered.json()
    return document


def test_a_preview_says_items_hours_bytes_and_records_nothing(
    client: InProcessClient, youtube_server: YouTube, house: House
) -> None:
    youtube_server.add(
        Video(id=VIDEOS[1], status="private"), Video(id=VIDEOS[2], duration_s=7200)
    )
    url = add_list(youtube_server, "Preview", videos=VIDEOS)
    video = f"https://youtu.be/{VIDEOS[0]}"
    posted = client.post("/api/jobs/", json={"url": video, "output_format": "mp3"})
    assert posted.status_code == 201
    had = (VIDEOS[0], VIDEOS[3], VIDEOS[4])
    with house.ledger.write() as db:
        _archive(db, had)
    told = preview(
        client, url, selection={"max": "1h", "items": "1-111"}, output_format="mp3"
    )
    assert (told["title"], told["count"]) == ("Preview", 120)
    assert (told["items"], told["unavailable"]) == (109, 1)
    assert told["skipped"] == {"longer than 1h": 1}
    assert told["duration_s"] == 109 * 60
    assert told["estimated_bytes"] == 109 * 60 * 192_000 // 8
    assert (told["here"], told["unfinished"], told["archived"]) == (0, 1, 2)
    assert told["done_at"] is None
    assert "no job has been completed" in told["note"]
    assert house.ask("SELECT COUNT(*) FROM collections") == [(0,)]
    assert house.ask("SELECT COUNT(*) FROM jobs") == [(1,)]
    assert house.ask("SELECT COUNT(*) FROM attempts") == [(0,)]
    with house.ledger.write() as db:
        _complete_some_job(db)
    again = preview(client, url, selection={"items": "1-9"}, again=True)
    assert (again["archived"], again["done_at"] is None) == (0, False)


def test_a_preview_of_a_followed_list_takes_no_more_than_keep_last(
    client: InProcessClient, youtube_server: YouTube
) -> None:
    url = add_list(youtube_server, "Kept", videos=VIDEOS[:5])
    since = {"since": "2020-01-01"}
    told = preview(client, url, follow="6h", keep_last=2, selection=since)
    assert (told["items"], told["skipped"]) == (2, {BEYOND_KEEP_LAST: 3})
    document = preview(client, url, follow="6h", keep_last=2)
    assert (document["items"], document["skipped"]) == (0, {BEFORE_FOLLOWED: 5})


def _archive(db: Any, video_ids: tuple[str, ...]) -> None:
    """Let the archive have some videos, for all sessions."""
    for video_id in video_ids:
        db.exec_driver_sql(
            "INSERT INTO archive (video_id, session, added_at, found_in)"
            " VALUES (?, '', 0, 'ytdlp')",
            (video_id,),
        )


def _complete_some_job(db: Any) -> None:
    """Let a job have taken a minute, so that there is a speed."""
    db.exec_driver_sql(
        "INSERT INTO attempts (job_id, number, host, started_at, ended_at, kind)"
        " SELECT id, 1, 'here', 0, 60, 'completed' FROM jobs"
    )


@pytest.mark.parametrize(
    ("made", "status", "code"),
    [
        ({"status": "missing"}, 422, "no_such_list"),
        ({"videos": ()}, 422, "empty_list"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(
    client: InProcessClient,
    youtube_server: YouTube,
    made: dict[str, Any],
    status: int,
    code: str,
) -> None:
    url = add_list(youtube_server, code, **made)
    assert preview(client, url, status)["code"] == code


def test_one_video_is_no_collection(client: InProcessClient) -> None:
    told = preview(client, f"https://youtu.be/{VIDEOS[0]}", 422)
    assert told["code"] == "not_a_collection"


def test_the_address_takes_no_other_method(client: InProcessClient) -> None:
    for method in ("GET", "DELETE", "PUT"):
        refused = client.request(method, "/api/collections/preview")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST"), method


def test_one_preview_is_made_at_a_time_and_none_while_youtube_is_left_in_peace(
    client: InProcessClient, context: ApiContext, house: House
) -> None:
    url = f"{LISTS}PLbusy000000000000000000000000000000"
    with context.previewer.reserved():
        busy = client.post("/api/collections/preview", json={"url": url})
    assert (busy.status_code, busy.json()["code"]) == (429, "preview_busy")
    assert busy.headers["Retry-After"] == "5"
    with house.ledger.write() as db:
        gates.close_gate(
            db,
            Gate(
                name=GateName.SITE,
                code="bot_check",
                reason="YouTube asks for a sign-in.",
                hint="",
                closed_at=time.time(),
                until=time.time() + 60,
                closures=1,
            ),
        )
    told = preview(client, url, 503)
    assert told["code"] == "gate_closed"
    assert "YouTube asks for a sign-in." in told["detail"]


def test_a_preview_that_takes_too_long_is_ended(
    client: InProcessClient, youtube_server: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_previewer, "TIMEOUT_S", 2.0)
    url = add_list(youtube_server, "Stalled", videos=VIDEOS[:3])
    youtube_server.fault(url.partition("list=")[2], Fault.stalls(kind="list"))
    told = preview(client, url, 504)
    assert told["code"] == "preview_timeout"
    youtube_server.lift(None)

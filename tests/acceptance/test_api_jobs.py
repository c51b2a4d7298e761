"""Jobs through the API, with the real daemon beside it."""

import json
from pathlib import Path

import httpx
import pytest

from tests.acceptance.api_rig import (
    Front,
    ask_for,
    problem_of,
    served,
    uuid_of,
    wait_for,
)
from tests.acceptance.conftest import Opener
from tests.acceptance.rig import Document, House, ids
from tests.youtube import Fault, YouTube

SLOW = Fault.throttles(100)


@pytest.fixture
def client(front: Front) -> httpx.Client:
    return front.client()


def done(front: Front, client: httpx.Client, video: str) -> Document:
    job = ask_for(client, video)
    return wait_for(front.house, client, job["job_uuid"], "completed")


def test_a_job_is_the_daemons_like_any_other(
    front: Front, client: httpx.Client
) -> None:
    [video] = ids("APIJOB", 1)
    body = {
        "url": f"https://www.youtube.com/watch?v={video}&list=PLx",
        "media_type": "audio",
        "quality": "bestaudio",
        "output_format": "opus",
        "tags": {"artist": "Nina Simone"},
    }
    made = client.post("/api/jobs/", json=body)
    assert made.status_code == 201
    job = made.json()
    assert made.headers["location"] == f"/api/jobs/{job['job_uuid']}"
    assert (job["status"], job["progress_percent"]) == ("pending", 0)
    finished = wait_for(front.house, client, job["job_uuid"], "completed")
    assert finished["progress_percent"] == 100
    assert finished["output_path"].endswith(".opus")
    assert finished["options"]["tags"] == {"artist": "Nina Simone"}
    assert Path(finished["output_path"]).is_file()
    shown = json.loads(front.house.must("show", job["job_uuid"], "--json"))
    assert shown["output_path"] == finished["output_path"]
    paths = client.get(f"/api/jobs/{job['job_uuid']}/paths").json()
    assert paths["output_path"] == finished["output_path"]
    assert Path(paths["job_file"]).is_file()
    assert paths["file_exists"]
    library = front.house.library / job["session_uuid"]
    front.house.wait(lambda: list(library.glob("*.opus")))


def test_the_same_audio_twice_is_one_job(front: Front, client: httpx.Client) -> None:
    [video] = ids("APITWICE", 1)
    first = done(front, client, video)
    again = client.post("/api/jobs/", json={"url": f"youtu.be/{video}"})
    assert again.status_code == 200
    assert again.json()["job_uuid"] == first["job_uuid"]
    refused = client.post(f"/api/jobs/{first['job_uuid']}/retry")
    assert problem_of(refused, 409)["code"] == "illegal_move"
    Path(first["output_path"]).unlink()
    gone = client.get(f"/api/jobs/{first['job_uuid']}/audio")
    assert problem_of(gone, 404)["code"] == "audio_gone"
    assert client.post(f"/api/jobs/{first['job_uuid']}/retry").status_code == 200
    wait_for(front.house, client, first["job_uuid"], "completed")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"media_type": "video"}, "unsupported_media_type"),
        ({"url": "https://vimeo.com/1"}, "unsupported_site"),
        ({"url": "https://youtube.com/about"}, "not_a_video"),
        ({"url": "nonsense"}, "not_a_url"),
        ({"url": "https://youtu.be/short"}, "bad_video_id"),
        ({"output_format": "exe"}, "bad_option"),
        ({"quality": "great"}, "bad_option"),
        ({"output_format": "flac", "bitrate": "192k"}, "bad_option"),
        ({"filename": "%(title)500000000s"}, "bad_option"),
        ({"output": "/etc/passwd"}, "invalid_request"),
        ({"url": None}, "invalid_request"),
        ({"priority": 99}, "invalid_request"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    client: httpx.Client, change: dict[str, object], code: str
) -> None:
    body = {"url": "https://youtu.be/APIREFUSED0"} | change
    problem = problem_of(client.post("/api/jobs/", json=body), 422)
    assert problem["code"] == code
    assert problem["detail"]
    assert client.get("/api/jobs/").json()["total"] == 0


def test_lists_have_pages_and_filters(front: Front, client: httpx.Client) -> None:
    videos = ids("APILIST", 5)
    front.house.must("session", "set", uuid_of(client), "--max-jobs", "0")
    posted = [ask_for(client, video)["job_uuid"] for video in videos]
    for job in posted:
        wait_for(front.house, client, job, "completed")
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = client.get("/api/jobs/", params={"limit": "2", **after}).json()
        found += [job["job_uuid"] for job in page["jobs"]]
        assert page["total"] == 5
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == posted
    none = client.get("/api/jobs/", params={"status": ["failed", "pending"]}).json()
    assert (none["jobs"], none["total"]) == ([], 0)
    both = client.get("/api/jobs/", params={"status": ["failed", "completed"]}).json()
    assert both["total"] == 5
    problem_of(client.get("/api/jobs/", params={"status": "great"}), 422)
    problem_of(client.get("/api/jobs/", params={"after": "nobody"}), 404)


def test_another_sessions_job_does_not_exist(
    front: Front, client: httpx.Client
) -> None:
    [video] = ids("APIOTHER", 1)
    job = done(front, client, video)["job_uuid"]
    other = front.client()
    for method, path in (
        ("GET", ""),
        ("GET", "/paths"),
        ("GET", "/events"),
        ("GET", "/audio"),
        ("DELETE", ""),
        ("POST", "/retry"),
    ):
        answer = other.request(method, f"/api/jobs/{job}{path}")
        assert problem_of(answer, 404)["code"] == "unknown_job"
    put = other.put(f"/api/jobs/{job}/status", json={"status": "cancelled"})
    problem_of(put, 404)
    problem_of(client.get(f"/api/jobs/{job[:8]}"), 404)
    assert other.get("/api/jobs/").json()["total"] == 0


def test_cancel_retry_and_what_is_no_legal_move(
    front: Front, client: httpx.Client, site: YouTube
) -> None:
    [video] = ids("APICANCEL", 1)
    site.fault(video, SLOW)
    job = ask_for(client, video)["job_uuid"]
    wait_for(front.house, client, job, "processing")
    site.wait_for(video, "media")
    put = f"/api/jobs/{job}/status"
    refused = client.put(put, json={"status": "completed"})
    assert problem_of(refused, 409)["code"] == "illegal_move"
    problem_of(client.post(f"/api/jobs/{job}/retry"), 409)
    problem_of(client.put(put, json={"status": "great"}), 422)
    asked = client.put(put, json={"status": "cancelled"})
    assert asked.status_code == 202
    assert asked.json()["cancel_requested"]
    wait_for(front.house, client, job, "cancelled")
    assert client.delete(f"/api/jobs/{job}").status_code == 200
    site.lift(video)
    again = client.put(put, json={"status": "pending"})
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    wait_for(front.house, client, job, "completed")
    assert problem_of(client.delete(f"/api/jobs/{job}"), 409)


@pytest.mark.parametrize("over_limit", ["hold", "reject"])
def test_over_the_quota_is_429_in_both_modes(
    open_house: Opener, site: YouTube, over_limit: str
) -> None:
    house = open_house(sessions_max_jobs="1", sessions_over_limit=over_limit)
    first, second = ids(f"APIQ{over_limit[0].upper()}", 2)
    site.fault(first, SLOW)
    with served(house) as front:
        client = front.client()
        job = ask_for(client, first)["job_uuid"]
        refused = client.post("/api/jobs/", json={"url": f"youtu.be/{second}"})
        problem = problem_of(refused, 429)
        assert problem["code"] == "session_job_limit"
        assert "1 unfinished" in problem["detail"]
        client.delete(f"/api/jobs/{job}")
        wait_for(house, client, job, "cancelled")
        later = client.post("/api/jobs/", json={"url": f"youtu.be/{second}"})
        assert later.status_code == (201 if over_limit == "hold" else 429)


def test_an_expired_session_is_410(front: Front, client: httpx.Client) -> None:
    session = uuid_of(client)
    front.house.must("session", "expire", session, "--yes")
    for answer in (
        client.get("/api/jobs/"),
        client.post("/api/jobs/", json={"url": "youtu.be/APIEXPIRED0"}),
        client.get(f"/api/sessions/{client.headers['x-session-id']}"),
        client.get(f"/api/sessions/{session}"),
    ):
        assert problem_of(answer, 410)["code"] == "session_expired"


def test_jobs_wait_while_the_daemon_is_down_and_that_is_said(
    open_house: Opener,
) -> None:
    house = open_house()
    house.stop()
    [video] = ids("APIDOWN", 1)
    with served(house) as front:
        client = front.client()
        health = client.get("/api/health").json()
        assert (health["status"], health["ready"]) == ("degraded", True)
        job = ask_for(client, video)
        assert "not running" in job["note"]
        assert client.get("/api/status").json()["is_up"] is False
        house.start()
        finished = wait_for(house, client, job["job_uuid"], "completed")
        assert finished["note"] is None
        assert client.get("/api/health").json()["status"] == "ok"


def test_without_any_daemon_the_ledger_is_made(site: YouTube, tmp_path: Path) -> None:
    house = House(tmp_path / "fresh", site)
    with served(house) as front:
        ask_for(front.client(), ids("APIFRESH", 1)[0])
        never = problem_of(front.http.get("/api/status"), 503)
        assert never["code"] == "daemon_never_ran"

"""Fetching a job's audio through the API."""

from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from tests.acceptance.api_rig import Front, ask_for, problem_of, wait_for
from tests.acceptance.rig import Document, ids
from tests.youtube import Video, YouTube


@pytest.fixture
def client(front: Front) -> httpx.Client:
    return front.client()


def done(front: Front, client: httpx.Client, video: str) -> Document:
    job = ask_for(client, video)
    return wait_for(front.house, client, job["job_uuid"], "completed")


@pytest.fixture(scope="module")
def song(front: Front, site: YouTube) -> tuple[httpx.Client, str, bytes]:
    [video] = ids("APIAUDIO", 1)
    site.add(Video(id=video, title='Größe "日本" 🎵', duration_s=1, formats={"aac"}))
    client = front.client()
    job = done(front, client, video)
    content = Path(job["output_path"]).read_bytes()
    return client, f"/api/jobs/{job['job_uuid']}/audio", content


def test_it_comes_whole_under_its_own_name(
    song: tuple[httpx.Client, str, bytes],
) -> None:
    client, path, content = song
    got = client.get(path)
    assert got.content == content
    assert got.headers["content-type"] == "audio/mp4"
    plain, _, true = got.headers["content-disposition"].partition("; filename*=")
    assert plain.isascii()
    assert unquote(true.removeprefix("UTF-8''")).startswith("Größe")
    assert client.head(path).headers["content-length"] == str(len(content))


def test_parts_and_conditions(song: tuple[httpx.Client, str, bytes]) -> None:
    client, path, content = song
    part = client.get(path, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    tag = part.headers["etag"]
    last = client.get(path, headers={"Range": "bytes=-5", "If-Range": tag})
    assert (last.status_code, last.content) == (206, content[-5:])
    other = client.get(path, headers={"Range": "bytes=-5", "If-Range": '"x"'})
    assert (other.status_code, other.content) == (200, content)
    known = client.get(path, headers={"If-None-Match": f'"x", {tag}'})
    assert (known.status_code, known.content) == (304, b"")
    behind = client.get(path, headers={"Range": "bytes=99999999-"})
    assert behind.headers["content-range"] == f"bytes */{len(content)}"
    problem_of(behind, 416)
    problem_of(client.get(path, headers={"Range": "lines=1-2"}), 400)


def test_a_link_in_its_place_is_not_followed(
    front: Front, client: httpx.Client, tmp_path: Path
) -> None:
    job = done(front, client, ids("APILINK", 1)[0])
    secret = tmp_path / "secret"
    secret.write_text("nobody's business")
    path = Path(job["output_path"])
    path.unlink()
    path.symlink_to(secret)
    problem_of(client.get(f"/api/jobs/{job['job_uuid']}/audio"), 404)
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(tmp_path)
    (tmp_path / path.name).write_text("nobody's business")
    problem_of(client.get(f"/api/jobs/{job['job_uuid']}/audio"), 404)


def test_there_is_none_yet(front: Front, client: httpx.Client, site: YouTube) -> None:
    [video] = ids("APINOTYET", 1)
    site.add(Video(id=video, status="private"))
    job = ask_for(client, video)["job_uuid"]
    failed = wait_for(front.house, client, job, "failed")
    assert "private" in failed["error_message"].lower()
    refused = problem_of(client.get(f"/api/jobs/{job}/audio"), 409)
    assert refused["code"] == "not_completed"

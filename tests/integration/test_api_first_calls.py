"""The first calls of somebody new to the API: the page at `/`, slips, hints."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.integration.api_rig_in_process import BASE, InProcessClient
from ytaudio_daemon import __version__
from ytaudio_daemon.api.app import Api, create_app
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.ledger import Ledger, archive
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.settings import load

JOB = {"url": "https://youtu.be/dQw4w9WgXcQ"}


@pytest.fixture
def context(sqlite_ledger: Ledger, tmp_path: Path) -> ApiContext:
    settings = load(None, {}, cwd=tmp_path)
    layout = layout_of(settings)
    layout.inbox.mkdir()
    return ApiContext(
        ledger=sqlite_ledger,
        layout=layout,
        settings=settings,
        daemon_down_reason=lambda: "",
    )


@pytest.fixture
def api(context: ApiContext) -> Api:
    return create_app(context)


@pytest.fixture
def client(api: Api) -> InProcessClient:
    client = InProcessClient(api)
    opened = client.post("/api/sessions")
    assert opened.status_code == 201, opened.text
    key = opened.json()["session_uuid"]
    client.headers["X-Session-ID"] = key
    return client


def test_an_address_without_its_last_slash_is_the_same(client: InProcessClient) -> None:
    made = client.post("/api/jobs", json=JOB)
    assert made.status_code == 201, made.text
    found = client.get("/api/jobs")
    assert [job["id"] for job in found.json()["jobs"]] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "url is missing."),
        ({**JOB, "format": "mp3"}, "format is not known here."),
        ({"url": 5}, "url must be a text, in double quotes."),
        ({**JOB, "priority": "1"}, "priority must be a whole number, without quotes."),
        ({**JOB, "priority": 1000}, "priority must be 10 or less."),
        ({**JOB, "tags": {"artist": ""}}, "tags.artist needs 1 characters at least."),
        ([JOB], "the body was not read as JSON: send an object"),
    ],
)
def test_a_slip_in_a_body_is_explained_in_plain_words(
    client: InProcessClient, body: object, words: str
) -> None:
    problem = client.post("/api/jobs/", json=body).json()
    assert problem["code"] == "invalid_request"
    assert problem["detail"].startswith(f"The request cannot be used: {words}")
    assert problem["errors"][0]["detail"] in problem["detail"]


def test_a_body_that_is_no_json_is_explained(client: InProcessClient) -> None:
    typed = {"Content-Type": "application/json"}
    broken = client.post("/api/jobs/", content="{'url': 1}", headers=typed).json()
    assert "the body is not valid JSON at character 1: " in broken["detail"]
    missing = client.post("/api/jobs/", headers=typed).json()
    assert missing["detail"].endswith(": the body is missing; send JSON.")
    # What curl sends with `-d` alone.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    untyped = client.post("/api/jobs/", content='{"url": "x"}', headers=form).json()
    assert "Content-Type: application/json" in untyped["detail"]


def test_a_number_out_of_range_in_an_address_is_explained(
    client: InProcessClient,
) -> None:
    wrong = client.get("/api/jobs/", params={"limit": 0, "status": "done"}).json()
    told = {error["detail"] for error in wrong["errors"]}
    assert "limit must be 1 or more" in told
    assert any("one of: pending, processing, completed" in words for words in told)


def test_the_page_says_what_this_is_and_whether_it_works(
    client: InProcessClient,
) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<dd class="good">running</dd>' in page.text
    assert f"<dd>{__version__}</dd>" in page.text
    assert client.request("HEAD", "/").status_code == 200


def test_the_page_says_why_the_daemon_is_down(
    context: ApiContext, client: InProcessClient
) -> None:
    context.daemon_down_reason = lambda: "it stopped; start it: ytaudio run --root <x>"
    page = client.get("/").text
    assert '<dd class="bad">It stopped; start it: ytaudio run --root &lt;x&gt;' in page


def test_the_page_says_that_the_ledger_cannot_be_read(
    sqlite_ledger: Ledger, client: InProcessClient
) -> None:
    assert sqlite_ledger.path is not None
    sqlite_ledger.path.write_bytes(b"no ledger at all" * 500)
    assert "No jobs are accepted until that is fixed" in client.get("/").text


def test_the_page_loads_nothing_and_runs_nothing(client: InProcessClient) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", answer.text)
    assert " style=" not in answer.text


def test_every_address_on_the_page_exists(client: InProcessClient) -> None:
    page = client.get("/").text
    linked = set(re.findall(r'href="(/[^"]*)"', page))
    assert f"API={BASE}/api\n" in page
    called = {f"/api{path}" for path in re.findall(r"\$API(/[^ <|]*)", page)}
    assert len(called) == 5
    for address in linked | called:
        answer = client.get(address)
        # There is no such job; a page that is not there has another code.
        assert answer.status_code != 404 or answer.json()["code"] == "unknown_job"


@pytest.mark.parametrize("host", ["<b>x</b>", "a b", "$(id)", 'x"y', "a;b"])
def test_a_client_s_host_is_no_part_of_a_command(api: Api, host: str) -> None:
    page = InProcessClient(api).get("/", headers={"Host": host}).text
    assert host not in page
    assert "API=http://localhost/api\n" in page


def test_what_the_archive_has_is_refused_and_again_takes_it(
    client: InProcessClient, context: ApiContext
) -> None:
    had = [ArchivedVideo("dQw4w9WgXcQ", FoundIn.TAGS, b"/secret/song.mp3")]
    with context.write() as (db, now):
        archive.add_videos(db, archive.ALL_SESSIONS, had, now)
    refused = client.post("/api/jobs", json=JOB)
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "in_archive"
    assert problem["detail"].startswith("This video is in the archive since 2")
    assert "again" in problem["hint"]
    assert "secret" not in refused.text
    assert client.get("/api/jobs").json()["jobs"] == []
    assert client.post("/api/jobs", json={**JOB, "again": True}).status_code == 201
    assert client.post("/api/jobs", json=JOB).status_code == 200


def test_the_defaults_of_a_session_may_ignore_the_archive(
    client: InProcessClient, context: ApiContext
) -> None:
    had = [ArchivedVideo("dQw4w9WgXcQ", FoundIn.TAGS)]
    with context.write() as (db, now):
        archive.add_videos(db, archive.ALL_SESSIONS, had, now)
    (folder,) = context.layout.inbox.iterdir()
    (folder / "defaults.toml").write_text('again = "yes"\n')
    no = client.post("/api/jobs", json={**JOB, "again": False})
    assert no.json()["code"] == "in_archive"
    assert client.post("/api/jobs", json=JOB).status_code == 201

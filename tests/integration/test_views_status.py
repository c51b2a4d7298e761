"""Status documents: true, throttled, in the form the schemas describe."""

import copy
import json
import shutil
import sqlite3
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from structlog.testing import capture_logs

from tests.integration.ledger_rig import FAILED, WAIT, claimed
from tests.integration.views_rig import LIVE, Rig, load, new_rig, video
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.ledger import (
    Ledger,
    drops,
    expiry,
    gates,
    meta,
    queries,
    sessions,
    transitions,
)
from ytaudio_daemon.ledger.changes import changes_after
from ytaudio_daemon.model import Progress
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Gate, GateName
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.views import DaemonProblem, Views, job_document

SCHEMAS = resources.files("ytaudio_daemon") / "schemas"


@pytest.fixture
def rig(ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(ledger, tmp_path)


@pytest.fixture
def lite(sqlite_ledger: Ledger, tmp_path: Path) -> Rig:
    return new_rig(sqlite_ledger, tmp_path)


def strict(name: str) -> dict[str, Any]:
    """Return a schema that refuses fields it does not describe."""
    return _closed(json.loads((SCHEMAS / name).read_text()))


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = json.loads((SCHEMAS / schema["$ref"]).read_text())
    closed = copy.deepcopy(schema)
    closed.pop("$schema", None)
    if "properties" in schema:
        closed.setdefault("additionalProperties", False)
        closed["properties"] = {
            key: _closed(value) for key, value in schema["properties"].items()
        }
    if "items" in schema:
        closed["items"] = _closed(schema["items"])
    return closed


def check(document: Any, name: str) -> None:
    jsonschema.validate(
        document,
        strict(name),
        jsonschema.Draft202012Validator,
        format_checker=jsonschema.FormatChecker(),
    )


def a_bit_of_everything(rig: Rig) -> None:
    """Jobs in every state, a closed gate, a problem, an ignored file."""
    bad = drops.NewLine(line=9, text="x", code="not_a_url", message="no link")
    rig.drop(*(video(n) for n in range(6)), bad)
    rig.complete()
    rig.fail()
    waiting, running = claimed(rig.ledger), claimed(rig.ledger)
    with rig.ledger.write() as db:
        transitions.record_failure(
            db, waiting.fence, FAILED, WAIT, rig.now, Quota(max_jobs=0)
        )
        transitions.cancel(
            db, running.job_id + 1, rig.now, reason="cancelled", quota=Quota(max_jobs=0)
        )
        shut = Gate(
            name=GateName.SITE,
            code="http_429",
            reason="Too many requests.",
            hint="",
            closed_at=rig.now.wall,
            until=rig.now.wall + 900,
            closures=1,
        )
        gates.close_gate(db, shut)
    progress = Progress(phase="downloading", percent=12.5, downloaded_bytes=3)
    rig.live = replace(
        LIVE,
        progress={running.uuid: progress},
        problems=[DaemonProblem(code="old", message="Old.", hint="Up.", since=1.0)],
        ignored={"music": [("a.pdf", "not a drop file")]},
    )


def test_documents_have_no_field_that_their_schema_does_not_describe(rig: Rig) -> None:
    a_bit_of_everything(rig)
    rig.refresh()
    check(rig.daemon(), "ytaudio.daemon-1.json")
    check(rig.session(), "ytaudio.session-1.json")
    check(rig.receipt(), "ytaudio.receipt-1.json")
    jobs = {"schema": "ytaudio.jobs/1", "jobs": rig.session()["jobs"]}
    check(jobs, "ytaudio.jobs-1.json")
    check({"schema": "ytaudio.job/1", **jobs["jobs"][0]}, "ytaudio.job-1.json")
    states = {job["state"] for job in jobs["jobs"]}
    assert len(states) == 6  # held needs a quota; it has no field of its own


def test_every_field_is_described() -> None:
    def undescribed(schema: dict[str, Any], where: str) -> list[str]:
        inner = dict(schema.get("properties", {}))
        if "items" in schema:
            inner["[]"] = schema["items"]
        mine = [] if "description" in schema or "$ref" in schema else [where]
        return mine + [
            w for name, s in inner.items() for w in undescribed(s, f"{where}.{name}")
        ]

    for file in SCHEMAS.iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            assert undescribed(schema, file.name) == []


def test_a_running_job_shows_progress_and_phase(lite: Rig) -> None:
    lite.drop(video(1))
    claim = claimed(lite.ledger)
    lite.refresh()
    assert lite.session()["jobs"][0]["progress"] is None
    live = Progress(phase="converting", percent=50.0, title="Early Title")
    lite.live = replace(LIVE, progress={claim.uuid: live})
    lite.refresh()
    job = lite.session()["jobs"][0]
    assert (job["phase"], job["progress"]["percent"]) == ("converting", 50.0)
    assert job["title"] == "Early Title"
    with lite.ledger.write() as db:
        transitions.begin_publish(
            db, claim.fence, output_path="/x", sha256="0", now=lite.now
        )
    lite.refresh()
    job = lite.session()["jobs"][0]
    assert (job["phase"], job["output_path"]) == ("publishing", None)


def test_a_document_is_written_twice_a_second_at_most(lite: Rig) -> None:
    lite.drop(video(1))
    claim = claimed(lite.ledger)
    lite.refresh()
    first = lite.session()["seq"]
    for tick in range(40):
        progress = Progress(phase="downloading", percent=float(tick))
        lite.live = replace(LIVE, progress={claim.uuid: progress})
        lite.pass_time(0.05)
        lite.views.refresh(lite.now, lite.live)
    assert 3 <= lite.session()["seq"] - first <= 4
    due = lite.views.next_due(lite.now)
    assert due is not None
    assert due <= 0.5
    lite.refresh(due)
    assert lite.session()["jobs"][0]["progress"]["percent"] == 39.0


def test_nothing_is_written_when_nothing_changed(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.refresh()
    before = lite.layout.session_status("music").stat()
    with lite.ledger.write() as db:  # an event that changes no field of the document
        row = sessions.active_session(db, "music")
        assert row is not None
        then = Now(wall=row.last_activity_at, uptime_s=row.last_activity_uptime_s)
        sessions.touch_session(db, row, then)
    lite.refresh()
    assert lite.layout.session_status("music").stat().st_ino == before.st_ino


def test_the_daemons_document_beats_every_ten_seconds(lite: Rig) -> None:
    lite.refresh(1)
    lite.refresh(1)
    seq = lite.daemon()["seq"]
    assert lite.views.next_due(lite.now) == pytest.approx(9.0)
    lite.refresh(5)
    assert lite.daemon()["seq"] == seq
    lite.refresh(4.1)
    assert lite.daemon()["seq"] == seq + 1
    assert lite.daemon()["written_at"] == "2027-01-15T08:00:11.100Z"


def test_seq_grows_across_restarts(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.refresh()
    before = lite.daemon()["seq"], lite.session()["seq"]
    lite.restart()
    assert (lite.daemon()["seq"], lite.session()["seq"]) > before
    assert lite.session()["seq"] > before[1]


def test_force_waits_for_nothing(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.complete()
    lite.live = replace(LIVE, state="stopped")
    lite.views.refresh(lite.now, lite.live, force=True)
    assert lite.daemon()["daemon"]["state"] == "stopped"
    assert lite.session()["session"]["counts"]["completed"] == 1
    assert lite.receipt()["counts"]["completed"] == 1


def test_the_newest_session_of_a_name_is_shown(lite: Rig) -> None:
    lite.drop(video(1))
    lite.complete()
    lite.refresh()
    with lite.ledger.write() as db:
        old = sessions.active_session(db, "music")
        assert old is not None
        assert expiry.expire(db, old, lite.now, on_expiry="keep")
    lite.refresh()
    assert lite.session()["session"]["state"] == "expired"
    assert lite.session()["session"]["expires_at"] is None
    lite.drop(video(2), name=b"more.txt")
    lite.refresh()
    new = lite.session()["session"]["uuid"]
    with lite.ledger.write() as db:
        sessions.touch_session(db, old, lite.now)
    lite.refresh()
    assert old.uuid != new == lite.session()["session"]["uuid"]
    assert lite.daemon()["sessions"] == {"active": 1, "expired": 1}


def test_a_session_expires_by_the_daemons_clock(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh(1)
    assert lite.session()["session"]["expires_at"] is None
    lite.complete()
    lite.refresh()
    assert lite.session()["session"]["expires_at"] == "2027-01-16T08:00:01.000Z"
    lite.now = replace(lite.now, wall=lite.now.wall + 3600)  # an hour switched off
    lite.restart()
    assert lite.session()["session"]["expires_at"] == "2027-01-16T09:00:01.000Z"


def test_ignored_files_come_and_go(lite: Rig) -> None:
    lite.drop(video(1))
    lite.live = replace(LIVE, ignored={"music": [("a.pdf", "no drop")]})
    lite.refresh()
    ignored = lite.session()["session"]["ignored"]
    assert ignored == [{"file": "a.pdf", "reason": "no drop"}]
    lite.live = LIVE
    lite.refresh()
    assert lite.session()["session"]["ignored"] == []


def test_deleted_status_files_come_back_at_the_next_start(rig: Rig) -> None:
    rig.drop(video(1))
    rig.refresh()
    rig.refresh(11)  # the cursor is kept: no event tells of them any more
    documents = [
        rig.layout.session_status("music"),
        rig.layout.receipt_file("music", b"songs.txt"),
    ]
    documents[0].unlink()
    documents[1].write_bytes(b"")  # as a power cut leaves it
    rig.restart()
    assert all(load(path) for path in documents)


def test_the_cursor_waits_for_what_is_not_written_yet(rig: Rig) -> None:
    assert rig.layout.library is not None
    rig.layout.library.write_text("a file stands where the folder should be")
    rig.drop(video(1))
    rig.complete()
    rig.refresh(11)
    waiting, last = cursor_and_last_event(rig)
    assert 0 < waiting < last
    rig.layout.library.unlink()
    rig.refresh(31)
    rig.refresh(11)  # a call whose time is up saves the cursor before all is written
    assert cursor_and_last_event(rig) == (last, last)


def cursor_and_last_event(rig: Rig) -> tuple[int, int]:
    with rig.ledger.read() as db:
        changes = changes_after(db, 0)
        return meta.views_cursor(db), changes[-1].event_id


def test_an_event_is_shown_again_after_a_crash_before_the_cursor_was_kept(
    lite: Rig,
) -> None:
    lite.refresh()
    lite.drop(video(1))
    lite.pass_time()
    lite.views = Views(lite.ledger, lite.layout)  # crashed before it showed the drop
    lite.refresh()
    assert lite.receipt()["counts"]["lines"] == 1


def test_an_unwritable_status_folder_is_a_problem_that_heals(lite: Rig) -> None:
    lite.drop(video(1))
    lite.layout.status.write_text("a file stands where the folder should be")
    with capture_logs() as said:
        lite.refresh()
        lite.refresh(31)
    status = lite.layout.status
    places = {str(status / "daemon.json"), str(status / "sessions")}
    places.add(str(status / "receipts" / "music"))
    assert sorted(line["place"] for line in said) == sorted(places), "each said once"
    found = lite.views.problems()
    assert {problem.code for problem in found} == {"status_unwritable"}
    lite.layout.status.unlink()
    lite.refresh(31)
    assert lite.views.problems() == []
    assert lite.session()["jobs"]
    assert lite.views.next_due(lite.now) == 0.5  # to say that it has healed
    lite.refresh(0.5)
    assert lite.daemon()["problems"] == []


def test_what_can_be_written_hides_nothing_that_cannot(lite: Rig) -> None:
    lite.drop(video(1))
    lite.layout.status.mkdir(exist_ok=True)
    (lite.layout.status / "sessions").write_text("in the way")
    for _ in range(5):
        lite.refresh(11)
        assert [p.code for p in lite.views.problems()] == ["status_unwritable"]
    assert lite.daemon()["problems"][0]["code"] == "status_unwritable"


def test_a_ledger_that_cannot_be_read_is_told_of(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.refresh()
    before = lite.daemon()
    trouble = DaemonProblem(code="ledger_trouble", message="m", hint="h", since=1.0)
    lite.live = replace(lite.live, state="degraded", problems=[trouble])
    other = sqlite3.connect(str(lite.ledger.path))
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerBusyError):
        lite.refresh(11)
    other.close()
    told = lite.daemon()
    assert told["seq"] > before["seq"]
    assert told["daemon"]["state"] == "degraded"
    assert [problem["code"] for problem in told["problems"]] == ["ledger_trouble"]
    assert told["counts"] == before["counts"], "as last known"


def test_position_is_the_place_in_the_sessions_queue(lite: Rig) -> None:
    lite.drop(video(1), video(2), video(3))
    claimed(lite.ledger)
    lite.refresh()
    found = [(job["state"], job["position"]) for job in lite.session()["jobs"]]
    assert found == [("running", None), ("queued", 1), ("queued", 2)]


def test_a_big_session_is_cut(lite: Rig) -> None:
    lite.drop(*(video(n) for n in range(350)))
    lite.refresh()
    document = lite.session()
    assert len(document["jobs"]) == 200
    assert document["truncated"] is True
    assert document["session"]["counts"]["queued"] == 350


def test_a_job_without_daemon_shows_what_the_ledger_knows(lite: Rig) -> None:
    lite.drop(video(1))
    with lite.ledger.read() as db:
        document = job_document(queries.find_jobs(db)[0], None, None, 8)
    assert document["url"] == f"https://www.youtube.com/watch?v={video(1)}"
    assert document["attempt"]["max"] == 8


@pytest.mark.parametrize("removed", ["", "sessions", "receipts"])
def test_a_status_folder_that_somebody_deletes_comes_back_whole(
    lite: Rig, removed: str
) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.refresh()
    before = lite.session()["session"], lite.receipt()
    shutil.rmtree(lite.layout.status / removed)

    lite.refresh(10.0)

    assert (lite.session()["session"], lite.receipt()) == before
    assert lite.daemon()["counts"]["queued"] == 1


def test_a_status_folder_with_older_files_in_its_place_is_written_anew(
    lite: Rig,
) -> None:
    lite.drop(video(1))
    lite.refresh()
    lite.refresh()
    older = lite.layout.status.with_name("older")
    shutil.copytree(lite.layout.status, older)
    lite.complete()
    lite.refresh()
    lite.layout.status.rename(lite.layout.status.with_name("away"))
    older.rename(lite.layout.status)

    lite.refresh(10.0)

    assert lite.session()["session"]["counts"]["completed"] == 1
    assert lite.receipt()["counts"]["completed"] == 1


def test_files_that_somebody_deletes_come_back_with_the_daily_scan(lite: Rig) -> None:
    lite.drop(video(1))
    lite.refresh()
    receipt = lite.layout.receipt_file("music", b"songs.txt")
    for path in (lite.layout.session_status("music"), receipt):
        path.unlink()

    lite.views.request_scan(lite.now)
    lite.refresh()

    assert lite.session()["session"]["name"] == "music"
    assert receipt.exists()


def _open(lite: Rig, name: str) -> Path:
    with lite.ledger.write() as db:
        sessions.open_session(db, name, lite.now)
    lite.refresh()
    return lite.layout.session_status(name)


def _restart_after(lite: Rig, seconds: float) -> None:
    """Let the daemon be down: nothing is served meanwhile."""
    lite.now = Now(wall=lite.now.wall + seconds, uptime_s=lite.now.uptime_s)
    lite.restart()


def test_a_start_leaves_the_files_of_idle_sessions_as_they_are(lite: Rig) -> None:
    files = [_open(lite, f"s{number}") for number in range(3)]
    lite.drop(video(1))
    lite.refresh()
    before = [path.read_bytes() for path in files]
    busy = lite.session()["seq"]

    _restart_after(lite, 5)

    assert [path.read_bytes() for path in files] == before
    assert lite.session()["seq"] > busy, "one with jobs is written again"
    lite.drop(video(2), session="s1")
    lite.refresh()
    shown = lite.session("s1")
    assert shown["session"]["counts"]["queued"] == 1
    assert shown["seq"] > json.loads(before[1])["seq"]


def test_a_start_rewrites_what_an_idle_sessions_file_says_no_longer(lite: Rig) -> None:
    path = _open(lite, "quiet")

    def rewritten() -> bool:
        found = load(path)
        old = path.stat().st_ino
        _restart_after(lite, 0)
        return path.stat().st_ino != old and load(path)["seq"] >= found.get("seq", 0)

    assert not rewritten()
    shown = load(path)["session"]["expires_at"]
    _restart_after(lite, 3600)
    assert load(path)["session"]["expires_at"] > shown
    assert not rewritten()
    lite.views.view_settings = replace(lite.views.view_settings, max_jobs=77)
    assert rewritten()
    assert load(path)["session"]["quota"]["max_jobs"] == 77
    document = load(path)
    del document["session"]["cookies"]  # as an older version wrote it
    path.write_text(json.dumps(document))
    assert rewritten()
    for content in ("", "[]", "null", '{"session": 3}', "\0"):
        path.write_text(content)
        _restart_after(lite, 0)
        assert load(path)["session"]["name"] == "quiet"

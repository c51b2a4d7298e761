"""jobs, show, cancel, retry, wait and session against a real ledger."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.integration import cli_rig, one_drop
from tests.integration.cli_rig import BROKEN, Rig
from ytaudio_daemon.cli.commands.wait import Poller
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.ledger import Ledger, expiry, queries, sessions, transitions
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.views.documents import with_live_fields

SCHEMAS = cli_rig.REPOSITORY / "ytaudio_daemon" / "schemas"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


@pytest.fixture
def ledger(rig: Rig) -> Iterator[Ledger]:
    opened = rig.ledger()
    yield opened
    opened.close()


def states(ledger: Ledger) -> dict[str, str]:
    """Each job's state, by its video's letter."""
    with ledger.read() as db:
        return {row.video_id[0]: row.state.value for row in queries.find_jobs(db)}


def ids(ledger: Ledger) -> dict[str, str]:
    """Each job's UUID, by its video's letter."""
    with ledger.read() as db:
        return {row.video_id[0]: row.uuid for row in queries.find_jobs(db)}


def fill(ledger: Ledger, rig: Rig) -> dict[str, str]:
    """A completed, B failed, C waiting, D running, E queued, F held."""
    with ledger.write() as db:
        cli_rig.record(db, "party", "ABCDEF!", max_jobs=5)
        cli_rig.complete(db, rig.layout.downloads / "x" / "song.mp3")
        moved = sessions.active_session(db, "party")
        assert moved is not None
        cli_rig.fail(db)
        cli_rig.fail(db, BROKEN, again_in_s=90)
        cli_rig.claim(db)
        cli_rig.record(db, "other", "Z")
    return ids(ledger)


def test_jobs_are_listed_for_people_and_programs(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    plain = rig.run("jobs", "--session", "party")
    assert plain.code == 0
    assert len(plain.out.splitlines()) == 7
    assert "\x1b" not in plain.out
    assert known["A"] in plain.out, "a program is given the whole ID"
    document = rig.call("jobs", "--json").json
    assert document["schema"] == "ytaudio.jobs/1"
    assert [job["id"] for job in document["jobs"]] == list(known.values())
    schema = json.loads((SCHEMAS / "ytaudio.job-1.json").read_text())
    for job in document["jobs"]:
        jsonschema.validate(job, schema)


def test_jobs_are_chosen_by_state_and_session(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    ran = rig.call(
        "jobs", "-s", "party", "--state", "failed", "--state", "waiting", "--json"
    )
    assert [job["id"] for job in ran.json["jobs"]] == [known["B"], known["C"]]
    assert rig.call("jobs", "--session", "nobody").code == 4


@pytest.mark.usefixtures("ledger")
def test_jobs_of_an_unknown_session_print_no_half_document(rig: Rig) -> None:
    ran = rig.call("jobs", "--json", "--session", "nosuch")
    assert (ran.code, ran.out) == (4, "")
    assert "nosuch" in ran.err


def test_progress_comes_from_the_status_file_of_a_living_daemon(
    rig: Rig, ledger: Ledger
) -> None:
    known = fill(ledger, rig)
    live = {
        "id": known["D"],
        "state": "running",
        "attempt": {"number": 1},
        "phase": "converting",
        "title": "Known already",
        "progress": {"percent": 80.0},
        "position": None,
    }
    rig.session_file("party", [live])
    rig.beat()
    (job,) = rig.call("jobs", "--state", "running", "--json").json["jobs"]
    assert (job["phase"], job["progress"]) == ("converting", {"percent": 80.0})
    assert job["title"] == "Known already"
    rig.beat("stopped")
    (job,) = rig.call("jobs", "--state", "running", "--json").json["jobs"]
    assert (job["phase"], job["progress"]) == (None, None), "nobody is at work"


def test_a_closed_pipe_is_no_error(rig: Rig, ledger: Ledger) -> None:
    fill(ledger, rig)
    listing = rig.start("jobs", "--json")
    assert listing.stdout is not None
    listing.stdout.close()
    assert listing.wait(60) == 0
    assert listing.stderr is not None
    assert listing.stderr.read() == ""


def test_show_tells_why_and_what_next(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    failed = rig.call("show", known["B"][:8])
    assert failed.code == 0
    assert "This video is private. (unavailable, private_video)" in failed.out
    assert "Ask its owner for another link." in failed.out
    assert "songs.txt, line 2" in failed.out
    assert f"ytaudio retry {known['B'][:8]}" in failed.out
    assert "yt-dlp 2026.10.31" in failed.out
    queued = rig.call("show", known["F"])
    assert "in the queue" in queued.out
    assert "the daemon is not running" in queued.out


def test_show_as_json_is_the_job_with_its_history(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    document = rig.run("show", known["B"], "--json").json
    schema = SCHEMAS / "ytaudio.job-1.json"
    jsonschema.validate(document, json.loads(schema.read_text()))
    assert document["schema"] == "ytaudio.job/1"
    assert document["id"] == known["B"]
    assert document["error"]["code"] == "private_video"
    (attempt,) = document["attempts"]
    assert attempt["kind"] == "unavailable"
    assert attempt["started_at"].endswith("Z")
    assert [event["to_state"] for event in document["events"]] == ["running", "failed"]
    assert document["lines"] == [{"file": "songs.txt", "line": 2, "part": None}]
    assert "job_id" not in attempt


@pytest.mark.parametrize("prefix", ["ffffffff", "nonsense!", ""])
def test_an_unknown_job_is_four(rig: Rig, ledger: Ledger, prefix: str) -> None:
    fill(ledger, rig)
    ran = rig.call("show", prefix)
    assert (ran.code, ran.out) == (4, "")


def test_cancel_reports_on_each_and_wakes_the_daemon(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    ran = rig.run("cancel", known["C"], known["D"], known["E"], known["C"][:9])
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"{known['C'][:8]} cancelled",
        f"{known['D'][:8]} running; it is being stopped",
        f"{known['E'][:8]} cancelled",
    ]
    assert states(ledger)["C"] == states(ledger)["E"] == "cancelled"
    assert states(ledger)["D"] == "running", "the daemon ends it"
    assert (rig.layout.wake_dir / "poke").exists()
    assert "the daemon is not running" in ran.err


def test_what_is_finished_is_not_cancelled(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    ran = rig.call("cancel", known["A"], known["E"])
    assert ran.code == 1
    assert "not cancelled: it is completed" in ran.out
    assert states(ledger)["E"] == "cancelled"


def test_one_unknown_id_cancels_nothing(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    assert rig.call("cancel", known["E"], "ffffffff").code == 4
    assert states(ledger)["E"] == "queued"


def test_a_whole_session_is_cancelled(rig: Rig, ledger: Ledger) -> None:
    fill(ledger, rig)
    ran = rig.call("cancel", "--session", "party")
    assert (ran.code, ran.out) == (0, "4 jobs cancelled, or being stopped\n")
    found = states(ledger)
    assert [found[v] for v in "CEF"] == ["cancelled"] * 3
    assert found["Z"] == "queued"


def test_retry_takes_failed_and_lost_jobs_only(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    ran = rig.run("retry", known["A"], known["B"], known["E"])
    assert ran.code == 1
    assert "not queued: it is completed, its file is there: " in ran.out
    assert "not queued: it is queued" in ran.out
    assert states(ledger)["B"] in {"queued", "held"}
    (rig.layout.downloads / "x" / "song.mp3").unlink()
    assert rig.call("retry", known["A"]).code == 0
    assert states(ledger)["A"] in {"queued", "held"}


def test_retry_of_a_session_can_leave_cancelled_jobs(rig: Rig, ledger: Ledger) -> None:
    fill(ledger, rig)
    with ledger.write() as db:
        row = queries.find_jobs(db, states=[JobState.WAITING])[0]
        transitions.cancel(
            db, row.id, cli_rig.now(), reason="cancelled", quota=Quota(max_jobs=10)
        )
    ran = rig.call("retry", "--session", "party", "--failed")
    assert (ran.code, ran.out) == (0, "1 job queued again\n")
    assert states(ledger)["C"] == "cancelled"
    assert rig.call("retry", "--session", "party").out == "1 job queued again\n"


@pytest.mark.parametrize(("own", "removal"), [("default", "pending"), ("keep", None)])
def test_a_session_ended_by_hand_keeps_or_loses_its_audio_as_the_config_says(
    rig: Rig,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    removal: str | None,
) -> None:
    monkeypatch.setenv("YTAUDIO_SESSIONS_ON_EXPIRY", "delete")
    with ledger.write() as db:
        cli_rig.record(db, "party", "A")
        cli_rig.fail(db)
    assert rig.call("session", "set", "party", "--on-expiry", own).code == 0
    assert rig.call("session", "expire", "party", "--yes").code == 0
    with ledger.read() as db:
        found = db.exec_driver_sql("SELECT state, removal FROM sessions").all()
    assert [tuple(row) for row in found] == [("expired", removal)]


def test_an_expired_session_takes_no_retry(rig: Rig, ledger: Ledger) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "party", "A")
        uuid = cli_rig.fail(db)
        session = sessions.active_session(db, "party")
        assert session is not None
        assert expiry.expire(db, session, cli_rig.now(), on_expiry="keep")
    ran = rig.call("retry", uuid)
    assert ran.code == 1
    assert "has expired; drop the link again" in ran.out


@pytest.mark.parametrize(
    "args",
    [["cancel"], ["retry", "a", "--session", "s"], ["wait", "a", "--session", "s"]],
)
def test_jobs_or_a_session_must_be_named(rig: Rig, args: list[str]) -> None:
    assert rig.call(*args).code == 2


def test_wait_tells_how_it_went(rig: Rig, ledger: Ledger) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "good", "A")
        good = cli_rig.complete(db, rig.layout.downloads / "a.mp3")
        cli_rig.record(db, "bad", "B!")
        cli_rig.fail(db)
    assert rig.run("wait", "--session", "good").code == 0
    assert rig.call("wait", good[:8]).out == "1 completed\n"
    ran = rig.call("wait", "--session", "bad")
    assert (ran.code, ran.out) == (1, "1 failed, 1 rejected\n")
    everything = rig.call("wait", "--json")
    assert everything.code == 1
    assert everything.json["completed"] == 1


def test_wait_without_a_daemon_is_three(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    ran = rig.call("wait", known["E"])
    assert ran.code == 3
    assert "the daemon is not running" in ran.err


def test_wait_gives_up_in_time(rig: Rig, ledger: Ledger) -> None:
    known = fill(ledger, rig)
    rig.beat()
    ran = rig.call("wait", known["E"], "--timeout", "500ms")
    assert ran.code == 5
    assert "1 unfinished" in ran.out


def test_wait_of_an_unknown_session_is_four(rig: Rig, ledger: Ledger) -> None:
    fill(ledger, rig)
    assert rig.call("wait", "--session", "nobody").code == 4


@pytest.mark.usefixtures("ledger")
def test_wait_counts_drops_that_are_not_taken_yet(rig: Rig) -> None:
    folder = rig.layout.session_inbox("fresh")
    folder.mkdir()
    (folder / "songs.txt").write_text("https://youtu.be/AAAAAAAAAAA\n")
    (folder / "ignored.jpg").write_text("x")
    rig.beat()
    ran = rig.call("wait", "--session", "fresh", "--timeout", "300ms")
    assert (ran.code, ran.out) == (5, "1 drop not yet taken\n")


@pytest.mark.parametrize("after_intake", ["keep", "move"])  # move: if not permitted
def test_wait_does_not_wait_for_drops_that_stay(
    rig: Rig, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, after_intake: str
) -> None:
    monkeypatch.setenv("YTAUDIO_INBOX_AFTER_INTAKE", after_intake)
    folder = rig.layout.session_inbox("party")
    folder.mkdir()
    growing = folder / "songs.txt"
    growing.write_bytes(b"taken")
    with ledger.write() as db:
        taken = cli_rig.record(db, "party", "A", content=growing.read_bytes())
        one_drop.mark_filed(db, taken, "kept", None, cli_rig.now())
        cli_rig.complete(db, rig.layout.downloads / "a.mp3")
    assert rig.call("wait", "--session", "party").code == 0
    growing.write_bytes(b"taken and more")
    rig.beat()
    ran = rig.call("wait", "--session", "party", "--timeout", "300ms")
    assert (ran.code, ran.out) == (5, "1 drop not yet taken, 1 completed\n")


def test_a_daemon_that_restarts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = iter([Liveness.ALIVE, Liveness.STOPPED, Liveness.GONE])
    patience = Poller(None, lambda: DaemonLiveness(state=next(beats)))
    assert patience.sleep() == (Exit.OK, "")
    assert patience.sleep() == (Exit.OK, "")
    monkeypatch.setattr("ytaudio_daemon.cli.commands.wait.RESTART_GRACE_S", 0.0)
    assert patience.sleep()[0] is Exit.DAEMON_DOWN


def test_progress_of_an_older_attempt_is_not_shown() -> None:
    row: Any = {"state": "running", "attempt": {"number": 2}}
    row |= {"phase": None, "title": None}
    live = row | {"attempt": {"number": 1}, "phase": "converting", "title": "Old"}
    assert with_live_fields(row.copy(), live) == row
    assert with_live_fields(row.copy(), None) == row
    assert with_live_fields(row.copy(), live | {"state": "queued"}) == row


def test_wait_ends_when_the_work_does(rig: Rig, ledger: Ledger) -> None:
    folder = rig.layout.session_inbox("fresh")
    folder.mkdir()
    drop = folder / "songs.txt"
    drop.write_text("https://youtu.be/AAAAAAAAAAA\n")
    rig.beat()
    waiting = rig.start("wait", "--session", "fresh", "--timeout", "30s")

    def work() -> None:
        with ledger.write() as db:
            cli_rig.record(db, "fresh", "A")
            drop.unlink()
        with ledger.write() as db:
            cli_rig.complete(db, rig.layout.downloads / "a.mp3")

    timer = threading.Timer(0.8, work)
    timer.start()
    assert waiting.wait(60) == 0
    timer.join()
    assert waiting.stdout is not None
    assert waiting.stdout.read() == "1 completed\n"


@pytest.mark.usefixtures("ledger")
def test_a_session_is_created_with_its_folder(rig: Rig) -> None:
    named = rig.run("session", "create", "--name", "party")
    assert named.code == 0
    assert rig.layout.session_inbox("party").is_dir()
    again = rig.call("session", "create", "--name", "party")
    assert (again.code, again.out) == (0, named.out)
    nameless = rig.call("session", "create").out.strip()
    assert rig.layout.session_inbox(nameless).is_dir()
    listed = rig.call("session", "list", "--json").json["sessions"]
    assert [one["uuid"] for one in listed] == [named.out.strip(), nameless]


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("name", ["../up", "processed", ".x", "a\nb"])
def test_a_bad_session_name_is_refused(rig: Rig, name: str) -> None:
    assert rig.call("session", "create", "--name", name).code == 2


def test_limits_are_set_and_given_back(rig: Rig, ledger: Ledger) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "party", "ABC", max_jobs=1)
    assert states(ledger)["B"] == "held"
    ran = rig.call(
        "session", "set", "party", "--max-jobs", "2", "--ttl", "7d",
        "--on-expiry", "delete", "--max-bytes", "4GiB",
    )  # fmt: skip
    assert ran.code == 0
    assert states(ledger)["B"] == "queued", "there is room for it now"
    shown = rig.call("session", "show", "party", "--json").json
    assert shown["own_limits"] == {
        "max_jobs": 2,
        "ttl_s": 604800.0,
        "on_expiry": "delete",
        "max_bytes": 4 << 30,
    }
    assert rig.call("session", "set", "party", "--ttl", "default").code == 0
    text = rig.call("session", "show", "party").out
    assert "24h (the config's)" in text
    assert "4GiB (its own)" in text


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("limit", [["--max-jobs", "many"], ["--ttl", "0"], []])
def test_bad_limits_are_refused(rig: Rig, limit: list[str]) -> None:
    assert rig.call("session", "set", "party", *limit).code == 2


def test_a_session_with_work_expires_by_force_only(rig: Rig, ledger: Ledger) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "party", "AB")
        session = sessions.active_session(db, "party")
    assert session is not None
    refused = rig.call("session", "expire", "party")
    assert refused.code == 1
    assert "2 unfinished jobs" in refused.err
    assert rig.call("session", "expire", "party", "--force", "--yes").code == 0
    with ledger.read() as db:
        found = sessions.session_by_id(db, session.id)
        assert found.state is SessionState.EXPIRED
        errors = [row.error for row in queries.find_jobs(db)]
    assert all(error and error["code"] == "session_expired" for error in errors)
    assert rig.call("session", "touch", "party").code == 1


def test_without_a_ledger_nothing_is_made(rig: Rig) -> None:
    for args in (["jobs"], ["session", "create"], ["cancel", "--session", "s"]):
        ran = rig.call(*args)
        assert ran.code == 1
        assert "there is no ledger yet" in ran.err
    waited = rig.call("wait")
    assert waited.code == 3
    assert f"--root {rig.root} run" in waited.err
    assert list(rig.root.iterdir()) == []


def test_nothing_of_an_expired_session_is_retried_and_that_is_no_success(
    rig: Rig, ledger: Ledger
) -> None:
    with ledger.write() as db:
        cli_rig.record(db, "party", "A")
        cli_rig.fail(db)
        session = sessions.active_session(db, "party")
        assert session is not None
        assert expiry.expire(db, session, cli_rig.now(), on_expiry="keep")
    ran = rig.run("retry", "--session", "party", "--failed")
    assert ran.code == Exit.UNKNOWN
    assert "has expired" in ran.err
    assert states(ledger) == {"A": "failed"}


def test_a_session_is_found_by_as_much_of_its_uuid_as_lists_show(
    rig: Rig, ledger: Ledger
) -> None:
    fill(ledger, rig)
    (party,) = [
        each
        for each in rig.call("session", "list", "--json").json["sessions"]
        if each["name"] == "party"
    ]
    shown = rig.call("session", "show", party["uuid"][:8], "--json")
    assert shown.json["uuid"] == party["uuid"]
    assert rig.call("session", "show", party["uuid"][:7]).code == 4

"""Sessions: quota, turns, limits, expiry, and the commands that change jobs."""

import json
import uuid
from pathlib import Path

import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links, wait_until
from tests.youtube import Fault, Video, YouTube

SLOW = Fault.throttles(100)  # cut short, all of them


def order_of_starts(house: House) -> list[str]:
    """Return the video IDs in the order in which they were first begun."""
    rows = house.query(
        "SELECT jobs.video_id FROM attempts JOIN jobs ON jobs.id = attempts.job_id"
        " WHERE attempts.number = 1 ORDER BY attempts.started_at, attempts.job_id"
    )
    return [row[0] for row in rows]


def one_at_a_time(open_house: Opener, site: YouTube, **settings: str) -> House:
    """Return a house whose one worker is busy, so that what is dropped queues up."""
    house = open_house(download_workers="1", **settings)
    [busy] = ids("BUSY", 1)
    site.fault(busy, SLOW)
    house.drop("busy", links([busy]))
    site.wait_for(busy, "media")
    house.wait_for_state("busy", busy, "running")  # this house's, no earlier one's
    house.wait(house.at_work)
    return house


def let_go(house: House, site: YouTube) -> None:
    """Give the one worker to those who wait."""
    site.lift(ids("BUSY", 1)[0])
    [job] = house.jobs("busy").values()
    house.must("cancel", job["id"])


def test_a_quota_holds_the_rest_back_and_lets_it_in_by_turns(home: House) -> None:
    home.must("session", "create", "--name", "quota")
    home.must("session", "set", "quota", "--max-jobs", "3")
    videos = ids("QUOTA", 12)
    home.drop("quota", links(videos))
    inside = (
        "SELECT count(*) FROM jobs JOIN sessions ON sessions.id = jobs.session_id"
        " WHERE sessions.name = 'quota'"
        " AND jobs.state IN ('queued', 'running', 'waiting')"
    )
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, home.query(inside)[0][0])
        counts = home.counts("quota")
        assert sum(counts.get(s, 0) for s in ("queued", "running", "waiting")) <= 3
        return counts.get("completed") == len(videos)

    home.wait(done)
    assert most == 3
    started = [video for video in order_of_starts(home) if video in videos]
    assert started == videos
    quota = home.session("quota")["session"]["quota"]
    assert (quota["max_jobs"], quota["used_jobs"]) == (3, 0)


def test_a_quota_may_refuse_instead(open_house: Opener) -> None:
    house = open_house(sessions_max_jobs="2", sessions_over_limit="reject")
    house.drop("strict", links(ids("STRICT", 4)))
    house.wait_done("strict", 2)
    codes = [line["code"] for line in house.wait_receipt("strict", rejected=2)["lines"]]
    assert codes == [None, None, "session_job_limit", "session_job_limit"]
    house.drop("strict", links(ids("STRICTMORE", 1)), "more.txt")
    house.wait(lambda: house.query("SELECT state FROM drops WHERE state = 'rejected'"))


def test_sessions_take_turns_and_priority_counts_within_one(
    open_house: Opener, site: YouTube
) -> None:
    house = one_at_a_time(open_house, site)
    many, few = ids("MANY", 5), ids("FEW", 2)
    first, last, middle = ids("PRIO", 3)
    house.drop("many", links(many))
    house.drop("few", links(few))
    house.drop(
        "prio",
        f"https://youtu.be/{last} priority=-2\nhttps://youtu.be/{middle}\n"
        f"https://youtu.be/{first} priority=9\n",
    )
    for session, count in (("many", 5), ("few", 2), ("prio", 3)):
        house.wait_counts(session, queued=count)
    let_go(house, site)
    for session, count in (("many", 5), ("few", 2), ("prio", 3)):
        house.wait_done(session, count)
    started = order_of_starts(house)[1:]
    assert [video for video in started if video in (first, middle, last)] == [
        first,
        middle,
        last,
    ]
    assert started.index(few[1]) < started.index(many[2])
    assert set(started[-2:]) == set(many[3:])


def test_bytes_are_limited_too(home: House, site: YouTube) -> None:
    home.must("session", "create", "--name", "bytes")
    home.must("session", "set", "bytes", "--max-bytes", "80000")
    videos = ids("BYTE", 2)
    home.drop("bytes", links(videos))
    counts = home.wait_done("bytes", 2)
    assert (counts["completed"], counts["failed"]) == (1, 1)
    [failed] = [j for j in home.jobs("bytes").values() if j["state"] == "failed"]
    assert failed["error"]["code"] == "session_byte_limit"
    home.must("session", "set", "bytes", "--max-bytes", "0")
    home.must("retry", "--session", "bytes", "--failed")
    home.wait(lambda: home.counts("bytes")["completed"] == 2)
    used = home.session("bytes")["session"]["quota"]["used_bytes"]
    assert used == sum(job["file_size_bytes"] for job in home.jobs("bytes").values())
    assert [site.fetches(video) for video in videos] == [1, 1], "kept for the retry"


def test_cancelling_what_waits_and_what_runs(open_house: Opener, site: YouTube) -> None:
    house = one_at_a_time(open_house, site)
    queued, kept = ids("CANCEL", 2)
    house.drop("cancel", links([queued, kept]))
    job = house.wait_for_state("cancel", queued, "queued")
    house.must("cancel", job["id"][:8])
    house.wait_for_state("cancel", queued, "cancelled")
    before = set(house.workers())
    [running] = house.jobs("busy").values()
    house.must("cancel", running["id"])
    house.wait_for_state("busy", running["video_id"], "cancelled")
    house.wait_for_state("cancel", kept, "completed")
    house.wait(lambda: len(house.workers()) == 1)
    assert set(house.workers()) < before
    assert not list((house.downloads / ".work").iterdir())
    assert house.cli("wait", "-s", "cancel").returncode == 1
    house.must("retry", job["id"])
    house.wait_for_state("cancel", queued, "completed")
    assert house.cli("wait", "-s", "cancel").returncode == 0


def test_a_job_runs_again_only_when_its_file_is_gone(
    home: House, site: YouTube
) -> None:
    [video] = ids("RETRY", 1)
    done = home.cli("add", "--session", "retry", "--wait", f"youtu.be/{video}")
    assert done.returncode == 0
    job = home.wait_for_state("retry", video, "completed")
    assert home.cli("retry", job["id"]).returncode == 1
    Path(job["output_path"]).unlink()
    home.must("retry", job["id"])
    home.wait(lambda: Path(job["output_path"]).exists())
    home.wait_for_state("retry", video, "completed")
    assert site.fetches(video) == 2


def test_expiry_keeps_deletes_and_is_pinned(open_house: Opener) -> None:
    house = open_house(sessions_trash_grace="0s")
    nameless = house.must("session", "create").strip()
    assert str(uuid.UUID(nameless)) == nameless
    assert (house.inbox / nameless).is_dir()
    named = ("kept", "deleted", "pinned")
    for name, video in zip(named, ids("EXPIRE", 3), strict=True):
        house.drop(name, links([video]))
        house.wait_for_state(name, video, "completed")
    for name in named[1:]:
        house.must("session", "set", name, "--on-expiry", "delete")
    (house.library / "pinned" / ".keep").touch()
    folders = {n: house.downloads / house.session(n)["session"]["uuid"] for n in named}
    for name in (*named, nameless):
        house.must("session", "set", name, "--ttl", "1s")
    expired = "SELECT count(*) FROM sessions WHERE state = 'expired'"
    house.wait_swept(lambda: house.query(expired)[0][0] == 4)
    house.wait(lambda: not folders["deleted"].exists())
    house.wait(lambda: not (house.library / "deleted").exists())
    house.wait(lambda: not (house.inbox / nameless).exists())
    trash = house.downloads / ".trash"
    house.wait_swept(lambda: not list(trash.iterdir()))
    assert folders["kept"].exists()
    assert folders["pinned"].exists()
    assert (house.library / "kept").exists()
    assert (house.library / "pinned").exists()
    assert (house.inbox / "kept").exists()
    house.wait(lambda: house.session("kept")["session"]["state"] == "expired")
    [after] = ids("AFTERWARDS", 1)
    was = house.session("kept")["session"]["uuid"]
    house.drop("kept", links([after]), "after.txt")
    house.wait_for_state("kept", after, "completed")
    assert house.session("kept")["session"]["uuid"] != was
    listed = json.loads(house.must("session", "list", "--json"))
    assert len(listed["sessions"]) == 5


def test_an_expired_sessions_successor_keeps_its_library(
    open_house: Opener,
) -> None:
    house = open_house()
    old, new = ids("HEIR", 2)
    house.drop("heir", links([old]))
    gone = house.wait_for_state("heir", old, "completed")
    house.must("session", "set", "heir", "--on-expiry", "delete")
    house.must("session", "expire", "heir", "--yes")
    assert house.cli("retry", gone["id"]).returncode == 1
    house.drop("heir", links([new]), "new.txt")
    job = house.wait_for_state("heir", new, "completed")
    house.stop()
    house.start()
    shelf = house.library / "heir"
    house.wait(lambda: [p.name for p in shelf.iterdir()] == [f"Clip {new}.m4a"])
    assert Path(job["output_path"]).exists()
    house.wait(lambda: len(list(house.downloads.glob("*/*/audio"))) == 1)


def test_touch_starts_the_time_to_live_over_with_the_daemon_down(
    open_house: Opener,
) -> None:
    house = open_house()
    [video] = ids("TOUCH", 1)
    house.drop("touch", links([video]))
    house.wait_for_state("touch", video, "completed")
    was = house.wait(lambda: house.session("touch")["session"]["expires_at"])
    with pytest.raises(AssertionError):
        wait_until(lambda: False, timeout=1.5)  # the daemon has to grow older
    house.stop()
    assert "1 completed" in house.cli("status").stdout
    house.must("session", "touch", "touch")
    house.start()
    house.wait(lambda: house.session("touch")["session"]["expires_at"] > was)


def test_what_is_pending_too_long_is_given_up(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(sessions_max_pending="1d")
    [video] = ids("PEND", 1)
    site.add(Video(id=video, status="live"))
    path = house.drop("pend", links([video]))
    house.wait_for_state("pend", video, "waiting")
    house.query("UPDATE sessions SET last_activity_lived = last_activity_lived - 1e6")
    house.wait_swept(lambda: house.counts("pend")["cancelled"] == 1)
    failed = path.parent / "processed" / "songs.txt.failed.txt"
    assert video in house.wait(lambda: failed.exists() and failed.read_text())


def test_commands_about_nobody(home: House) -> None:
    assert home.cli("status", "nobody").returncode == 4
    assert home.cli("show", "ffffffff").returncode == 4
    assert home.cli("session", "show", "nobody").returncode == 4
    assert home.cli("add", "https://example.org/").returncode == 2
    listed = json.loads(home.must("session", "list", "--json"))
    assert listed

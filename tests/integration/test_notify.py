"""Notifications: at least once, in order, bounded, and never in the daemon's way."""

import os
import signal
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.forms import assert_described
from tests.integration.notify_rig import Office, open_messenger, open_office
from tests.integration.receiver import Receiver, serving
from tests.integration.views_rig import video
from ytaudio_daemon.ledger import Ledger, expiry, sessions
from ytaudio_daemon.ledger.drops import NewLine
from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.notify import backoff, cursors, message_builders, notifications
from ytaudio_daemon.notify.delivery import launcher
from ytaudio_daemon.notify.health_debounce import DegradedState
from ytaudio_daemon.views import DaemonProblem

#: Whoever waited for a receiver that hangs would wait for four times as long, in
#: seconds; a step that waits for nobody takes milliseconds, on a busy machine more.
BRIEF_S = 5.0
FFMPEG = DaemonProblem(
    code="ffmpeg_missing", message="There is no ffmpeg.", hint="Install it.", since=1.0
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as server:
        yield server


@pytest.fixture
def office(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> Iterator[Office]:
    """Open an office whose only receiver is a webhook."""
    opened = open_office(sqlite_ledger, tmp_path, webhook=receiver.address)
    yield opened
    receiver.let_go()
    opened.close()


@pytest.fixture
def people(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> Iterator[Office]:
    """Open an office whose only receivers are people."""
    opened = open_office(
        sqlite_ledger, tmp_path, urls=receiver.apprise, timeout="30s", gather="10m"
    )
    yield opened
    receiver.let_go()
    opened.close()


def titles(receiver: Receiver) -> list[str]:
    return [notice["job"]["title"] for notice in receiver.got]


def problem(office: Office) -> str:
    """Return the one problem there is, or ""."""
    found = office.notifications.delivery_problems()
    assert all(code == "notify_failing" and hint for code, _, hint in found)
    return " ".join(message for _, message, _ in found)


# The events that are reported.


def test_a_program_is_told_of_each_job(office: Office, receiver: Receiver) -> None:
    office.finish()
    office.fail("party")
    office.rest()
    done, failed = receiver.got
    assert (done["event"], failed["event"]) == ("completed", "failed")
    assert done["message"] == "Finished in session music: Song 1"
    assert done["job"]["state"] == "completed"
    assert Path(done["job"]["output_path"]).is_absolute()
    assert Path(done["job"]["output_path"]).read_bytes() == b"audio"
    assert failed["message"].startswith("Failed in session party: https://")
    assert failed["message"].endswith(": It broke. Wait. Then retry it.")
    assert failed["job"]["error"]["code"] == "http_500"
    for notice in receiver.got:
        assert_described(notice)


def test_a_session_s_end_is_told(office: Office, receiver: Receiver) -> None:
    office.finish(2)
    with office.ledger.write() as db:
        session = sessions.active_session(db, "music")
        assert session is not None
        assert expiry.expire(db, session, office.now(), on_expiry="keep")
    office.rest()
    notice = receiver.got[-1]
    assert notice["event"] == "session_expired"
    assert notice["message"] == "Session music has ended: 2 finished; its audio stays."
    assert notice["session"]["counts"]["completed"] == 2
    assert notice["session"]["audio"] == "kept"
    assert notice["job"] is None
    assert_described(notice)


def test_only_what_is_asked_for_is_told(office: Office, receiver: Receiver) -> None:
    office.reload(webhook=receiver.address, on="failed")
    office.finish(2)
    office.fail()
    office.rest()
    assert receiver.events == ["failed"]


def test_people_get_one_message_for_much(people: Office, receiver: Receiver) -> None:
    people.finish(7)
    people.fail("party")
    people.pass_time(1)  # the ledger is not looked into without a pause
    people.step()
    people.pass_time(400)
    people.step()
    assert receiver.requests == []
    people.finish()
    people.pass_time(200)
    people.rest()
    (got,) = receiver.got
    assert got["title"] == "ytaudio: 8 finished, 1 failed"
    assert got["type"] == "failure"
    assert got["message"].splitlines() == [
        "8 finished in session music.",
        "1 failed in session party.",
        "Finished: Song 1, Song 2, Song 3, Song 4, Song 5, and 3 more",
        "Failed: https://www.youtube.com/watch?v=00000000008: It broke. Wait. Then retry it.",
    ]


# At least once.


def test_a_new_receiver_is_told_nothing_of_the_past(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> None:
    office = open_office(sqlite_ledger, tmp_path)
    assert office.notifications.next_due(office.now()) is None
    office.finish(3)
    office.step()
    office.reload(webhook=receiver.address)
    office.step()
    office.finish()
    office.rest()
    office.close()
    assert titles(receiver) == ["Song 4"]


def test_a_crash_before_the_delivery_loses_nothing(
    office: Office, receiver: Receiver
) -> None:
    office.finish(2)
    office.crash()
    office.finish()
    office.rest()
    assert titles(receiver) == ["Song 1", "Song 2", "Song 3"]


def test_a_crash_within_the_delivery_repeats_it(
    office: Office, receiver: Receiver
) -> None:
    receiver.hangs = True
    office.finish(2)
    office.run_until(lambda: receiver.requests)
    office.crash()
    receiver.let_go()
    office.rest()
    assert titles(receiver) == ["Song 1", "Song 2"]
    assert len(receiver.requests) == 3


def test_what_was_told_is_not_told_again_after_a_restart(
    office: Office, receiver: Receiver
) -> None:
    office.finish(9)
    office.rest()
    office.crash()
    office.finish()
    office.rest()
    assert titles(receiver) == [f"Song {n}" for n in range(1, 11)]


def test_a_stop_hears_what_is_under_way_to_its_end(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "SHUTDOWN_TIMEOUT_S", 30.0)
    office.finish(3)
    office.step()
    office.run_until(lambda: receiver.requests)
    office.close()
    count = len(receiver.got)
    office.notifications = open_messenger(office.ledger, office.settings)
    office.rest()
    assert (
        titles(receiver)[:3]
        == ["Song 1", "Song 2", "Song 3"][:count] + titles(receiver)[count:3]
    )
    assert sorted(set(titles(receiver))) == ["Song 1", "Song 2", "Song 3"]
    assert len(receiver.got) == 3


def test_a_receiver_that_left_is_forgotten(office: Office, receiver: Receiver) -> None:
    assert list(office.told()) == ["webhook"]
    office.reload()
    office.step()
    assert office.told() == {}
    office.finish(5)
    office.reload(webhook=receiver.address)
    office.step()
    office.finish()
    office.rest()
    assert titles(receiver) == ["Song 6"]


def test_the_ledger_knows_receivers_without_their_secrets(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> None:
    told = {"webhook": receiver.address, "command": "/bin/true hush"}
    office = open_office(sqlite_ledger, tmp_path, urls=receiver.apprise, **told)
    keys = list(office.told())
    office.close()
    assert len(keys) == 3
    assert "hush" not in repr(keys)


def test_other_settings_take_effect_at_once(office: Office, receiver: Receiver) -> None:
    receiver.statuses = [500] * 100
    office.finish()
    office.run_until(lambda: problem(office))
    with serving() as another:
        office.reload(webhook=another.address)
        office.rest()
        assert titles(another) == ["Song 1"]
        assert problem(office) == ""
        office.reload()
        office.run_until(lambda: not office.notifications._stopping)


# Receivers that are away.


def test_a_receiver_that_stumbles_is_told_later(
    office: Office, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    office.finish(3)
    office.run_until(lambda: receiver.requests)
    assert problem(office) == ""  # one failure is not worth telling
    office.rest()
    assert titles(receiver) == ["Song 1", "Song 2", "Song 3"]


def test_a_dead_receiver_is_named_given_up_and_back_again(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.statuses = [503] * 1000
    office = open_office(
        sqlite_ledger, tmp_path, webhook=receiver.address, give_up="1h"
    )
    office.finish(9)
    office.run_until(lambda: problem(office))
    said = f"[notify] webhook (http://127.0.0.1:{receiver.port}): answered 503"
    assert said in problem(office)
    assert "hush" not in repr(office.notifications.delivery_problems())
    before = len(receiver.requests)
    office.pass_time(400)
    office.run_until(lambda: len(receiver.requests) > before)
    office.finish()  # young when the others are too old
    office.pass_time(3300)
    office.run_until(lambda: "9 notices were given up" in problem(office))
    assert office.notifications._queues["webhook"].backoff.dropped_count == 9
    receiver.statuses = []
    office.pass_time(400)
    office.rest()
    assert titles(receiver) == ["Song 10"]
    assert problem(office) == ""
    office.close()


def test_a_notice_that_is_refused_is_offered_some_times_and_passed_by(
    office: Office, receiver: Receiver
) -> None:
    receiver.statuses = [422] * backoff.MAX_REJECTIONS
    office.finish(2)
    wait_out_rejections(office)
    office.rest()
    assert titles(receiver) == ["Song 2"]
    assert len(receiver.requests) == backoff.MAX_REJECTIONS + 1


def wait_out_rejections(office: Office) -> None:
    queue = office.notifications._queues["webhook"]
    for offers in range(1, backoff.MAX_REJECTIONS + 1):
        # Bound now: it is called within this turn only.
        office.run_until(lambda: queue.backoff.failures == offers)  # noqa: B023
        office.run_until(lambda: not queue.is_sending)
        office.pass_time(30)


def test_a_hanging_receiver_holds_nobody_up(
    sqlite_ledger: Ledger, tmp_path: Path, receiver: Receiver
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    script = f"cat >$(mktemp {out}/XXXXXX)"
    receiver.hangs = True
    office = open_office(
        sqlite_ledger,
        tmp_path,
        webhook=receiver.address,
        command=f'/bin/sh -c "{script}"',
        timeout="20s",
    )
    office.finish(5)
    office.run_until(lambda: len(list(out.iterdir())) == 5 and receiver.requests)
    assert receiver.got == []
    assert office.slowest < BRIEF_S
    office.pass_time(40)  # it is hung up on
    office.run_until(lambda: len(receiver.requests) > 1)
    receiver.let_go()
    office.rest()
    assert set(titles(receiver)) == {f"Song {n}" for n in range(1, 6)}
    office.close()


def test_a_delivery_process_that_is_stuck_is_replaced(
    office: Office, receiver: Receiver
) -> None:
    receiver.hangs = True
    office.finish()
    office.run_until(lambda: receiver.requests)
    process = office.delivery_process("webhook")
    assert process is not None
    os.kill(process._process.pid, signal.SIGSTOP)  # its own alarm cannot go off
    receiver.let_go()
    office.pass_time(40)
    office.rest()
    assert titles(receiver) == ["Song 1"]
    assert process._process.returncode == -signal.SIGKILL


def test_a_storm_is_delivered_in_batches_one_at_a_time(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_builders, "MAX_BATCH", 10)
    log = tmp_path / "log"
    script = f"echo start >>{log}; cat >/dev/null; echo end $PPID >>{log}"
    office = open_office(sqlite_ledger, tmp_path, command=f"/bin/sh -c '{script}'")
    office.finish(24)
    queue = office.notifications._queues["command"]
    held = 0

    def watched() -> bool:
        nonlocal held
        held = max(held, len(queue._pending))
        return not office.is_busy()

    office.run_until(watched)
    office.close()
    words = log.read_text().split()
    assert words[0::3] == ["start"] * 24
    assert words[1::3] == ["end"] * 24
    batches = [len(list(same)) for _, same in groupby(words[2::3])]
    assert batches == [10, 10, 4]
    assert held <= 10
    assert office.slowest < BRIEF_S


# How the daemon is.


def test_degraded_is_told_when_it_lasts_and_so_is_the_end_of_it(
    office: Office, receiver: Receiver
) -> None:
    feel(office, "degraded", 59)
    feel(office, "running", 59)
    assert receiver.got == []
    feel(office, "degraded", 61)
    office.rest()
    (notice,) = receiver.got
    assert notice["event"] == "degraded"
    assert "There is no ffmpeg. Install it." in notice["message"]
    assert notice["problems"][0]["code"] == "ffmpeg_missing"
    assert_described(notice)
    feel(office, "draining", 100)
    feel(office, "degraded", 100)
    office.rest()
    feel(office, "running", 61)
    office.rest()
    assert receiver.events == ["degraded", "recovered"]
    assert receiver.got[-1]["message"] == "ytaudio on attic is well again."


def feel(office: Office, state: str, seconds: float) -> None:
    """Have the daemon be in a state for so long."""
    for passed in (0.0, seconds):
        office.pass_time(passed)
        problems = [FFMPEG] if state == "degraded" else []
        office.notifications.degraded_state.update_from_state(
            state, problems, office.now().uptime_s
        )
        office.step()


def test_a_restart_does_not_forget_what_was_told(
    office: Office, receiver: Receiver
) -> None:
    feel(office, "degraded", 61)
    office.rest()
    office.crash()
    feel(office, "degraded", 61)
    office.rest()
    assert receiver.events == ["degraded"]
    office.crash()
    feel(office, "running", 61)
    office.rest()
    assert receiver.events == ["degraded", "recovered"]


def test_what_passed_before_it_could_be_told_is_not_told(
    office: Office, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 2
    office.finish()
    office.run_until(lambda: len(receiver.requests) == 1)
    feel(office, "degraded", 61)
    feel(office, "running", 61)
    office.rest()
    assert receiver.events == ["completed"]


def test_degraded_goes_ahead_of_what_waits(office: Office, receiver: Receiver) -> None:
    receiver.statuses = [500]
    office.finish(2)
    office.run_until(lambda: len(receiver.requests) == 1)
    feel(office, "degraded", 61)
    office.rest()
    assert receiver.events == ["degraded", "completed", "completed"]
    assert office.told()["webhook"].degraded


def test_a_refused_word_of_degraded_loses_no_other_notice(
    office: Office, receiver: Receiver
) -> None:
    receiver.statuses = [422] * backoff.MAX_REJECTIONS
    feel(office, "degraded", 61)
    office.finish(2)
    wait_out_rejections(office)
    office.rest()
    assert titles(receiver) == ["Song 1", "Song 2"]
    assert len(receiver.requests) == backoff.MAX_REJECTIONS + 2


def test_a_batch_that_was_cut_short_goes_on_without_a_failure(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short = "import ytaudio_daemon.notify.delivery.process as p; p.BATCH_S = 0"
    code = launcher._BOOTSTRAP.replace("os._exit", f"{cut_short}\nos._exit")
    monkeypatch.setattr(launcher, "_BOOTSTRAP", code)
    office.finish(3)
    queue = office.notifications._queues["webhook"]
    office.run_until(lambda: queue.backoff.failures or not office.is_busy())
    assert titles(receiver) == ["Song 1", "Song 2", "Song 3"]


def test_people_are_told_at_once_that_it_is_degraded(
    people: Office, receiver: Receiver
) -> None:
    feel(people, "degraded", 61)
    people.rest()
    (got,) = receiver.got
    assert got["title"] == "ytaudio on attic needs a hand."
    assert got["message"] == "There is no ffmpeg. Install it."
    assert got["type"] == "warning"


def test_weather_that_changes_all_the_time_is_never_believed() -> None:
    degraded_state = DegradedState(stable_s=60)
    for n in range(100):
        degraded_state.update(is_degraded=bool(n % 2), uptime_s=n * 50.0)
    assert degraded_state.is_degraded is None
    assert degraded_state.due(99 * 50) == 99 * 50 + 60
    assert (
        degraded_state.due(99 * 50 + 60) is None
    )  # it waits for a look, it does not spin


# Costs.


def test_at_rest_nothing_wakes_the_loop(office: Office) -> None:
    office.finish()
    office.rest()
    queue = office.notifications._queues["webhook"]
    office.run_until(lambda: not queue.is_sending)
    office.pass_time(1)
    office.step()
    assert office.notifications.next_due(office.now()) is None


def test_what_is_none_of_its_business_is_passed_over(
    office: Office, receiver: Receiver
) -> None:
    office.reload(webhook=receiver.address, on="")
    before = office.told()
    office.finish(3)
    office.run_until(
        lambda: office.notifications._queues["webhook"].read_cursor == office.newest()
    )
    office.pass_time(cursors.IDLE_SAVE_INTERVAL_S + 1)
    office.step()
    assert (
        office.told() == {"webhook": DeliveryCursor(cursor=office.newest())} != before
    )
    assert receiver.requests == []


def test_refused_lines_of_a_drop_are_told_and_whole_drops_are_not(
    office: Office, receiver: Receiver
) -> None:
    bad = NewLine(line=2, text="banana", code="not_a_url", message="no link")
    office.rest()
    office.rig.now = office.now()
    office.rig.drop(video(1), name=b"fine.txt")
    office.rig.drop(video(2), bad, name=b"some.txt")
    reason = "this is binary data"
    office.rig.drop(name=b"none.txt", state="rejected", reason=reason)

    office.run_until(lambda: len(receiver.got) == 2)
    office.rest()

    some, none = receiver.got
    assert_described(some)
    assert (some["event"], some["drop"]["file"]) == ("refused", "some.txt")
    assert (some["drop"]["accepted"], some["drop"]["rejected"]) == (1, 1)
    assert (none["drop"]["file"], none["drop"]["reason"]) == ("none.txt", reason)
    assert len(receiver.got) == 2

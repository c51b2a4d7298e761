"""What people are told, in words: short, harmless, complete."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.ledger_rig import NOW
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.gates import outage_gate
from ytaudio_daemon.notify import backoff, digest, notices, receivers, texts
from ytaudio_daemon.notify.delivery import webhook
from ytaudio_daemon.notify.delivery.result import rejected, retry_later
from ytaudio_daemon.notify.digest import Digest
from ytaudio_daemon.notify.notify_event import NotifyEvent
from ytaudio_daemon.settings import load
from ytaudio_daemon.views import DaemonProblem


def job(title: str | None = "Song", session: str = "music", **more: Any) -> JobRow:
    plain: Mapping[str, Any] = dict.fromkeys(JobRow.__slots__)
    known = {"session_name": session, "video_id": "0" * 11, "title": title}
    return JobRow(**{**plain, **known, **more})


def news(event: str = "completed", **more: Any) -> NotifyEvent:
    return NotifyEvent(event=event, event_id=1, at=NOW.wall, **more)


def session(name: str = "music", on_expiry: str | None = None) -> Session:
    counts = dict.fromkeys(JobState, 0) | {JobState.COMPLETED: 2, JobState.FAILED: 1}
    return Session(
        id=1,
        uuid="u",
        name=name,
        state=SessionState.EXPIRED,
        created_at=0.0,
        last_activity_at=0.0,
        last_activity_uptime_s=0.0,
        max_jobs=None,
        max_bytes=None,
        ttl_s=None,
        on_expiry=on_expiry,
        used_bytes=0,
        counts=counts,
    )


def gathered(*many: NotifyEvent) -> Digest:
    found = Digest()
    for one in many:
        found.add(one, 1.0, keeps_audio=True)
    return found


ERROR = {
    "kind": "unavailable",
    "code": "gone",
    "message": "This video is private.",
    "hint": "Ask its owner.",
}


def test_one_song_is_named() -> None:
    found = gathered(news(job=job()))
    assert found.title() == "ytaudio: 1 finished"
    assert found.body() == "1 finished in session music.\nFinished: Song"
    assert found.notify_type == "success"


def test_a_failure_says_why_and_what_to_do() -> None:
    found = gathered(news("failed", job=job(error=ERROR)))
    assert found.body().splitlines() == [
        "1 failed in session music.",
        "Failed: Song: This video is private. Ask its owner. Then retry it.",
    ]
    assert found.notify_type == "failure"


def test_ended_sessions_alone_are_no_success() -> None:
    found = gathered(*[news("session_expired", session=session())] * 10)
    assert found.title() == "ytaudio: 10 sessions ended"
    assert found.notify_type == "info"
    assert found.body().splitlines()[-1] == "2 more sessions ended."


def test_a_storm_is_counted_and_fits() -> None:
    done = [news(job=job("T" * 300, f"s{n % 20}" + "x" * 90)) for n in range(5000)]
    lost = [news("failed", job=job("L" * 300, error=ERROR)) for _ in range(5000)]
    found = gathered(*done, *lost)
    assert found.title() == "ytaudio: 5,000 finished, 5,000 failed"
    assert found.size == 10_000
    assert len(found.body()) <= digest.MAX_BODY_BYTES
    assert len(repr(found)) < 10_000  # what it holds does not grow with the storm


def test_other_sessions_are_counted() -> None:
    found = gathered(*[news(job=job(session=f"s{n}")) for n in range(10)])
    assert "2 finished in 2 more sessions." in found.body().splitlines()


@pytest.mark.parametrize(
    "title", ["@everyone free", "<!channel> x", "<@U123>", "a\nFailed: b", "x\x1b[31m"]
)
def test_a_stranger_s_title_has_no_effect(title: str) -> None:
    for text in (
        gathered(news(job=job(title))).body().splitlines()[-1],
        texts.event_text(news(job=job(title))),
    ):
        assert "@everyone" not in text
        assert not set(text) & set("<>\n\x1b")


def test_a_session_s_end_says_what_becomes_of_its_audio() -> None:
    notice_context = notices.NoticeContext(host="attic", on_expiry="delete")
    notice = notices.event_notice(
        news("session_expired", session=session()), notice_context
    )
    assert notice["message"] == (
        "Session music has ended: 2 finished, 1 failed; its audio is being removed."
    )
    assert notice["session"]["audio"] == "removed"
    kept = notices.event_notice(
        news("session_expired", session=session(on_expiry="keep")), notice_context
    )
    assert kept["session"]["audio"] == "kept"


def test_a_machine_in_need_names_five_problems() -> None:
    problems = [
        DaemonProblem(code="x", message=f"Problem {n}.", hint="Mend it.", since=1.0)
        for n in range(9)
    ]
    notice_context = notices.NoticeContext(host="attic")
    notice = notices.health_notice(problems, NOW.wall, notice_context, is_degraded=True)
    assert notice["message"].splitlines()[:2] == [
        "ytaudio on attic needs a hand.",
        "Problem 0. Mend it.",
    ]
    assert len(notice["problems"]) == 5


def test_an_outage_needs_no_hand_unless_something_else_does() -> None:
    shut = outage_gate(None, "YouTube has an outage: it fails.", NOW.wall)
    outage = DaemonProblem(
        code="outage", message=shut.reason, hint=shut.hint, since=NOW.wall
    )
    disk = DaemonProblem(code="host", message="Full.", hint="", since=NOW.wall)
    told = texts.health_text("attic", [outage], is_degraded=True).splitlines()
    assert told[0] == "ytaudio on attic waits for YouTube; there is nothing to do."
    assert told[1].endswith("and everything continues by itself.")
    assert "needs a hand" in texts.health_text(
        "attic", [outage, disk], is_degraded=True
    )


# Patience.


def test_patience_wears_out_by_served_time_alone() -> None:
    waits = backoff.DeliveryBackoff()
    assert not waits.has_timed_out(1e9, 60.0)
    waits.on_failure(retry_later("no"), 100.0)
    assert not waits.has_timed_out(159.0, 60.0)
    assert waits.has_timed_out(160.0, 60.0)
    waits.on_success()
    assert not waits.has_timed_out(1e9, 60.0)
    assert waits.due == 0


def test_waits_grow_and_are_bounded() -> None:
    waits = backoff.DeliveryBackoff()
    found = []
    for _ in range(40):
        waits.on_failure(retry_later("no"), 100.0)
        found.append(waits.due - 100)
    assert found[:5] == [1, 2, 4, 8, 16]
    assert max(found) == backoff.CAP_S
    waits.on_failure(retry_later("no", retry_after_s=1000), 100.0)
    assert waits.due == 1100


def test_only_refusals_in_a_row_count() -> None:
    waits = backoff.DeliveryBackoff()
    for answer in [rejected("no")] * 4 + [retry_later("away")] + [rejected("no")] * 4:
        waits.on_failure(answer, 1.0)
        assert not waits.should_drop_message()
    waits.on_failure(rejected("no"), 1.0)
    assert waits.should_drop_message()
    waits.on_dropped(1)
    assert not waits.should_drop_message()
    assert waits.should_report


@pytest.mark.parametrize(("status", "word"), [(301, "moved"), (404, "Not Found")])
def test_an_answer_in_words(status: int, word: str) -> None:
    assert word in webhook.result_of(status, "Not Found", None).said


# Receivers.


def test_receivers_have_names_without_secrets_and_keys_that_last() -> None:
    told = {
        "YTAUDIO_NOTIFY_URLS": "tgram://1:hush/r ntfy://hush",
        "YTAUDIO_NOTIFY_WEBHOOK": "https://me:hush@home:8443/hush",
        "YTAUDIO_NOTIFY_COMMAND": "/bin/hook hush",
    }
    found = receivers.receivers_of(load(None, told).notify)
    assert [one.name for one in found] == [
        "urls 1 (tgram://***)",
        "urls 2 (ntfy://***)",
        "webhook (https://home:8443)",
        "command (/bin/hook)",
    ]
    told["YTAUDIO_NOTIFY_URLS"] = "ntfy://hush tgram://1:hush/r"
    turned = receivers.receivers_of(load(None, told).notify)
    assert {one.key for one in turned} == {one.key for one in found}
    assert "hush" not in repr([one.key for one in found])


def refused(name: bytes = b"songs.txt", **more: Any) -> NotifyEvent:
    known = {
        "session_name": "music",
        "name": name,
        "state": "filed",
        "accepted": 2,
        "duplicate": 0,
        "rejected": 1,
    }
    plain: Mapping[str, Any] = dict.fromkeys(ReceiptHead.__slots__)
    return news("refused", drop=ReceiptHead(**{**plain, **known, **more}))


def test_refused_lines_are_counted_and_a_rejected_drop_says_why() -> None:
    found = gathered(
        refused(), refused(b"zeros.txt", state="rejected", reason="binary data")
    )
    assert found.title() == "ytaudio: 2 drops with rejected lines"
    assert found.body().splitlines() == [
        "Refused in session music: 1 of 3 lines of songs.txt; its receipt says why",
        "Refused in session music: all of zeros.txt: binary data",
    ]
    assert found.notify_type == "warning"


def test_refused_lines_beside_finished_songs_warn() -> None:
    found = gathered(news(job=job()), *[refused() for _ in range(7)])
    assert found.title() == "ytaudio: 1 finished"
    assert found.body().splitlines()[-1] == "2 more drops with rejected lines"
    assert found.notify_type == "warning"

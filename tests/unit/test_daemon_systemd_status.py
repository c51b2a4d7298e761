"""The one line about the daemon; when it is said is tested with a real ledger."""

from ytaudio_daemon.daemon.systemd_status import MAX_CHARS, status_line
from ytaudio_daemon.model import JobState
from ytaudio_daemon.views import DaemonProblem, DaemonSnapshot

NOTHING = dict.fromkeys(JobState, 0)


def live(state: str = "running", *problems: tuple[str, str]) -> DaemonSnapshot:
    told = [DaemonProblem(code=c, message=m, hint="", since=0.0) for c, m in problems]
    return DaemonSnapshot(
        state=state, started_at=0.0, pid=1, host="h", version="1", problems=told
    )


def test_it_says_what_is_to_be_done() -> None:
    counts = {**NOTHING, JobState.RUNNING: 3, JobState.QUEUED: 12}
    assert status_line(live(), counts) == "3 running, 12 queued"


def test_finished_jobs_leave_it_idle() -> None:
    counts = {**NOTHING, JobState.COMPLETED: 7, JobState.FAILED: 1}
    assert status_line(live(), counts) == "Idle"


def test_it_says_that_it_drains() -> None:
    counts = {**NOTHING, JobState.RUNNING: 1}
    assert status_line(live("draining"), counts) == "Draining: 1 running"


def test_it_names_what_holds_the_work_up_and_nothing_else() -> None:
    counts = {**NOTHING, JobState.QUEUED: 2}
    old = ("engine_stale", "yt-dlp is old.")
    shut = ("site", "No downloads are started until 12:00 UTC: asked too often")
    line = status_line(live("running", old, shut), counts)
    assert line == f"2 queued. {shut[1]}"


def test_it_stays_one_short_line() -> None:
    line = status_line(live("degraded", ("disk_full", "x" * 500)), NOTHING)
    assert len(line) == MAX_CHARS
    assert line.endswith("…")

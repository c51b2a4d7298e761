"""One attempt: what the worker is, what it may say, and how it ends."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.pool_rig import Rig, alive, wait_until
from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.pool import Progressed, worker
from ytaudio_daemon.system import protocol


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One template for all: what one attempt does must not touch the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_TIME", "C")
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        patch.setenv("PYTHONPATH", "/nowhere")
        patch.setenv("SECRET_TOKEN", "s3cret")
        rig = Rig(tmp_path_factory.mktemp("pool"))
        rig.warm()
    yield rig
    rig.close()


@pytest.fixture
def rig(shared: Rig) -> Iterator[Rig]:
    shared.events.clear()
    shared.skipped = 0
    yield shared
    assert shared.pool.usage().downloading == 0
    assert shared.pool.template_facts is not None
    assert alive(shared.pool.template_facts.pid)


def test_an_outcome_arrives(rig: Rig) -> None:
    ended = rig.run("finish")
    assert ended.outcome.result is not None
    assert ended.outcome.result.file_name == "t.mp3"
    assert (ended.attempt, ended.worker_crashed) == (1, False)


def test_a_worker_is_a_clean_process_of_its_own(rig: Rig) -> None:
    rig.start("k", "facts")
    pid = rig.started("k")
    assert rig.ended("k").outcome.result
    facts = (rig.folder / "facts").read_text().split("\n")
    assert facts[0] == f"pid={pid} sid={pid} pgid={pid}"
    assert facts[1] == "oom=500"
    # stdin and stdout lead nowhere; beside stderr it has its own socket only
    fds = facts[2].removeprefix("fds=")
    assert fds.count("/dev/null") >= 2
    assert fds.count("socket") == 1
    assert "anon_inode" not in fds
    assert "pipe" not in fds.replace("'pipe'", "", 1)  # stderr may be one
    names = facts[3]
    assert "LC_TIME" in names
    assert "HTTPS_PROXY" in names
    assert "YTDLP_NO_PLUGINS" in names
    assert "SECRET_TOKEN" not in names
    assert "PYTHONPATH" not in names
    assert facts[4] == f"home={rig.home}"
    assert facts[5].endswith("flags=1")
    assert facts[6] == f"nice={os.nice(0)}"


def test_a_worker_gives_way_as_far_as_its_request_says(rig: Rig) -> None:
    rig.start("k", "facts", nice=3)
    assert rig.ended("k").outcome.result
    facts = (rig.folder / "facts").read_text().split("\n")
    # The machine's own lowest priority is the end of it.
    assert facts[6] == f"nice={min(os.nice(0) + 3, 19)}"


def test_progress_is_told_twice_a_second_at_most(rig: Rig) -> None:
    began = time.monotonic()
    rig.start("k", "chatter 3.2")
    assert rig.ended("k").outcome.result
    at_most = (time.monotonic() - began) / 0.5 + 1
    assert 2 <= len(rig.of(Progressed, "k")) <= at_most


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (f"die {signal.SIGSEGV:d}", "SIGSEGV"),
        (f"die {signal.SIGKILL:d}", "SIGKILL"),
        ("exit 3", "status 3"),
        ("exit 0", "status 0"),
    ],
)
def test_a_worker_that_dies_counts_as_dead_by_itself(
    rig: Rig, do: str, words: str
) -> None:
    ended = rig.run(do)
    assert ended.worker_crashed
    assert rig.failure(ended) == ("crashed", "worker_died")
    assert ended.outcome.failure is not None
    assert words in ended.outcome.failure.message


def test_a_bug_in_the_entry_is_told_with_its_traceback(rig: Rig) -> None:
    ended = rig.run("fail")
    assert rig.failure(ended) == ("unknown", "internal_error")
    assert ended.outcome.failure is not None
    assert "LookupError: a bug" in ended.outcome.failure.log_tail
    assert not ended.worker_crashed


@pytest.mark.parametrize(
    "what", ["bytes", "list", "kind", "outcome", "title", "progress", "number", "long"]
)
def test_a_worker_that_speaks_garbage_is_killed(rig: Rig, what: str) -> None:
    ended = rig.run(f"garbage {what}")
    assert rig.failure(ended) == ("crashed", "misbehaved")
    assert not ended.worker_crashed


def test_a_worker_that_floods_is_killed(rig: Rig) -> None:
    rig.start("k", "flood")
    assert rig.failure(rig.ended("k")) == ("crashed", "misbehaved")
    assert len(rig.of(Progressed, "k")) < 500


def test_a_long_outcome_passes_and_a_too_long_one_is_told(rig: Rig) -> None:
    ended = rig.run("long_outcome 60000")
    assert ended.outcome.result is not None
    assert len(ended.outcome.result.note) == 60_000
    ended = rig.run("long_outcome 70000")
    assert rig.failure(ended) == ("unknown", "outcome_too_long")


def test_a_log_tail_is_cut_to_what_a_message_holds() -> None:
    failure = Failure(
        kind=FailureKind.UNKNOWN,
        code="x",
        message="m" * 5000,
        log_tail="\U0001f3b5" * 100_000 + "\udcffend",
    )
    message = worker.encode_outcome(Outcome(failure=failure))
    assert len(message) < protocol.MAX_MESSAGE
    said = protocol.load(message)["outcome"]["failure"]
    assert said["log_tail"].endswith("\udcffend")
    assert len(said["log_tail"]) == worker.LOG_TAIL_CHARS


def test_a_request_too_big_is_refused_without_a_worker(rig: Rig) -> None:
    ended = rig.run("finish " + "x" * 200_000)
    assert rig.failure(ended) == ("policy", "request_too_big")
    assert rig.run("finish " + "x" * 100_000).outcome.result


def test_a_key_is_started_once_at_a_time(rig: Rig) -> None:
    rig.start("k", "sleep")
    with pytest.raises(ValueError, match="has not ended"):
        rig.start("k", "finish")
    rig.pool.kill("k")
    rig.ended("k")
    rig.events.clear()
    rig.start("k", "finish")
    assert rig.ended("k").outcome.result


@pytest.mark.parametrize("how", ["", "escaped"])
def test_a_kill_leaves_no_process_after_100_ms(rig: Rig, how: str) -> None:
    """Of some kills the fastest counts: the others waited for a processor."""
    took = (_kill(rig, f"k{number}", how) for number in range(20))
    assert any(seconds < 0.1 for seconds in took)


def _kill(rig: Rig, key: str, how: str) -> float:
    rig.start(key, f"grandchild {how}")
    rig.progressed(key)
    pid, grandchild = rig.started(key), rig.grandchild()
    began = time.monotonic()
    rig.pool.kill(key)
    ended = rig.ended(key)
    wait_until(lambda: not alive(pid) and not alive(grandchild))
    took = time.monotonic() - began
    assert rig.failure(ended) == ("crashed", "killed")
    assert not ended.worker_crashed
    # adopted by the template, and reaped by it
    wait_until(lambda: not psutil.pid_exists(grandchild))
    return took


def test_a_killed_attempt_keeps_what_was_known(rig: Rig) -> None:
    rig.start("k", "sleep downloading")
    rig.progressed("k")
    rig.pool.kill("k")
    outcome = rig.ended("k").outcome
    assert (outcome.title, outcome.downloaded_bytes) == ("Sleeper", 5)
    assert rig.pool.template_facts is not None
    assert outcome.engine == rig.pool.template_facts.yt_dlp != ""


def test_a_kill_right_after_the_start_kills(rig: Rig) -> None:
    for number in range(20):  # in any state between fork and setsid
        rig.start(f"k{number}", "sleep")
        rig.pool.kill(f"k{number}")
        assert rig.failure(rig.ended(f"k{number}")) == ("crashed", "killed")
    rig.pool.kill("unknown")


def test_what_a_finished_worker_left_running_is_killed(rig: Rig) -> None:
    rig.start("k", "grandchild left")
    assert rig.ended("k").outcome.result
    pid = int(Path(rig.folder, "grandchild").read_text())
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_stopped_worker_is_killed_at_its_deadline(rig: Rig) -> None:
    rig.start("k", "stop", deadline_s=120)
    pid = rig.started("k")
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    rig.skip(90)
    assert rig.of(type(None), "k") == []
    assert alive(pid)
    rig.skip(30)
    assert rig.failure(rig.ended("k")) == ("timeout", "deadline")
    assert not psutil.pid_exists(pid)


def test_the_deadline_comes_without_a_call_in_between(rig: Rig) -> None:
    rig.start("k", "sleep", deadline_s=0.3)
    ended = rig.ended("k")
    assert rig.failure(ended) == ("timeout", "deadline")


def test_a_trickle_is_a_stall_and_a_stream_is_none(rig: Rig) -> None:
    rig.start("trickle", "download 100 30", stall_timeout_s=4)
    rig.start("stream", "download 100000 6", stall_timeout_s=4)
    assert rig.failure(rig.ended("trickle")) == ("timeout", "stalled")
    assert rig.ended("stream").outcome.result

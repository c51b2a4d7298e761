"""The template: how it starts, is lost, hangs, goes, and who cleans up after it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from tests.integration import pool_rig
from tests.integration.pool_rig import HERE, Rig, alive, descendants, wait_until
from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.pool import Progressed, Usage, kill_orphans
from ytaudio_daemon.system.orphans import STATE_ENV

REPOSITORY = HERE.parents[1]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Rig]:
    """Give one that soon takes a template for hung."""
    rig = Rig(tmp_path, reply_timeout_s=3)
    yield rig
    rig.close()


def marked(state_id: str) -> list[int]:
    """Return all living processes that carry the mark."""
    return [p.pid for p in psutil.process_iter() if _mark(p) == state_id]


def _mark(process: psutil.Process) -> str | None:
    try:
        found: str | None = process.environ().get(STATE_ENV)
    except (psutil.Error, OSError):
        return None
    return found


def test_it_says_what_it_is(rig: Rig) -> None:
    assert rig.pool.template_facts is None
    pid = rig.warm()
    assert rig.pool.template_facts is not None
    assert rig.pool.template_facts.yt_dlp[:2] == "20"
    assert rig.pool.template_facts.ejs
    assert [p.pid for p in descendants()] == [pid]
    assert psutil.Process(pid).num_threads() == 1
    assert Path(f"/proc/{pid}/comm").read_text() == "ytaudio-templat\n"
    rig.warm()
    assert rig.pool.template_facts.pid == pid


def test_attempts_started_before_it_is_warm_wait_for_it(rig: Rig) -> None:
    for key in "ab":
        rig.start(key, "finish")
    assert rig.pool.template_facts is None
    for key in "ab":
        assert rig.ended(key).outcome.result


def test_a_queued_attempt_can_be_killed(rig: Rig) -> None:
    rig.start("k", "finish")
    rig.pool.kill("k")
    assert rig.failure(rig.ended("k")) == ("crashed", "killed")
    assert not rig.ended("k").worker_crashed


def test_it_dies_and_takes_all_workers_along(rig: Rig) -> None:
    template = rig.warm()
    rig.start("g", "grandchild escaped")
    rig.start("s", "stop")
    rig.progressed("g")
    workers, grandchild = [rig.started("g"), rig.started("s")], rig.grandchild()
    os.kill(template, signal.SIGKILL)
    for key in "gs":
        ended = rig.ended(key)
        assert rig.failure(ended) == ("crashed", "template_died")
        assert not ended.worker_crashed
    # all of them reaped, not only dead: as the subreaper we inherited them
    rig.until(lambda: not any(psutil.pid_exists(p) for p in [*workers, grandchild]))
    assert rig.pool.usage() == Usage(downloading=0, converting=0, waiting=0)
    assert rig.pool.template_facts is None
    assert rig.run("finish").outcome.result
    assert psutil.pid_exists(rig.warm())


def test_an_outcome_said_before_it_died_counts(rig: Rig) -> None:
    template = rig.warm()
    rig.start("k", "download 100000 0.2")
    worker = rig.started("k")
    pool_rig.stop(template)  # so that it cannot tell of the worker's end
    wait_until(lambda: not alive(worker))
    os.kill(template, signal.SIGKILL)
    assert rig.ended("k").outcome.result


def test_a_stopped_one_is_found_by_the_next_start(hasty: Rig) -> None:
    rig = hasty
    template = rig.warm()
    rig.start("running", "sleep")
    rig.started("running")
    pool_rig.stop(template)
    rig.start("next", "finish")
    assert rig.failure(rig.ended("next")) == ("crashed", "template_died")
    assert rig.failure(rig.ended("running")) == ("crashed", "template_died")
    assert not psutil.pid_exists(template)
    assert rig.run("finish").outcome.result


def test_a_stopped_one_is_found_by_a_kill(hasty: Rig) -> None:
    rig = hasty
    template = rig.warm()
    rig.start("k", "grandchild")
    rig.progressed("k")
    grandchild = rig.grandchild()
    pool_rig.stop(template)
    rig.pool.kill("k")
    assert rig.failure(rig.ended("k")) == ("crashed", "killed")
    rig.until(lambda: not psutil.pid_exists(grandchild))


def test_a_stopped_one_is_found_by_the_end_of_a_worker(hasty: Rig) -> None:
    rig = hasty
    template = rig.warm()
    assert rig.run("finish").outcome.result
    files = settled_files(psutil.Process(template))
    rig.start("k", "convert 0.2")
    worker = rig.started("k")
    # Only then the worker's end shows: a template that has just forked holds its line.
    wait_until(lambda: psutil.Process(template).num_fds() == files)
    pool_rig.stop(template)
    wait_until(lambda: rig.listened() and not alive(worker))
    assert rig.ended("k").outcome.result


def test_a_stopped_one_does_not_hinder_closing(rig: Rig) -> None:
    template = rig.warm()
    rig.start("k", "grandchild")
    rig.progressed("k")
    grandchild = rig.grandchild()
    pool_rig.stop(template)
    rig.pool.close(grace=0.1)
    assert not psutil.pid_exists(template)
    assert not psutil.pid_exists(grandchild)


def test_closing_ends_everything_at_once(rig: Rig) -> None:
    rig.start("g", "grandchild escaped")
    rig.start("s", "stop")
    rig.progressed("g")
    grandchild = rig.grandchild()
    began = time.monotonic()
    rig.pool.close(grace=30)
    assert time.monotonic() - began < 15, "that is sooner than its patience ends"
    assert not psutil.pid_exists(grandchild)
    assert descendants() == []


def test_closing_while_it_warms_up(rig: Rig) -> None:
    rig.start("k", "finish")
    rig.pool.close()
    assert descendants() == []
    assert rig.pool.template_error == "", "it was we who ended it"


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("preload-fails", "preload fails as told"),
        ("preload-dies", "died at its start"),
        ("preload-threads", "left 2 threads running"),
    ],
)
def test_one_that_cannot_warm_up_is_the_hosts_fault(
    rig: Rig, flaw: str, words: str
) -> None:
    rig.home.mkdir()
    (rig.home / flaw).touch()
    for key in "ab":
        rig.start(key, "finish")
    for key in "ab":
        ended = rig.ended(key)
        assert rig.failure(ended) == ("host", "no_template")
        assert ended.outcome.failure is not None
        assert words in ended.outcome.failure.message
    assert words in rig.pool.template_error
    (rig.home / flaw).unlink()
    assert rig.run("finish").outcome.result
    assert rig.pool.template_error == ""


def test_no_interpreter_is_the_hosts_fault(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(TemplateError, match="Cannot start the worker template"):
        rig.pool.ensure_template()
    assert rig.failure(rig.run("finish")) == ("host", "no_template")


def test_no_free_descriptor_is_the_hosts_fault(rig: Rig) -> None:
    rig.warm()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.dup(0) for _ in range(5)]
    for fd in held[1:]:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[1], hard))
    try:
        ended = rig.run("finish")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(held[0])
    assert rig.failure(ended) == ("host", "too_many_files")
    assert rig.run("finish").outcome.result


def test_no_room_for_a_process_is_the_hosts_fault(rig: Rig) -> None:
    rig.home.mkdir()
    (rig.home / "preload-crowded").touch()
    ended = rig.run("finish")
    assert rig.failure(ended) == ("host", "no_processes")
    assert not ended.worker_crashed


def test_it_exits_when_idle_and_comes_back(tmp_path: Path) -> None:
    rig = Rig(tmp_path, idle_exit_s=1000)
    template = rig.warm()
    rig.start("k", "sleep")
    rig.started("k")
    rig.skip(1500)
    assert rig.pool.template_facts is not None
    rig.pool.kill("k")
    rig.ended("k")
    rig.skip(0)
    rig.skip(900)
    assert rig.pool.template_facts is not None
    due = rig.pool.next_due(rig.now())
    assert due is not None
    assert 0 < due - rig.now() <= 100
    rig.skip(100)
    assert rig.pool.template_facts is None
    rig.until(lambda: not psutil.pid_exists(template))
    assert rig.pool.next_due(rig.now()) is None
    assert rig.run("finish").outcome.result
    rig.close()


def test_an_upgrade_of_yt_dlp_gets_a_new_one_and_harms_no_attempt(
    tmp_path: Path,
) -> None:
    engine = tmp_path / "engine"
    old = engine / "yt_dlp-2020.1.1.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: yt-dlp\nVersion: 2020.1.1\n"
    )
    shutil.copy(HERE / "pool_entry.py", engine)
    rig = Rig(tmp_path, ytdlp_path=engine)
    first = rig.warm()
    assert rig.pool.template_facts is not None
    assert rig.pool.template_facts.yt_dlp == "2020.1.1"
    rig.start("old", "grandchild")
    rig.progressed("old")
    new = engine / "yt_dlp-2020.2.2.dist-info"
    old.rename(new)
    (new / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: yt-dlp\nVersion: 2020.2.2\n"
    )
    assert rig.run("finish").outcome.result
    assert rig.pool.template_facts.yt_dlp == "2020.2.2"
    assert alive(rig.grandchild())
    rig.pool.kill("old")
    assert rig.failure(rig.ended("old")) == ("crashed", "killed")
    rig.until(lambda: not psutil.pid_exists(first))
    rig.close()


def test_the_daemons_death_ends_template_workers_and_grandchildren(
    tmp_path: Path,
) -> None:
    state_id = uuid.uuid4().hex
    with _driver(state_id, tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        wait_until(lambda: len(marked(state_id)) == 4)
        child.kill()
    wait_until(lambda: not marked(state_id))


def test_the_next_run_kills_what_died_with_nobody_to_clean_up(tmp_path: Path) -> None:
    state_id = uuid.uuid4().hex
    with _driver(state_id, tmp_path) as child:
        assert child.stdout is not None
        template = int(child.stdout.readline())
        grandchild = int((tmp_path / "grandchild").read_text())
        os.kill(template, signal.SIGSTOP)  # so that it cannot kill anybody
        child.kill()
        child.wait()
    os.kill(template, signal.SIGKILL)
    wait_until(lambda: marked(state_id) == [grandchild])
    assert kill_orphans("another" + state_id) == 0
    assert kill_orphans(state_id) == 1
    assert not alive(grandchild)


def settled_files(template: psutil.Process) -> int:
    """Return how many descriptors it has while it rests: what it does takes more."""
    return min(int(template.num_fds()) for _ in range(100))


def test_hundreds_of_attempts_leave_nothing_behind(rig: Rig) -> None:
    template = psutil.Process(rig.warm())

    def attempts(count: int) -> None:
        for number in range(count):
            rig.start("k", ("finish", "exit 1", "convert 0")[number % 3])
            rig.ended("k")
            rig.events.clear()

    attempts(30)
    files, memory = psutil.Process().num_fds(), template.memory_info().rss
    its_files = settled_files(template)
    attempts(300)
    assert psutil.Process().num_fds() == files
    assert template.memory_info().rss - memory < 256 * 1024
    wait_until(lambda: template.num_fds() == its_files)
    assert descendants() == [template]
    assert template.children() == []


def _driver(state_id: str, folder: Path) -> "subprocess.Popen[str]":
    module = "tests.integration.pool_driver"
    return subprocess.Popen(
        [sys.executable, "-m", module, state_id, str(folder)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_progress_of_many_arrives_while_others_come_and_go(rig: Rig) -> None:
    for key in "abc":
        rig.start(key, "download 100000 0.7")
    for key in "abc":
        assert rig.ended(key).outcome.result
        assert rig.of(Progressed, key)


def engine_folder(folder: Path, preload: str = "") -> Path:
    """A folder that goes before the installed packages, with a yt-dlp to name it by."""
    info = folder / f"yt_dlp-{folder.name}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: yt-dlp\nVersion: {folder.name}\n")
    (folder / "yt_dlp").mkdir()
    (folder / "yt_dlp" / "__init__.py").write_text(preload)
    return folder


def test_another_engine_is_taken_by_the_next_attempt_and_harms_none(
    tmp_path: Path, rig: Rig
) -> None:
    rig.start("old", "sleep")
    rig.started("old")
    assert rig.pool.template_facts is not None
    before = rig.pool.template_facts.pid
    engine = engine_folder(tmp_path / "2020.1.1")
    shutil.copy(HERE / "pool_entry.py", engine)
    rig.pool.use_ytdlp(engine)
    assert rig.run("finish").outcome.result
    assert rig.pool.template_facts.pid != before
    assert rig.pool.template_facts.yt_dlp == "2020.1.1"
    assert alive(before)  # until its own attempt is over
    rig.pool.kill("old")
    assert rig.failure(rig.ended("old")) == ("crashed", "killed")
    wait_until(lambda: not alive(before))


@pytest.mark.parametrize(
    ("preload", "words"),
    [
        (None, "the folder is gone"),
        ("raise RuntimeError('cut in half')", "RuntimeError: cut in half"),
        ("import os; os._exit(3)", "died at its start"),
    ],
)
def test_an_engine_that_cannot_start_is_done_without(
    tmp_path: Path, preload: str | None, words: str
) -> None:
    engine = tmp_path / "2020.1.1"
    if preload is not None:
        engine_folder(engine, preload)
    rig = Rig(tmp_path, ytdlp_path=engine, entry="ytaudio_daemon.fetch")
    try:
        rig.warm()
        assert rig.pool.template_facts is not None
        assert rig.pool.template_facts.yt_dlp == metadata.version("yt-dlp")
        assert str(engine) in rig.pool.ytdlp_fallback_reason
        assert words in rig.pool.ytdlp_fallback_reason
        assert rig.pool.template_error == ""
        rig.pool.use_ytdlp(None)
        assert rig.pool.ytdlp_fallback_reason == ""
    finally:
        rig.close()

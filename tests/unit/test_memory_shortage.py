"""Who is to blame when the kernel kills workers because memory ran out."""

import signal
from pathlib import Path

import pytest

from ytaudio_daemon.jobs.ended_attempts import WINDOW_S, MemoryShortage
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import OUT_OF_MEMORY
from ytaudio_daemon.pool.worker_failures import worker_died
from ytaudio_daemon.system import linux

KILLED = worker_died(-signal.SIGKILL, memory_ran_out=True)


def at(uptime_s: float) -> Now:
    return Now(wall=1_000_000.0 + uptime_s, uptime_s=uptime_s)


def test_several_jobs_are_the_hosts() -> None:
    shortage = MemoryShortage()
    assert shortage.judge("a", KILLED, at(0)) == KILLED
    told = shortage.judge("b", KILLED, at(60))
    assert (told.kind, told.code) == (FailureKind.HOST, OUT_OF_MEMORY)
    assert "memory ran out" in told.message
    assert shortage.judge("a", KILLED, at(120)).kind is FailureKind.HOST


def test_one_link_that_takes_all_memory_closes_no_gate_for_others() -> None:
    shortage = MemoryShortage()
    for minute in range(3):
        assert shortage.judge("a", KILLED, at(minute * 60)) == KILLED
    assert shortage.judge("b", KILLED, at(200)).kind is FailureKind.HOST
    shortage.succeeded()
    assert shortage.judge("a", KILLED, at(260)) == KILLED
    assert shortage.judge("b", KILLED, at(300 + WINDOW_S)) == KILLED


def test_other_failures_are_left_as_they_are() -> None:
    other = Failure(kind=FailureKind.TIMEOUT, code="timed_out", message="", hint="")
    shortage = MemoryShortage()
    assert shortage.judge("a", other, at(0)) == other
    assert shortage.judge("b", KILLED, at(1)) == KILLED


def test_a_kill_without_a_sign_of_the_kernel_is_the_workers_own() -> None:
    assert worker_died(-signal.SIGKILL).code == "worker_died"
    assert worker_died(-signal.SIGSEGV, memory_ran_out=True).code == "worker_died"


@pytest.mark.parametrize("has_events", [True, False])
def test_kills_are_counted_in_the_cgroup_or_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_events: bool
) -> None:
    cgroups, vmstat = tmp_path / "cgroup", tmp_path / "vmstat"
    cgroups.write_text("4:memory:/x\n0::/system.slice/ytaudio.service\n")
    vmstat.write_text("nr_free_pages 5\noom_kill 9\noom_kill_x 7\n")
    monkeypatch.setattr(linux, "_CGROUPS", cgroups)
    monkeypatch.setattr(linux, "_CGROUP_ROOT", tmp_path)
    monkeypatch.setattr(linux, "_VMSTAT", vmstat)
    if has_events:
        events = tmp_path / "system.slice/ytaudio.service/memory.events"
        events.parent.mkdir(parents=True)
        events.write_text("low 0\noom 5\noom_kill 4\noom_group_kill 0\n")
    assert linux.oom_kill_count() == (4 if has_events else 9)
    vmstat.unlink()
    assert linux.oom_kill_count() == (4 if has_events else None)

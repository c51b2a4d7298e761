"""What the doctor thinks of versions, limits, disks and clocks."""

from pathlib import Path

import pytest

from ytaudio_daemon.cli.doctor import judge_life
from ytaudio_daemon.cli.liveness import Life, Pulse
from ytaudio_daemon.doctor import Health, folder_checks, machine_checks, ytdlp_checks
from ytaudio_daemon.ytdlp_versions.version_store import Chosen

DAY = 86_400.0
#: 2026-11-01.
NOW = 1_793_491_200.0


@pytest.mark.parametrize(
    ("version", "health"),
    [
        (None, Health.BROKEN),
        ("2026.10.20", Health.OK),
        ("2026.08.03", Health.OK),
        ("2026.08.02", Health.WARNING),
        ("2025.1.1", Health.WARNING),
        ("0.1-git", Health.OK),
        ("2026.13.1", Health.OK),
    ],
)
def test_an_old_yt_dlp_is_a_warning(version: str | None, health: Health) -> None:
    found = ytdlp_checks.judge_engine(version, NOW)
    assert found.health is health
    assert bool(found.remedy) == (health is not Health.OK)


@pytest.mark.parametrize(
    ("chosen", "has_pip", "health", "words"),
    [
        (Chosen(version="2026.8.3"), True, Health.OK, "came with the program"),
        (
            Chosen(version="2026.10.20", path=Path("/state/engine/2026.10.20")),
            True,
            Health.OK,
            "taken from /state/engine/2026.10.20",
        ),
        (Chosen(version="2026.8.3"), False, Health.WARNING, "there is no pip"),
        (
            Chosen(version="2026.8.3", trouble="it is gone"),
            True,
            Health.WARNING,
            "an upgraded yt-dlp is not used: it is gone",
        ),
    ],
)
def test_upgrades_are_told_of(
    chosen: Chosen, *, has_pip: bool, health: Health, words: str
) -> None:
    (found,) = ytdlp_checks.judge_upgrades(chosen, has_pip=has_pip)
    assert found.health is health
    assert words in found.message


@pytest.mark.parametrize(
    ("free", "health"), [(0, Health.BROKEN), (15, Health.WARNING), (20, Health.OK)]
)
def test_room_is_judged_by_the_reserve(free: int, health: Health) -> None:
    assert folder_checks.judge_space(free, 10, Path("d")).health is health


def test_no_reserve_is_no_complaint() -> None:
    assert folder_checks.judge_space(5, 0, Path("d")).health is Health.OK


@pytest.mark.parametrize(
    ("limit", "sessions", "health"),
    [
        (None, 10**6, Health.OK),
        (8192, 2000, Health.OK),
        (8192, 3000, Health.WARNING),
    ],
)
def test_watches_are_counted_by_session(
    limit: int | None, sessions: int, health: Health
) -> None:
    found = machine_checks.judge_watches(limit, sessions)
    assert found.health is health
    assert ("sysctl" in found.remedy) == (health is Health.WARNING)


@pytest.mark.parametrize(
    ("limit", "health"), [(None, Health.OK), (128, Health.OK), (8, Health.WARNING)]
)
def test_few_watchers_are_a_warning(limit: int | None, health: Health) -> None:
    assert machine_checks.judge_instances(limit).health is health


def test_a_free_running_clock_is_a_warning() -> None:
    assert machine_checks.judge_clock(synchronized=True).health is Health.OK
    assert machine_checks.judge_clock(synchronized=False).health is Health.WARNING


def test_the_machine_can_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "party").mkdir()
    (tmp_path / ".hidden").mkdir()
    names = [found.name for found in machine_checks.machine_findings(tmp_path)]
    assert names == ["inotify_watches", "inotify_instances", "clock"]
    assert "1 session needs" in next(machine_checks.machine_findings(tmp_path)).message


@pytest.mark.parametrize(
    ("pulse", "health"),
    [
        (Pulse.ALIVE, Health.OK),
        (Pulse.DEGRADED, Health.BROKEN),
        (Pulse.STOPPED, Health.WARNING),
        (Pulse.NEVER, Health.WARNING),
        (Pulse.STALE, Health.BROKEN),
    ],
)
def test_a_daemon_that_hangs_is_broken(pulse: Pulse, health: Health) -> None:
    life = Life(pulse=pulse, document={"daemon": {"pid": 1}}, silent_s=99.0)
    assert judge_life(life, "ytaudio run").health is health

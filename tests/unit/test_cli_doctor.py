"""What the doctor thinks of versions, limits, disks and clocks."""

from pathlib import Path

import pytest

from ytaudio_daemon.cli.commands.doctor import check_daemon
from ytaudio_daemon.cli.liveness import DaemonLiveness, Liveness
from ytaudio_daemon.doctor import (
    CheckStatus,
    folder_checks,
    machine_checks,
    program_checks,
)
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion

DAY = 86_400.0
#: 2026-11-01.
NOW = 1_793_491_200.0


@pytest.mark.parametrize(
    ("version", "health"),
    [
        (None, CheckStatus.BROKEN),
        ("2026.10.20", CheckStatus.OK),
        ("2026.08.03", CheckStatus.OK),
        ("2026.08.02", CheckStatus.WARNING),
        ("2025.1.1", CheckStatus.WARNING),
        ("0.1-git", CheckStatus.OK),
        ("2026.13.1", CheckStatus.OK),
    ],
)
def test_an_old_yt_dlp_is_a_warning(version: str | None, health: CheckStatus) -> None:
    found = program_checks.check_ytdlp_age(version, NOW)
    assert found.health is health
    assert bool(found.remedy) == (health is not CheckStatus.OK)


@pytest.mark.parametrize(
    ("chosen", "has_pip", "health", "words"),
    [
        (
            ActiveVersion(version="2026.8.3"),
            True,
            CheckStatus.OK,
            "came with the program",
        ),
        (
            ActiveVersion(version="2026.10.20", path=Path("/state/engine/2026.10.20")),
            True,
            CheckStatus.OK,
            "taken from /state/engine/2026.10.20",
        ),
        (
            ActiveVersion(version="2026.8.3"),
            False,
            CheckStatus.WARNING,
            "there is no pip",
        ),
        (
            ActiveVersion(version="2026.8.3", fallback_reason="it is gone"),
            True,
            CheckStatus.WARNING,
            "an upgraded yt-dlp is not used: it is gone",
        ),
    ],
)
def test_upgrades_are_told_of(
    chosen: ActiveVersion, *, has_pip: bool, health: CheckStatus, words: str
) -> None:
    (found,) = program_checks.check_ytdlp_upgrades(chosen, has_pip=has_pip)
    assert found.health is health
    assert words in found.message


@pytest.mark.parametrize(
    ("free", "health"),
    [(0, CheckStatus.BROKEN), (15, CheckStatus.WARNING), (20, CheckStatus.OK)],
)
def test_room_is_judged_by_the_reserve(free: int, health: CheckStatus) -> None:
    assert folder_checks.check_free_space(free, 10, Path("d")).health is health


def test_no_reserve_is_no_complaint() -> None:
    assert folder_checks.check_free_space(5, 0, Path("d")).health is CheckStatus.OK


@pytest.mark.parametrize(
    ("limit", "sessions", "health"),
    [
        (None, 10**6, CheckStatus.OK),
        (8192, 2000, CheckStatus.OK),
        (8192, 3000, CheckStatus.WARNING),
    ],
)
def test_watches_are_counted_by_session(
    limit: int | None, sessions: int, health: CheckStatus
) -> None:
    found = machine_checks.check_inotify_watches(limit, sessions)
    assert found.health is health
    assert ("sysctl" in found.remedy) == (health is CheckStatus.WARNING)


@pytest.mark.parametrize(
    ("limit", "health"),
    [(None, CheckStatus.OK), (128, CheckStatus.OK), (8, CheckStatus.WARNING)],
)
def test_few_watchers_are_a_warning(limit: int | None, health: CheckStatus) -> None:
    assert machine_checks.check_inotify_instances(limit).health is health


def test_a_free_running_clock_is_a_warning() -> None:
    assert machine_checks.check_clock(synchronized=True).health is CheckStatus.OK
    assert machine_checks.check_clock(synchronized=False).health is CheckStatus.WARNING


def test_the_machine_can_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "party").mkdir()
    (tmp_path / ".stfolder").mkdir()
    names = [found.name for found in machine_checks.check_machine(tmp_path)]
    assert names == ["inotify_watches", "inotify_instances", "clock"]
    assert "1 session needs" in next(machine_checks.check_machine(tmp_path)).message


@pytest.mark.parametrize(
    ("pulse", "health"),
    [
        (Liveness.ALIVE, CheckStatus.OK),
        (Liveness.DEGRADED, CheckStatus.BROKEN),
        (Liveness.STOPPED, CheckStatus.WARNING),
        (Liveness.NEVER, CheckStatus.WARNING),
        (Liveness.STALE, CheckStatus.BROKEN),
    ],
)
def test_a_daemon_that_hangs_is_broken(pulse: Liveness, health: CheckStatus) -> None:
    liveness = DaemonLiveness(
        state=pulse, document={"daemon": {"pid": 1}}, document_age_s=99.0
    )
    assert check_daemon(liveness, "ytaudio run").health is health


@pytest.mark.parametrize(
    ("codes", "health"),
    [
        (["outage"], CheckStatus.WARNING),
        (["outage", "host"], CheckStatus.BROKEN),
    ],
)
def test_an_outage_of_youtube_is_nothing_broken_here(
    codes: list[str], health: CheckStatus
) -> None:
    liveness = DaemonLiveness(
        state=Liveness.DEGRADED,
        document={"daemon": {"pid": 1}, "problems": [{"code": each} for each in codes]},
        document_age_s=1.0,
    )
    assert check_daemon(liveness, "ytaudio run").health is health

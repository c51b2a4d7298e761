"""doctor on PyAV: what it says of one that works, is missing, or ends the process."""

import platform
import shlex
import sys
from pathlib import Path

import pytest

from ytaudio_daemon.doctor.check_result import CheckStatus
from ytaudio_daemon.doctor.program_checks import check_pyav
from ytaudio_daemon.fetch import libav

needs_wheel = pytest.mark.skipif(not libav.IS_INSTALLED, reason="no wheel of PyAV here")


def python_with(folder: Path, text: str) -> list[str]:
    """Return a Python whose `av` is a module with this text."""
    (folder / "av.py").write_text(text)
    return ["env", f"PYTHONPATH={folder}", sys.executable]


@needs_wheel
def test_a_pyav_that_works_is_named_with_its_version() -> None:
    found = check_pyav()
    assert (found.name, found.health) == ("pyav", CheckStatus.OK)
    assert found.message.startswith("PyAV 1")


@needs_wheel
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise ImportError('libz.so.9: cannot open shared object file')", "libz.so.9"),
        ("import os; os.kill(os.getpid(), 4)", "signal 4 ends the process"),
        ("raise SystemExit(3)", "exit status 3"),
    ],
)
def test_a_pyav_that_does_not_work_is_a_warning_with_reason_and_remedy(
    tmp_path: Path, text: str, reason: str
) -> None:
    found = check_pyav(python_with(tmp_path, text))
    assert found.health is CheckStatus.WARNING
    assert reason in found.message
    assert "av>=18.1,<20" in shlex.split(found.remedy)


def test_a_python_that_cannot_be_started_is_a_warning(tmp_path: Path) -> None:
    if platform.machine() in {"x86_64", "aarch64"}:
        found = check_pyav([str(tmp_path / "none")])
        assert found.health is CheckStatus.WARNING


def test_the_remedy_installs_what_the_program_requires() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert '"av>=18.1,<20;' in project.read_text()


def test_a_machine_without_a_wheel_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    found = check_pyav()
    assert found.health is CheckStatus.OK
    assert "ffmpeg does its work" in found.message

"""Checks PyAV, FFmpeg's libraries in the workers: without it they start ffmpeg more often.

In a process of its own: a library built for another processor may end it, and the
command line does not pay for the import.
"""

import platform
import subprocess
import sys
from collections.abc import Sequence

from ytaudio_daemon.doctor.check_result import CheckResult, ok, warning
from ytaudio_daemon.system import install_hints

_SCRIPT = "import av, av.logging; print(av.__version__)"
_TIMEOUT_S = 60.0
#: Of what an import or the loader said.
_REASON_CHARS = 300
#: For which `pyproject.toml` requires it: there are wheels.
_MACHINES = frozenset({"x86_64", "aarch64"})


def check_pyav(python: Sequence[str] = (sys.executable, "-I")) -> CheckResult:
    """Return whether the workers can use PyAV.

    Args:
        python: The command that starts Python as the workers have it.
    """
    if not _has_wheel():
        return ok("pyav", "PyAV has no wheel for this machine; ffmpeg does its work")
    try:
        done = subprocess.run(
            [*python, "-c", _SCRIPT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return _unusable(str(error))
    if done.returncode != 0:
        return _unusable(_reason(done.returncode, done.stderr))
    return ok("pyav", f"PyAV {done.stdout.strip()}")


def _has_wheel() -> bool:
    return (
        platform.machine() in _MACHINES
        and platform.python_implementation() == "CPython"
    )


def _reason(code: int, errors: str) -> str:
    """Return what Python said last, or by which signal it ended. Pure."""
    if code < 0:
        return f"signal {-code} ends the process that imports it"
    lines = errors.strip().splitlines()
    return lines[-1][:_REASON_CHARS] if lines else f"exit status {code}"


def _unusable(reason: str) -> CheckResult:
    return warning(
        "pyav",
        f"PyAV cannot be used ({reason}); ffmpeg does its work, and a short download "
        "needs a third more CPU",
        install_hints.reinstall_pyav_command(),
    )

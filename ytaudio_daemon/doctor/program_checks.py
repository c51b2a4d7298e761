"""Checks the programs that jobs need: ffmpeg, PyAV, a JavaScript runtime, yt-dlp."""

import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from ytaudio_daemon.doctor.check_result import CheckResult, broken, ok, warning
from ytaudio_daemon.fetch.tools import Tool, Tools, find_tools
from ytaudio_daemon.model.ytdlp_policy import (
    STALE_YTDLP_DAYS,
    UPGRADE_COMMAND,
    age_days,
)
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion

_PYAV_SCRIPT = "import av, av.logging; print(av.__version__)"
_PYAV_TIMEOUT_S = 60.0
#: Characters of an error of the import or the dynamic loader that are shown.
_REASON_CHARS = 300
#: Processors for which `pyproject.toml` requires PyAV: there are wheels.
_PYAV_MACHINES = frozenset({"x86_64", "aarch64"})
_MISSING_MESSAGES = {
    "ffmpeg": "there is no usable ffmpeg (5 or newer); nothing can be converted or "
    "proven",
    "js_runtime": "there is no usable JavaScript runtime (deno 2.3 or Node.js 22, or "
    "newer); YouTube's players cannot be solved",
}


def check_programs(wall: float, chosen: ActiveVersion) -> Iterator[CheckResult]:
    """Yield the results on the programs.

    Args:
        wall: Now, seconds since 1970 UTC.
        chosen: The yt-dlp that the workers use.
    """
    tools = find_tools()
    yield _check_tool(
        "ffmpeg", tools.ffmpeg, tools, install_hints.bundled_ffmpeg_command()
    )
    yield check_pyav()
    yield _check_tool(
        "js_runtime",
        tools.js_runtime,
        tools,
        install_hints.bundled_js_runtime_command(),
    )
    yield check_ytdlp_age(chosen.version or None, wall)
    yield _check_solver(chosen)
    yield from check_ytdlp_upgrades(chosen, has_pip=find_spec("pip") is not None)


def check_ytdlp_age(version: str | None, wall: float) -> CheckResult:
    """Return the result on the age of a yt-dlp: its version is its release date. Pure."""
    if version is None:
        return broken(
            "yt_dlp",
            "yt-dlp is not installed; nothing can be downloaded",
            install_hints.reinstall_ytdlp_command(),
        )
    age = age_days(version, wall)
    if age is None:
        return ok("yt_dlp", f"yt-dlp {version}, of unknown age")
    message = f"yt-dlp {version} is {age} days old"
    if age > STALE_YTDLP_DAYS:
        return warning(
            "yt_dlp", f"{message}; YouTube has changed since", UPGRADE_COMMAND
        )
    return ok("yt_dlp", message)


def check_ytdlp_upgrades(
    chosen: ActiveVersion, *, has_pip: bool
) -> Iterator[CheckResult]:
    """Yield the result on upgrades of yt-dlp. Pure."""
    if chosen.fallback_reason:
        yield warning(
            "engine",
            f"an upgraded yt-dlp is not used: {chosen.fallback_reason}",
            UPGRADE_COMMAND,
        )
    elif not has_pip:
        yield warning(
            "engine",
            "there is no pip, so yt-dlp cannot be upgraded by itself (on Debian "
            "ensurepip comes with python3-venv)",
            f"{sys.executable} -m ensurepip",
        )
    elif chosen.path is not None:
        yield ok("engine", f"yt-dlp is taken from {chosen.path}")
    else:
        yield ok("engine", "yt-dlp is the one that came with the program")


def _check_tool(
    name: str, found: Tool | None, tools: Tools, remedy: str
) -> CheckResult:
    if found is not None:
        origin = ", bundled" if found.bundled else ""
        return ok(name, f"{found.name} {found.version} ({found.path}{origin})")
    return broken(
        name, f"{_MISSING_MESSAGES[name]}{tools.unusable_remark(name)}", remedy
    )


def _check_solver(chosen: ActiveVersion) -> CheckResult:
    """Return the result on yt-dlp-ejs, the part that runs in the JavaScript runtime."""
    version = _package_version(chosen.path, "yt-dlp-ejs")
    if version is None:
        return broken(
            "yt_dlp_ejs", "yt-dlp-ejs is missing; YouTube's players cannot be solved",
            install_hints.reinstall_ytdlp_command(),
        )  # fmt: skip
    return ok("yt_dlp_ejs", f"yt-dlp-ejs {version}")


def _package_version(folder: Path | None, name: str) -> str | None:
    """Return a package's version as the workers import it: from `folder` first."""
    path = sys.path if folder is None else [str(folder), *sys.path]
    found = importlib.metadata.distributions(name=name, path=path)
    return next((distribution.version for distribution in found), None)


def check_pyav(python: Sequence[str] = (sys.executable, "-I")) -> CheckResult:
    """Return the result on PyAV, without which the workers start ffmpeg more often.

    It is imported in a process of its own: a library built for another processor may
    end it, and the command line does not pay for the import.

    Args:
        python: The command that starts Python as the workers have it.
    """
    if not _has_wheel():
        return ok("pyav", "PyAV has no wheel for this machine; ffmpeg does its work")
    try:
        done = subprocess.run(
            [*python, "-c", _PYAV_SCRIPT],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PYAV_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return _unusable_pyav_result(str(error))
    if done.returncode != 0:
        return _unusable_pyav_result(_import_error(done.returncode, done.stderr))
    return ok("pyav", f"PyAV {done.stdout.strip()}")


def _has_wheel() -> bool:
    return (
        platform.machine() in _PYAV_MACHINES
        and platform.python_implementation() == "CPython"
    )


def _import_error(code: int, errors: str) -> str:
    """Return the last line that Python printed, or the signal that ended it. Pure."""
    if code < 0:
        return f"signal {-code} ends the process that imports it"
    lines = errors.strip().splitlines()
    return lines[-1][:_REASON_CHARS] if lines else f"exit status {code}"


def _unusable_pyav_result(reason: str) -> CheckResult:
    return warning(
        "pyav",
        f"PyAV cannot be used ({reason}); ffmpeg does its work, and a short download "
        "needs a third more CPU",
        install_hints.reinstall_pyav_command(),
    )

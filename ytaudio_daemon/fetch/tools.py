"""Finds ffmpeg and a JavaScript runtime, without importing yt-dlp."""

import functools
import importlib.util
import mmap
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.system.text import single_line

#: Debian 12's; older ones lack `-stats_period` and demuxer fixes.
MIN_FFMPEG = (5,)
#: `MIN_SUPPORTED_VERSION` in yt-dlp's `utils/_jsruntime.py`.
MIN_JS_RUNTIME = {"deno": (2, 3), "node": (22,)}
_ENCODERS = ("libmp3lame", "libopus", "libvorbis")
_VERSION_TIMEOUT_S = 20.0
#: Characters of the error that a program printed.
_MAX_REASON_CHARS = 200
#: yt-dlp then passes the option `--v8-flags=`, which deno knows and node does not.
_NEEDS_JIT = "yt-dlp cannot run it where MemoryDenyWriteExecute= is in force; use deno"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that was found and is usable.

    Attributes:
        name: ffmpeg, deno or node.
        path: Absolute.
        version: As the program prints it.
        bundled: It is from an installed wheel, not from the system.
    """

    name: str
    path: str
    version: str
    bundled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The found programs; None for one that is missing or unusable.

    Attributes:
        ffmpeg: With all encoders that we need.
        js_runtime: deno or node, new enough for yt-dlp.
        rejected: Found but unusable: the purpose ("ffmpeg" or "js_runtime"), and path
            and reason for people.
    """

    ffmpeg: Tool | None
    js_runtime: Tool | None
    rejected: tuple[tuple[str, str], ...] = ()

    def js_pair(self) -> tuple[str, ...]:
        """Return the runtime as the pair in `FetchRequest.js_runtime`."""
        runtime = self.js_runtime
        return (runtime.name, runtime.path) if runtime else ()

    def unusable_remark(self, purpose: str) -> str:
        """Return a remark on what was found for a purpose and is unusable, or ""."""
        reasons = "; ".join(why for use, why in self.rejected if use == purpose)
        return f" (found but unusable: {reasons})" if reasons else ""

    def is_complete(self) -> bool:
        """Return whether both were found and are still at their places."""
        found = (self.ffmpeg, self.js_runtime)
        return all(tool is not None and os.access(tool.path, os.X_OK) for tool in found)


def find_tools() -> Tools:
    """Return the programs on PATH, else those in the wheels of the extra `bundled`.

    A system ffmpeg is preferred: the static build needs 30 % more CPU for mp3.
    """
    rejected_ffmpegs: list[str] = []
    rejected_runtimes: list[str] = []
    return Tools(
        ffmpeg=_first_usable(_ffmpegs(), rejected_ffmpegs),
        js_runtime=_first_usable(_js_runtimes(), rejected_runtimes),
        rejected=(
            *(("ffmpeg", reason) for reason in rejected_ffmpegs),
            *(("js_runtime", reason) for reason in rejected_runtimes),
        ),
    )


def find_js_runtime() -> Tool | None:
    """Return the JavaScript runtime, None if there is no usable one."""
    return _first_usable(_js_runtimes(), [])


@functools.cache
def is_jit_forbidden() -> bool:
    """Return whether this process may not run code that it writes, as a JIT compiler does.

    systemd's `MemoryDenyWriteExecute=` forbids it to a service and all its children; V8
    then panics unless an option makes it interpret.
    """
    try:
        page = mmap.mmap(
            -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
    except OSError:
        return True
    page.close()
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToolCandidate:
    name: str
    path: str
    bundled: bool


def _first_usable(
    candidates: Iterable[_ToolCandidate], rejected: list[str]
) -> Tool | None:
    for candidate in candidates:
        version, fault = _read_version(candidate)
        if not fault and candidate.name == "node" and is_jit_forbidden():
            fault = _NEEDS_JIT
        if not fault:
            return Tool(
                name=candidate.name,
                path=candidate.path,
                version=version,
                bundled=candidate.bundled,
            )
        rejected.append(f"{candidate.path}: {fault}")
    return None


def check_version_output(name: str, version_output: str) -> tuple[str, str]:
    """Return a program's version and what is wrong with it, or "". Pure.

    Args:
        name: ffmpeg, deno or node.
        version_output: What it prints when asked for its version.
    """
    found = re.search(_VERSION[name], version_output, re.MULTILINE)
    if found is None:
        return "", "does not report its version"
    version = found[1]
    least = MIN_FFMPEG if name == "ffmpeg" else MIN_JS_RUNTIME[name]
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[: len(least)])
    is_nightly = version.startswith(("N-", "git-"))  # built from ffmpeg's main branch
    if numbers < least and not is_nightly:
        return version, f"version {version} is older than {_dotted(least)}"
    missing = [
        e
        for e in _ENCODERS
        if name == "ffmpeg" and f"--enable-{e}" not in version_output
    ]
    return version, f"built without {', '.join(missing)}" if missing else ""


_VERSION = {
    "ffmpeg": r"^ffmpeg version n?(\S+)",
    "deno": r"^deno (\S+)",
    "node": r"^v(\S+)",
}


def _read_version(candidate: _ToolCandidate) -> tuple[str, str]:
    """Run a program; returns its version and what is wrong with it, or ""."""
    flag = "-version" if candidate.name == "ffmpeg" else "--version"
    try:
        done = subprocess.run(
            [candidate.path, flag], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_VERSION_TIMEOUT_S, check=False, text=True, errors="replace",
        )  # fmt: skip
    except OSError as error:
        return "", f"cannot be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "", f"does not report its version within {_VERSION_TIMEOUT_S:.0f} s"
    if done.returncode != 0:
        return "", exit_reason(done.returncode, done.stderr)
    return check_version_output(candidate.name, done.stdout)


def exit_reason(code: int, errors: str) -> str:
    """Return why a program did not print its version. Pure.

    Args:
        code: Its exit status; negative for a signal, as in `subprocess`.
        errors: What it wrote to standard error.
    """
    detail = single_line(errors)[:_MAX_REASON_CHARS]
    how = f"is killed by signal {-code}" if code < 0 else f"ends with status {code}"
    return f"{how} when it is asked for its version" + (f": {detail}" if detail else "")


def _ffmpegs() -> Iterator[_ToolCandidate]:
    yield from _on_path("ffmpeg")
    for path in sorted(_in_wheel("imageio_ffmpeg", "binaries/ffmpeg-*")):
        yield _ToolCandidate(name="ffmpeg", path=str(path), bundled=True)


def _js_runtimes() -> Iterator[_ToolCandidate]:
    yield from _on_path("deno")
    yield from _on_path("node")
    if importlib.util.find_spec("deno") is not None:
        from deno import find_deno_bin  # noqa: PLC0415 - from an optional wheel

        try:
            yield _ToolCandidate(name="deno", path=str(find_deno_bin()), bundled=True)
        except FileNotFoundError:
            return


def _on_path(name: str) -> Iterator[_ToolCandidate]:
    path = shutil.which(name)
    if path is not None:
        yield _ToolCandidate(name=name, path=str(Path(path).absolute()), bundled=False)


def _in_wheel(package: str, pattern: str) -> Iterator[Path]:
    """Return a wheel's binary without importing its package (30 ms for imageio_ffmpeg)."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for path in Path(folder).glob(pattern):
            if os.access(path, os.X_OK):
                yield path


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))

"""The programs that do the work: ffmpeg, a JavaScript runtime, yt-dlp."""

import importlib.metadata
from collections.abc import Iterator
from datetime import UTC, date, datetime

from ytaudio_daemon import remedies
from ytaudio_daemon.doctor.finding import Finding, broken, ok, warning
from ytaudio_daemon.fetch.tools import Tool, Tools, find_tools

#: YouTube changes, and yt-dlp follows within days: one this old soon fails.
STALE_ENGINE_DAYS = 90


def engine_findings(wall: float) -> Iterator[Finding]:
    """Yield what was found of the programs.

    Args:
        wall: Now, seconds since 1970 UTC.
    """
    tools = find_tools()
    yield _tool("ffmpeg", tools.ffmpeg, tools, remedies.install_ffmpeg())
    yield _tool("js_runtime", tools.js_runtime, tools, remedies.install_runtime())
    yield judge_engine(_installed("yt-dlp"), wall)
    yield _solver()


def judge_engine(version: str | None, wall: float) -> Finding:
    """Judge a yt-dlp by its version, which is the day of its release. Pure."""
    if version is None:
        return broken(
            "yt_dlp",
            "yt-dlp is not installed; nothing can be fetched",
            remedies.reinstall_engine(),
        )
    age = engine_age_days(version, wall)
    if age is None:
        return ok("yt_dlp", f"yt-dlp {version}, of unknown age")
    message = f"yt-dlp {version} is {age} days old"
    if age > STALE_ENGINE_DAYS:
        return warning(
            "yt_dlp",
            f"{message}; YouTube has moved on since",
            remedies.UPGRADE_ENGINE,
        )
    return ok("yt_dlp", message)


def engine_age_days(version: str, wall: float) -> int | None:
    """Return how old a yt-dlp is; None when its version is no date (a git build)."""
    try:
        year, month, day = (int(part) for part in version.split(".")[:3])
        released = date(year, month, day)
    except ValueError:
        return None
    return (datetime.fromtimestamp(wall, UTC).date() - released).days


def _tool(name: str, found: Tool | None, tools: Tools, remedy: str) -> Finding:
    if found is not None:
        origin = ", bundled" if found.bundled else ""
        return ok(name, f"{found.name} {found.version} ({found.path}{origin})")
    needs = _NEEDED_FOR[name]
    rejected = "; ".join(tools.rejected)
    seen = f" (found but unusable: {rejected})" if rejected else ""
    return broken(name, f"{needs}{seen}", remedy)


_NEEDED_FOR = {
    "ffmpeg": "there is no usable ffmpeg; nothing can be converted or proven",
    "js_runtime": "there is no JavaScript runtime; YouTube's players cannot be solved",
}


def _solver() -> Finding:
    """yt-dlp's part that runs in the JavaScript runtime is a package of its own."""
    version = _installed("yt-dlp-ejs")
    if version is None:
        return broken(
            "yt_dlp_ejs", "yt-dlp-ejs is missing; YouTube's players cannot be solved",
            remedies.reinstall_engine(),
        )  # fmt: skip
    return ok("yt_dlp_ejs", f"yt-dlp-ejs {version}")


def _installed(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None

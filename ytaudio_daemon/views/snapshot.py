"""What only the running daemon knows, and what the config says. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ytaudio_daemon.model import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonProblem:
    """Something a person should mend.

    Attributes:
        code: Snake-case, stable.
        message: One plain sentence.
        hint: What to do about it, or "".
        since: When it was noticed, seconds since 1970 UTC.
    """

    code: str
    message: str
    hint: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class YtDlpFacts:
    """Where yt-dlp comes from, and how it is kept fresh.

    Attributes:
        path: Its folder; None: the one that came with the program.
        pinned: Somebody asked for this version.
        channel, auto_upgrade: As in `[engine]`.
        upgrading: An upgrade is under way.
        last_upgrade: at (seconds since 1970 UTC), result, version, message and
            automatic of the last one, or None.
    """

    path: str | None
    pinned: bool
    channel: str
    auto_upgrade: str
    upgrading: bool
    last_upgrade: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSnapshot:
    """The daemon's own part of the documents; the rest comes from the ledger.

    Attributes:
        state: starting, running, draining, degraded or stopped.
        started_at: Seconds since 1970 UTC.
        yt_dlp, ffmpeg: Versions, None while unknown or missing.
        js_runtime: Name and version, e.g. "deno 2.6.6", or None.
        engine: More of yt-dlp, or None while unknown.
        progress: By job UUID, of running attempts.
        ignored: (file name, reason) of files that are not taken, by session name.
    """

    state: str
    started_at: float
    pid: int
    host: str
    version: str
    yt_dlp: str | None = None
    yt_dlp_age_days: int | None = None
    ffmpeg: str | None = None
    js_runtime: str | None = None
    engine: YtDlpFacts | None = None
    workers_busy: int = 0
    workers_max: int = 0
    converters_busy: int = 0
    converters_max: int = 0
    disk_free_bytes: int = 0
    disk_reserve_bytes: int = 0
    problems: Sequence[DaemonProblem] = ()
    progress: Mapping[str, Progress] = field(default_factory=dict)
    ignored: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSettings:
    """The config's part.

    Attributes:
        interval_s: `[status] interval`: a document is rewritten at most so often.
        attempts: `[retry] attempts`.
        max_jobs, max_bytes, ttl_s: `[sessions]`, where a session has none of its own.
        receipts_s: `[retention] receipts`: receipts for programs go after so long.
    """

    interval_s: float = 0.5
    attempts: int = 8
    max_jobs: int = 10
    max_bytes: int = 0
    ttl_s: float = 86400.0
    receipts_s: float = 30 * 86400.0

"""The daemon's and the config's part of the documents. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ytaudio_daemon.model import Progress
from ytaudio_daemon.model.egress import Egress
from ytaudio_daemon.model.gates import UNLIMITED, Pace
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.model.library_rules import DEFAULT_RULES, LibraryRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonProblem:
    """A problem that a person should solve.

    Attributes:
        code: Snake-case, stable.
        message: One plain sentence.
        hint: The remedy, or "".
        since: When the daemon noticed it, seconds since 1970 UTC.
    """

    code: str
    message: str
    hint: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class YtDlpFacts:
    """The origin of yt-dlp, and its upgrades.

    Attributes:
        path: Its folder; None for the version that came with the program.
        pinned: True if a person chose this version.
        channel, auto_upgrade: As in `[engine]`.
        upgrading: True while an upgrade runs.
        last_upgrade: The last upgrade's at (seconds since 1970 UTC), result, version,
            message and automatic; or None.
    """

    path: str | None
    pinned: bool
    channel: str
    auto_upgrade: str
    upgrading: bool
    last_upgrade: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonSnapshot:
    """The daemon's own part of the documents; the ledger has the rest.

    Attributes:
        state: starting, running, draining, degraded or stopped.
        started_at: Seconds since 1970 UTC.
        egresses: The ways out to YouTube.
        pace: The token bucket that each of them has.
        yt_dlp, ffmpeg: Versions; None while unknown or missing.
        js_runtime: Name and version, e.g. "deno 2.6.6", or None.
        engine: More facts about yt-dlp; None while unknown.
        progress: The progress of running attempts, by job UUID.
        ignored: (file name, reason) of files that are not read, by session name.
    """

    state: str
    started_at: float
    pid: int
    host: str
    version: str
    egresses: Sequence[Egress] = (Egress(),)
    pace: Pace = UNLIMITED
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
    """The config's part of the documents.

    Attributes:
        interval_s: `[status] interval`: seconds between two writes of one document.
        attempts: `[retry] attempts`.
        max_jobs, max_bytes, ttl_s: `[sessions]`, for a session without its own.
        receipts_s: `[retention] receipts`: the age at which receipts for programs are
            removed.
        circumstances: What hints need not advise.
        library: `[library]`, for a session without its own.
    """

    interval_s: float = 0.5
    attempts: int = 8
    max_jobs: int = 10
    max_bytes: int = 0
    ttl_s: float = 86400.0
    receipts_s: float = 30 * 86400.0
    circumstances: Circumstances = NOTHING_SET
    library: LibraryRules = DEFAULT_RULES

    def pause_s(self, took_s: float) -> float:
        """Return the pause after writing a file, so that it takes 5 % of the time at most.

        Args:
            took_s: Seconds that writing it took.
        """
        return max(self.interval_s, 20 * took_s)

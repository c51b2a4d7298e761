"""What the daemon says of itself: versions, disk, gates, what is wrong. No writes."""

import os
import socket
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from ytaudio_daemon import __version__
from ytaudio_daemon.daemon.problems import Problems
from ytaudio_daemon.daemon.self_check import Checkup
from ytaudio_daemon.daemon.ytdlp_updater import Freshness
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout, prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.jobs import Attempts
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND, age_days, canonical
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.views import EngineFacts, Live

#: YouTube changes what an older yt-dlp cannot follow; it is released every few weeks.
STALE_ENGINE_DAYS = 90


class Health:
    """Collects the parts of `Live`."""

    def __init__(  # noqa: PLR0913 - it asks everybody how they are
        self,
        *,
        layout: Layout,
        settings: Settings,
        tools: Tools,
        pool: Pool,
        intake: Intake,
        attempts: Attempts,
        freshness: Freshness,
        started_at: float,
    ) -> None:
        self._layout = layout
        self.settings = settings
        self.tools = tools
        self._pool = pool
        self._intake = intake
        self._attempts = attempts
        self._freshness = freshness
        self._started_at = started_at
        self._problems = Problems()
        #: (code, message, hint) of steps that fail just now, by the step's name.
        self.failing: dict[str, tuple[str, str, str]] = {}
        self._checkup = Checkup(layout)
        #: (code, message, hint) of what is broken with the place itself.
        self._unsound: list[tuple[str, str, str]] = []
        #: (code, message, hint) of each receiver of notices that cannot be told.
        self.untold: list[tuple[str, str, str]] = []

    def look_around(self, mono: float) -> None:
        """See whether the folders are as they should be; `mono`: monotonic seconds."""
        self._unsound = self._checkup.look(self.settings, mono)

    def live(self, state: str, gates: list[Gate], now: Now) -> Live:
        """Return what only the daemon knows.

        Args:
            state: starting, running, draining or stopped; running turns into
                degraded when something holds work up.
            gates: The closed ones.
            now: The moment.
        """
        problems = self._problems.update(self._troubles(gates, now), now.wall)
        degraded = state == "running" and self._problems.is_degraded
        usage = self._pool.usage()
        engine = self._engine()
        runtime = self.tools.js_runtime
        return Live(
            state="degraded" if degraded else state,
            started_at=self._started_at,
            pid=os.getpid(),
            host=socket.gethostname(),
            version=__version__,
            yt_dlp=engine,
            yt_dlp_age_days=None if engine is None else age_days(engine, now.wall),
            engine=self._engine_facts(),
            ffmpeg=self.tools.ffmpeg.version if self.tools.ffmpeg else None,
            js_runtime=f"{runtime.name} {runtime.version}" if runtime else None,
            workers_busy=usage.downloading,
            workers_max=self.settings.download.workers,
            converters_busy=usage.converting,
            converters_max=converters(self.settings),
            disk_free_bytes=self.disk_free(),
            disk_reserve_bytes=self.settings.disk.reserve,
            problems=problems,
            progress=self._attempts.progress,
            ignored=self._intake.oddities.ignored,
        )

    def _engine(self) -> str | None:
        """Return the version the workers have, or would get; None for none at all."""
        hello = self._pool.hello
        version = (hello.yt_dlp if hello else "") or self._freshness.chosen.version
        return canonical(version) or None

    def _engine_facts(self) -> EngineFacts:
        chosen, notes = self._freshness.chosen, self._freshness.notes
        config = self.settings.engine
        return EngineFacts(
            path=None if chosen.path is None else str(chosen.path),
            pinned=chosen.stand.pinned,
            channel=config.channel,
            auto_upgrade=config.auto_upgrade,
            upgrading=self._freshness.is_upgrading,
            last_upgrade=None if notes.tried is None else asdict(notes.tried),
        )

    def disk_free(self) -> int:
        """Return the bytes free for downloads; 0 when nobody can tell."""
        try:
            return prepare.free_bytes(self._layout.downloads)
        except OSError:
            return 0

    def _troubles(self, gates: list[Gate], now: Now) -> Iterator[tuple[str, str, str]]:
        yield from self.failing.values()
        yield from self._unsound
        yield from self._freshness.troubles()
        yield from self.untold
        yield from self._tool_troubles(now)
        for gate in gates:
            yield _gate_trouble(gate)
        oddities = self._intake.oddities
        for code, (message, hint) in oddities.trouble.items():
            yield code, message, hint
        for (session, file), reason in oddities.waiting.items():
            yield (
                "drop_waits",
                f"inbox/{session}/{file}: {reason}",
                "It is tried again at every scan.",
            )
        for folder, reason in oddities.folders.items():
            yield (
                "bad_session_folder",
                f"inbox/{folder}: {reason}",
                "Rename or move the folder; nothing in it is taken until then.",
            )

    def _tool_troubles(self, now: Now) -> Iterator[tuple[str, str, str]]:
        if self.tools.ffmpeg is None:
            yield (
                "ffmpeg_missing",
                "There is no usable ffmpeg, so nothing can be converted.",
                f"{install_hints.install_ffmpeg()}; it goes on within half a minute.",
            )
        if self.tools.js_runtime is None:
            yield (
                "js_runtime_missing",
                "There is no JavaScript runtime, which YouTube's players need.",
                f"{install_hints.install_runtime()}; it goes on within half a minute.",
            )
        if self._pool.trouble:
            yield (
                "template_trouble",
                f"The workers cannot be started: {self._pool.trouble}",
                "See the log; `ytaudio doctor` checks the installation.",
            )
        engine = self._engine() or ""
        age = age_days(engine, now.wall)
        if age is not None and age > STALE_ENGINE_DAYS:
            yield (
                "engine_stale",
                f"yt-dlp {engine} is {age} days old.",
                f"Upgrade it: {UPGRADE_COMMAND}",
            )


def converters(settings: Settings) -> int:
    """Return the conversions at once: the config's, or one a core."""
    return settings.download.converters or len(os.sched_getaffinity(0))


def _gate_trouble(gate: Gate) -> tuple[str, str, str]:
    until = datetime.fromtimestamp(gate.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        gate.name.value,
        f"No downloads are started until {until}: {gate.reason}",
        gate.hint or "It goes on by itself.",
    )

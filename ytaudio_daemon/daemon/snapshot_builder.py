"""Builds the daemon's part of the status: versions, disk, problems. Writes nothing."""

import os
import socket
from collections.abc import Iterator
from dataclasses import asdict

from ytaudio_daemon import __version__
from ytaudio_daemon.daemon.problem_report import ProblemReport, report_of_check
from ytaudio_daemon.daemon.problems import ProblemTracker, gate_problems, inbox_problems
from ytaudio_daemon.daemon.self_check import SelfCheck
from ytaudio_daemon.daemon.token_provider_check import TokenProviderCheck
from ytaudio_daemon.daemon.ytdlp_updater import YtDlpUpdater
from ytaudio_daemon.doctor import CheckStatus
from ytaudio_daemon.doctor.cookie_checks import check_cookies
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout, prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.jobs.config_values import (
    circumstances,
    converter_count,
    egresses,
    pace,
)
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Gate
from ytaudio_daemon.model.ytdlp_policy import (
    STALE_YTDLP_DAYS,
    UPGRADE_COMMAND,
    age_days,
    canonical_version,
)
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.views import DaemonSnapshot, YtDlpFacts


class SnapshotBuilder:
    """Collects what only the daemon knows into a `DaemonSnapshot`."""

    def __init__(  # noqa: PLR0913 - it reads from every service
        self,
        *,
        layout: Layout,
        settings: Settings,
        tools: Tools,
        pool: Pool,
        intake: Intake,
        job_runner: JobRunner,
        ytdlp_updater: YtDlpUpdater,
        started_at: float,
    ) -> None:
        self._layout = layout
        self.settings = settings
        self.tools = tools
        self._pool = pool
        self._intake = intake
        self._job_runner = job_runner
        self._ytdlp_updater = ytdlp_updater
        self._started_at = started_at
        self._problem_tracker = ProblemTracker()
        self._self_check = SelfCheck(layout)
        self._token_provider_check = TokenProviderCheck()
        #: Of the steps that fail now, by name.
        self.step_problems: dict[str, ProblemReport] = {}
        #: Of broken folders.
        self._folder_problems: list[ProblemReport] = []
        #: Of the last reload of the config.
        self.config_problems: list[ProblemReport] = []
        #: Of a log that is no longer on the terminal.
        self.log_problems: list[ProblemReport] = []
        #: Of cookies that a person must replace.
        self._cookie_problems: list[ProblemReport] = []
        #: Of receivers that notifications cannot be delivered to.
        self.notify_problems: list[ProblemReport] = []

    def run_self_check(self, mono: float) -> None:
        """Check folders and token provider; `mono` is `time.monotonic()`."""
        self._folder_problems = self._self_check.run(self.settings, mono)
        self._token_provider_check.start(self.settings.youtube.pot_provider)

    def pop_token_provider_answers_again(self) -> bool:
        """Return True once when the provider of tokens answers and did not before."""
        address = self.settings.youtube.pot_provider
        return self._token_provider_check.pop_answers_again(address)

    def check_cookies(self, ledger: Ledger, now: Now) -> None:
        """Check whose cookies a person must replace.

        Raises:
            LedgerError: The ledger cannot be read; the last check's results stay.
        """
        results = check_cookies(self.settings, self._layout, ledger, now.wall)
        refused = (each for each in results if each.health is not CheckStatus.OK)
        self._cookie_problems = [report_of_check(result) for result in refused]

    def build(self, state: str, gates: list[Gate], now: Now) -> DaemonSnapshot:
        """Build the snapshot.

        Args:
            state: starting, running, draining or stopped; running becomes degraded
                while a problem holds up work.
            gates: The closed gates.
            now: The moment.
        """
        problems = self._problem_tracker.update(
            self._current_problems(gates, now), now.wall
        )
        degraded = state == "running" and self._problem_tracker.is_degraded
        usage = self._pool.usage()
        ytdlp_version = self._ytdlp_version()
        runtime = self.tools.js_runtime
        return DaemonSnapshot(
            state="degraded" if degraded else state,
            started_at=self._started_at,
            pid=os.getpid(),
            host=socket.gethostname(),
            version=__version__,
            egresses=egresses(self.settings),
            pace=pace(self.settings),
            yt_dlp=ytdlp_version,
            yt_dlp_age_days=age_days(ytdlp_version or "", now.wall),
            engine=self._ytdlp_facts(),
            ffmpeg=self.tools.ffmpeg.version if self.tools.ffmpeg else None,
            js_runtime=f"{runtime.name} {runtime.version}" if runtime else None,
            workers_busy=usage.downloading,
            workers_max=self.settings.download.workers,
            converters_busy=usage.converting,
            converters_max=converter_count(self.settings),
            disk_free_bytes=self._disk_free_bytes(),
            disk_reserve_bytes=self.settings.disk.reserve,
            problems=problems,
            progress=self._job_runner.progress,
            ignored=self._intake.ignored_files.ignored,
        )

    def _ytdlp_version(self) -> str | None:
        """Return the yt-dlp version that workers have or would get; None if there is none."""
        facts = self._pool.template_facts
        version = (facts.yt_dlp if facts else "") or self._ytdlp_updater.active.version
        return canonical_version(version) or None

    def _ytdlp_facts(self) -> YtDlpFacts:
        active = self._ytdlp_updater.active
        last = self._ytdlp_updater.history.last_upgrade
        config = self.settings.engine
        return YtDlpFacts(
            path=None if active.path is None else str(active.path),
            pinned=active.activation.pinned,
            channel=config.channel,
            auto_upgrade=config.auto_upgrade,
            upgrading=self._ytdlp_updater.is_upgrading,
            last_upgrade=None if last is None else asdict(last),
        )

    def _disk_free_bytes(self) -> int:
        """Return the bytes free for downloads; 0 if the disk cannot be measured."""
        try:
            return prepare.free_bytes(self._layout.downloads)
        except OSError:
            return 0

    def _current_problems(self, gates: list[Gate], now: Now) -> Iterator[ProblemReport]:
        yield from self.step_problems.values()
        yield from self._folder_problems
        yield from self.config_problems
        yield from self.log_problems
        yield from self._ytdlp_updater.problems()
        yield from self.notify_problems
        yield from self._cookie_problems
        yield from self._tool_problems(now)
        yield from self._token_provider_check.problems(
            self.settings.youtube.pot_provider
        )
        yield from gate_problems(
            egresses(self.settings), gates, circumstances(self.settings), now.wall
        )
        yield from inbox_problems(self._intake.ignored_files)

    def _tool_problems(self, now: Now) -> Iterator[ProblemReport]:
        if self.tools.ffmpeg is None:
            remark = self.tools.unusable_remark("ffmpeg")
            yield ProblemReport(
                "ffmpeg_missing",
                f"There is no usable ffmpeg, so nothing can be converted{remark}.",
                f"{install_hints.install_ffmpeg_hint()}; it goes on within half a minute.",
            )
        if self.tools.js_runtime is None:
            remark = self.tools.unusable_remark("js_runtime")
            yield ProblemReport(
                "js_runtime_missing",
                f"There is no JavaScript runtime, which YouTube's players need{remark}.",
                f"{install_hints.install_js_runtime_hint()}; it goes on within half a minute.",
            )
        if self._pool.template_error:
            yield ProblemReport(
                "template_trouble",
                f"The workers cannot be started: {self._pool.template_error}",
                "See the log; `ytaudio doctor` checks the installation.",
            )
        version = self._ytdlp_version() or ""
        age = age_days(version, now.wall)
        if age is not None and age > STALE_YTDLP_DAYS:
            yield ProblemReport(
                "engine_stale",
                f"yt-dlp {version} is {age} days old.",
                f"Upgrade it: {UPGRADE_COMMAND}",
            )

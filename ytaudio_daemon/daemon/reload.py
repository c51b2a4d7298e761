"""Loads the config again at a SIGHUP and gives it to every service."""

import os

import structlog

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.daemon.problems import NEEDS_RESTART
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.jobs.config_values import circumstances, converter_count
from ytaudio_daemon.notify.receivers import require_apprise
from ytaudio_daemon.settings import RELOADABLE, Settings, changed_keys, load
from ytaudio_daemon.system.install_hints import restart_daemon_command
from ytaudio_daemon.views import ViewSettings

log = structlog.get_logger()


class Reloader:
    """Loads the config again; a wrong one is a problem, and the old one stays in force.

    Args:
        services: Get the new settings.
        settings: As loaded at the start.
    """

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        #: Keys that only a restart applies keep these values.
        self._started = settings
        self._settings = settings

    def __call__(self) -> None:
        """Reload, and report it to the service manager."""
        notifier = self._services.notifier
        notifier.reloading()
        try:
            started = self._started
            fresh = load(started.config_file, os.environ, started.flags())
            require_apprise(fresh.notify)
        except ConfigError as error:
            log.error("config.not_reloaded", error=error.message, hint=error.hint)  # noqa: TRY400 - the message says it all
            self._report([_not_reloaded_problem(error)])
            notifier.ready("Serving; the new config is wrong, see the log")
            return
        changed = changed_keys(self._settings, fresh)
        needs_restart = sorted(changed_keys(self._started, fresh) - RELOADABLE)
        self._settings = fresh
        self._apply(fresh)
        self._report(
            [_needs_restart_problem(key, self._started, fresh) for key in needs_restart]
        )
        log.info(
            "config.reloaded",
            changed=sorted(changed & RELOADABLE),
            needs_restart=needs_restart,
        )
        notifier.ready()

    def _report(self, problems: list[ProblemReport]) -> None:
        self._services.snapshot_builder.config_problems = problems

    def _apply(self, fresh: Settings) -> None:
        services = self._services
        services.pool.resize(
            fresh.download.workers, converter_count(fresh), fresh.collections.resolvers
        )
        services.job_runner.reload(fresh)
        services.collection_lister.reload(fresh)
        services.intake.reload(fresh)
        services.views.view_settings = view_settings(fresh)
        services.old_file_remover.reload(fresh)
        services.session_expirer.reload(fresh)
        services.pruner.settings = fresh
        services.notifications.reload(fresh)
        services.snapshot_builder.settings = services.ytdlp_updater.settings = fresh


def _not_reloaded_problem(error: ConfigError) -> ProblemReport:
    return ProblemReport(
        "config_not_reloaded",
        f"The config was not reloaded, the old one stays in force: {error.message}",
        f"{error.hint} Then reload it again.".strip(),
    )


def _needs_restart_problem(
    full_name: str, old: Settings, new: Settings
) -> ProblemReport:
    """Return the problem "a key has another value in the config than in the daemon"."""
    section, _, name = full_name.partition(".")
    before, after = (each.redacted()[full_name] for each in (old, new))
    return ProblemReport(
        NEEDS_RESTART,
        f"[{section}] {name} is {after} in the config; the daemon still uses {before}.",
        f"Restart it: {restart_daemon_command(new.config_file)}",
    )


def view_settings(settings: Settings) -> ViewSettings:
    """Return the part of the settings that the views need."""
    return ViewSettings(
        interval_s=settings.status.interval,
        attempts=settings.retry.attempts,
        max_jobs=settings.sessions.max_jobs,
        max_bytes=settings.sessions.max_bytes,
        ttl_s=settings.sessions.ttl,
        # Receipts of pruned sessions cannot be written any more.
        receipts_s=min(settings.retention.receipts, settings.retention.finalized),
        circumstances=circumstances(settings),
        library=settings.library.rules,
    )

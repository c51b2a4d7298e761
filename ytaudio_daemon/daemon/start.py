"""Putting the daemon together, and taking it apart again."""

import gc
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from ytaudio_daemon.daemon.loop import Loop, Services
from ytaudio_daemon.daemon.open_ledger import open_ledger, retry_while_busy
from ytaudio_daemon.daemon.signals import Signals, WakePipe
from ytaudio_daemon.daemon.snapshot_builder import SnapshotBuilder, converter_count
from ytaudio_daemon.daemon.ytdlp_updater import YtDlpUpdater
from ytaudio_daemon.errors import (
    ConfigError,
    LedgerGoneError,
    YtaudioError,
)
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.host_id import load_host_id
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import lock_state, prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import InboxWatcher, PendingChanges
from ytaudio_daemon.jobs import JobRunner
from ytaudio_daemon.ledger import Ledger, meta
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.notify.notifications import Notifications
from ytaudio_daemon.notify.receivers import require_apprise
from ytaudio_daemon.pool import Pool, kill_orphans
from ytaudio_daemon.settings import RELOADABLE, Settings, changed_keys, load
from ytaudio_daemon.system import logs
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import Views, ViewSettings
from ytaudio_daemon.ytdlp_versions.version_store import version_store

log = structlog.get_logger()

#: What the views have not written by then after a stop, the next start will.
FLUSH_TIMEOUT_S = 5.0
#: Sessions are looked through this often, in seconds.
SWEEP_INTERVAL_S = 60
#: Whether it is time for a newer yt-dlp is asked this often, in seconds, give or take;
#: many installations shall not ask the package index at once.
UPGRADE_CHECK_INTERVAL_S = 3600
UPGRADE_CHECK_JITTER_S = 900


def run(settings: Settings) -> int:
    """Run the daemon in the foreground until it is told to stop.

    Args:
        settings: Loaded once; SIGHUP loads them again from the same file.

    Returns:
        The exit status: 0 after a stop that was asked for, 1 when the ledger is gone.

    Raises:
        YtaudioError: It cannot start; the message says why and what to do.
    """
    require_apprise(settings.notify)
    os.umask(settings.paths.umask)
    layout = layout_of(settings)
    prepare(layout, settings.paths.group)
    logs.configure(
        level=settings.log.level,
        form=settings.log.format,
        directory=settings.log.directory,
    )
    with ExitStack() as stack:
        stack.callback(os.close, lock_state(layout))
        ledger = stack.enter_context(open_ledger(settings))
        services = _build_services(settings, layout, ledger, stack)
        return _serve(services, settings)


def view_settings(settings: Settings) -> ViewSettings:
    """Return what the views need of some settings."""
    return ViewSettings(
        interval_s=settings.status.interval,
        attempts=settings.retry.attempts,
        max_jobs=settings.sessions.max_jobs,
        max_bytes=settings.sessions.max_bytes,
        ttl_s=settings.sessions.ttl,
        # What the ledger has forgotten cannot be told any more.
        receipts_s=min(settings.retention.receipts, settings.retention.finalized),
    )


def _read_meta(ledger: Ledger) -> tuple[str, Clock]:
    with ledger.write() as db:
        return meta.state_id(db), Clock(meta.uptime_s(db))


def _build_services(
    settings: Settings, layout: Layout, ledger: Ledger, stack: ExitStack
) -> Services:
    state_id, clock = retry_while_busy(lambda: _read_meta(ledger))
    killed = kill_orphans(state_id)
    if killed:
        log.warning("daemon.killed_leftovers", processes=killed)
    # Before any thread: the template must be started from a single-threaded process.
    pool = Pool(
        downloads=settings.download.workers,
        converters=converter_count(settings),
        state_id=state_id,
        home=layout.home,
    )
    stack.callback(pool.close)
    ytdlp_updater = YtDlpUpdater(version_store(layout.state), ledger, pool, settings)
    stack.callback(ytdlp_updater.stop)
    ytdlp_updater.apply_selected()
    tools = find_tools()
    wake = WakePipe()
    stack.callback(wake.close)
    pending_changes = PendingChanges(wake.wake)
    attempts = JobRunner(
        ledger, layout, pool, settings, tools, load_host_id(layout.state / "host")
    )
    intake = Intake(ledger, layout, settings)
    views = Views(ledger, layout, view_settings(settings))
    session_expirer = SessionExpirer(ledger, layout, settings)
    snapshot_builder = SnapshotBuilder(
        layout=layout,
        settings=settings,
        tools=tools,
        pool=pool,
        intake=intake,
        attempts=attempts,
        ytdlp_updater=ytdlp_updater,
        started_at=clock.now().wall,
    )
    services = Services(
        ledger=ledger,
        pool=pool,
        ytdlp_updater=ytdlp_updater,
        intake=intake,
        job_runner=attempts,
        session_expirer=session_expirer,
        pruner=Pruner(ledger, settings, time.monotonic()),
        views=views,
        notifications=Notifications(
            ledger, settings, host=socket.gethostname(), state_id=state_id
        ),
        snapshot_builder=snapshot_builder,
        inbox_watcher=InboxWatcher(layout.inbox, layout.wake_dir, pending_changes),
        pending_changes=pending_changes,
        wake_pipe=wake,
        signals=Signals(),
        clock=clock,
        notifier=SystemdNotifier(),
        reload=lambda: None,
    )
    services.reload = _Reloader(services, settings)
    return services


def _serve(services: Services, settings: Settings) -> int:
    now = services.clock.now()
    with services.signals.installed(services.wake_pipe):
        services.pool.ensure_template()
        retry_while_busy(lambda: services.job_runner.recover(now))
        live = services.snapshot_builder.build("starting", [], now)
        retry_while_busy(lambda: services.views.rebuild(now, live))
        loop = Loop(services)
        gc.collect()
        gc.freeze()  # else each collection looks through all modules: 40 ms of a step
        with _watching(services), _scheduled(services, loop):
            log.info(
                "daemon.started",
                pid=os.getpid(),
                inbox=str(settings.paths.inbox),
                config=str(settings.config_file or "defaults"),
            )
            status = _run_loop(loop)
    _shut_down(services)
    return status


def _run_loop(loop: Loop) -> int:
    try:
        loop.run()
    except LedgerGoneError as error:
        log.error("daemon.ledger_gone", error=error.message, hint=error.hint)  # noqa: TRY400 - the traceback says nothing more
        return 1
    return 0


def _shut_down(services: Services) -> None:
    """Give running jobs back, and leave a last word in the status files."""
    running = services.job_runner.running_count
    services.pool.close()
    now = services.clock.now()
    try:
        services.job_runner.requeue_running(now)
        with services.ledger.write() as db:
            meta.save_uptime(db, now.uptime_s)
        services.notifications.close(services.clock)
        _flush_views(services)
    except YtaudioError as error:
        log.warning("daemon.stopped_untidily", error=error.message)
    log.info("daemon.stopped", interrupted=running)


def _flush_views(services: Services) -> None:
    """Show all that changed, as far as that takes no longer than a stop may."""
    enough = time.monotonic() + FLUSH_TIMEOUT_S
    while time.monotonic() < enough:
        now = services.clock.now()
        services.views.refresh(
            now, services.snapshot_builder.build("stopped", [], now), force=True
        )
        if services.views.next_due(now) > 0:
            break
    services.views.close()


@contextmanager
def _watching(services: Services) -> Iterator[None]:
    services.inbox_watcher.start()
    try:
        yield
    finally:
        services.inbox_watcher.stop()


@contextmanager
def _scheduled(services: Services, loop: Loop) -> Iterator[None]:
    """Let APScheduler say when to look for expired sessions and for a newer yt-dlp.

    When something is due is kept elsewhere; a look that comes late, or twice, does no
    harm.
    """
    scheduler = BackgroundScheduler(
        # In the scheduler's own thread: the job only leaves a note.
        executors={"default": DebugExecutor()},
        timezone="UTC",
        daemon=True,
    )
    rules = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler.add_job(loop.request_sweep, "interval", seconds=SWEEP_INTERVAL_S, **rules)
    scheduler.add_job(
        services.ytdlp_updater.request_upgrade_check,
        "interval",
        seconds=UPGRADE_CHECK_INTERVAL_S,
        jitter=UPGRADE_CHECK_JITTER_S,
        **rules,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


class _Reloader:
    """What SIGHUP calls: load the config again and hand it to everyone."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings

    def __call__(self) -> None:
        self._services.notifier.reloading()
        try:
            fresh = load(self._settings.config_file, os.environ)
            require_apprise(fresh.notify)
        except ConfigError as error:
            log.error("config.not_reloaded", error=error.message, hint=error.hint)  # noqa: TRY400 - the message says it all
            self._services.notifier.ready(
                "Serving; the new config is wrong, see the log"
            )
            return
        changed = changed_keys(self._settings, fresh)
        self._settings = fresh
        self._apply(fresh)
        log.info(
            "config.reloaded",
            changed=sorted(changed & RELOADABLE),
            needs_restart=sorted(changed - RELOADABLE),
        )
        self._services.notifier.ready()

    def _apply(self, fresh: Settings) -> None:
        services = self._services
        services.pool.resize(fresh.download.workers, converter_count(fresh))
        services.job_runner.reload(fresh)
        services.intake.reload(fresh)
        services.views.view_settings = view_settings(fresh)
        services.session_expirer.reload(fresh)
        services.pruner.settings = fresh
        services.notifications.reload(fresh)
        services.snapshot_builder.settings = services.ytdlp_updater.settings = fresh

"""The composition root: every service is made here, in the order they need each other."""

import socket
import time
from contextlib import ExitStack

import structlog

from ytaudio_daemon.collections.lister import CollectionLister
from ytaudio_daemon.collections.look_queue import LookQueue
from ytaudio_daemon.daemon.open_ledger import retry_while_starting
from ytaudio_daemon.daemon.reload import Reloader, view_settings
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.daemon.signals import Signals, WakePipe
from ytaudio_daemon.daemon.snapshot_builder import SnapshotBuilder
from ytaudio_daemon.daemon.ytdlp_updater import YtDlpUpdater
from ytaudio_daemon.fetch import CA_FILE_ENV
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.host_id import load_host_id
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import InboxWatcher, PendingChanges
from ytaudio_daemon.jobs.config_values import converter_count
from ytaudio_daemon.jobs.outage_prober import OutageProber
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Ledger, meta
from ytaudio_daemon.maintenance.old_file_removal import OldFileRemover
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.notify.notifications import Notifications
from ytaudio_daemon.pool import Pool, kill_orphans
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import Views
from ytaudio_daemon.ytdlp_versions.version_store import version_store

log = structlog.get_logger()


def assemble(
    settings: Settings, layout: Layout, ledger: Ledger, stack: ExitStack
) -> Services:
    """Return the services, none of them running yet.

    Args:
        settings: As loaded.
        layout: The tree; it exists.
        ledger: Open, and held by this daemon alone.
        stack: Closes what must be closed.

    Raises:
        LedgerError: The ledger cannot be used.
    """
    state_id, clock = retry_while_starting(lambda: _read_meta(ledger))
    killed = kill_orphans(state_id)
    if killed:
        log.warning("daemon.killed_leftovers", processes=killed)
    # Before any thread: the template must be started from a single-threaded process.
    pool = _make_pool(settings, layout, state_id)
    stack.callback(pool.close)
    ytdlp_updater = _make_ytdlp_updater(settings, layout, ledger, pool)
    stack.callback(ytdlp_updater.stop)
    wake_pipe = WakePipe()
    stack.callback(wake_pipe.close)
    pending_changes = PendingChanges(wake_pipe.wake)
    tools, host = find_tools(), load_host_id(layout.state / "host")
    job_runner = JobRunner(ledger, layout, pool, settings, tools, host)
    intake = Intake(ledger, layout, settings)
    snapshot_builder = SnapshotBuilder(
        layout=layout,
        settings=settings,
        tools=tools,
        pool=pool,
        intake=intake,
        job_runner=job_runner,
        ytdlp_updater=ytdlp_updater,
        started_at=clock.now().wall,
    )
    notifications = Notifications(
        ledger, settings, host=socket.gethostname(), state_id=state_id
    )
    services = Services(
        ledger=ledger,
        pool=pool,
        ytdlp_updater=ytdlp_updater,
        intake=intake,
        job_runner=job_runner,
        outage_prober=OutageProber(ledger, layout, pool, job_runner),
        collection_lister=CollectionLister(ledger, layout, pool, settings, host),
        look_queue=LookQueue(ledger),
        old_file_remover=OldFileRemover(ledger, layout, settings),
        session_expirer=SessionExpirer(ledger, layout, settings),
        pruner=Pruner(ledger, settings, time.monotonic()),
        views=Views(ledger, layout, view_settings(settings)),
        notifications=notifications,
        snapshot_builder=snapshot_builder,
        inbox_watcher=InboxWatcher(layout.inbox, layout.wake_dir, pending_changes),
        pending_changes=pending_changes,
        wake_pipe=wake_pipe,
        signals=Signals(),
        clock=clock,
        notifier=SystemdNotifier(),
        reload=lambda: None,
    )
    services.reload = Reloader(services, settings)
    return services


def _read_meta(ledger: Ledger) -> tuple[str, Clock]:
    with ledger.write() as db:
        return meta.state_id(db), Clock(meta.uptime_s(db))


def _make_pool(settings: Settings, layout: Layout, state_id: str) -> Pool:
    return Pool(
        downloads=settings.download.workers,
        converters=converter_count(settings),
        listers=settings.collections.resolvers,
        state_id=state_id,
        home=layout.home,
        environment={CA_FILE_ENV: str(settings.download.ca_file or "")},
    )


def _make_ytdlp_updater(
    settings: Settings, layout: Layout, ledger: Ledger, pool: Pool
) -> YtDlpUpdater:
    updater = YtDlpUpdater(version_store(layout.state), ledger, pool, settings)
    updater.apply_selected()
    return updater

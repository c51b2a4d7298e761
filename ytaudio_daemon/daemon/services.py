"""The parts of the daemon, as the composition root hands them to the loop."""

from collections.abc import Callable
from dataclasses import dataclass

from ytaudio_daemon.collections.lister import CollectionLister
from ytaudio_daemon.collections.look_queue import LookQueue
from ytaudio_daemon.daemon.signals import Signals, WakePipe
from ytaudio_daemon.daemon.snapshot_builder import SnapshotBuilder
from ytaudio_daemon.daemon.ytdlp_updater import YtDlpUpdater
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import InboxWatcher, PendingChanges
from ytaudio_daemon.jobs.outage_prober import OutageProber
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.maintenance.old_file_removal import OldFileRemover
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import SessionExpirer
from ytaudio_daemon.notify.notifications import Notifications
from ytaudio_daemon.pool import Pool
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import SystemdNotifier
from ytaudio_daemon.views import Views


@dataclass(slots=True, kw_only=True)
class Services:
    """Everything that the loop drives."""

    ledger: Ledger
    pool: Pool
    ytdlp_updater: YtDlpUpdater
    intake: Intake
    job_runner: JobRunner
    outage_prober: OutageProber
    collection_lister: CollectionLister
    look_queue: LookQueue
    old_file_remover: OldFileRemover
    session_expirer: SessionExpirer
    pruner: Pruner
    views: Views
    notifications: Notifications
    snapshot_builder: SnapshotBuilder
    inbox_watcher: InboxWatcher
    pending_changes: PendingChanges
    wake_pipe: WakePipe
    signals: Signals
    clock: Clock
    notifier: SystemdNotifier
    reload: Callable[[], None]

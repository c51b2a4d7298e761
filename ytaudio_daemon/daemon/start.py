"""Starts the daemon, runs its loop, and stops it in order."""

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from ytaudio_daemon.daemon.assemble import assemble
from ytaudio_daemon.daemon.console_lines import ConsoleLines
from ytaudio_daemon.daemon.loop import Loop
from ytaudio_daemon.daemon.open_ledger import open_ledger, retry_while_starting
from ytaudio_daemon.daemon.services import Services
from ytaudio_daemon.daemon.tick_scheduler import TickScheduler
from ytaudio_daemon.errors import LedgerGoneError, YtaudioError
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import lock_state, prepare
from ytaudio_daemon.ledger import meta
from ytaudio_daemon.notify.receivers import require_apprise
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import logs

log = structlog.get_logger()

#: Writing the views may take so long at a stop, in seconds; the next start writes the
#: rest.
FLUSH_TIMEOUT_S = 5.0
#: Sessions are swept this often, in seconds.
SWEEP_INTERVAL_S = 60
#: Due looks are searched this often, in seconds, give or take the jitter: it shall not
#: always fall on the same tick as the sweep.
LOOK_INTERVAL_S = 60
LOOK_JITTER_S = 20
#: Whether it is time for a newer yt-dlp is checked this often, in seconds, give or take
#: the jitter: many installations shall not ask the package index at once.
UPGRADE_CHECK_INTERVAL_S = 3600
UPGRADE_CHECK_JITTER_S = 900


def run(settings: Settings) -> int:
    """Run the daemon in the foreground until a signal stops it.

    Args:
        settings: As loaded at the start; SIGHUP loads the same file again.

    Returns:
        The exit status: 0 after a signal, 1 if the ledger was taken away.

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
        console_lines=ConsoleLines(colours=sys.stderr.isatty()),
    )
    with ExitStack() as stack:
        stack.callback(os.close, lock_state(layout))
        ledger = stack.enter_context(open_ledger(settings))
        services = assemble(settings, layout, ledger, stack)
        return _serve(services, settings)


def _serve(services: Services, settings: Settings) -> int:
    now = services.clock.now()
    with services.signals.installed(services.wake_pipe):
        services.pool.ensure_template()
        retry_while_starting(lambda: services.job_runner.recover(now))
        retry_while_starting(lambda: services.collection_lister.recover(now))
        retry_while_starting(lambda: services.look_queue.recover(now))
        snapshot = services.snapshot_builder.build("starting", [], now)
        retry_while_starting(lambda: services.views.rebuild(now, snapshot))
        scheduler = TickScheduler()
        loop = Loop(services, scheduler)
        gc.collect()
        gc.freeze()  # else each collection walks all modules: 40 ms of a step
        with _watching(services), _scheduled(scheduler, services, loop):
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
    """Requeue running jobs, save the daemon's age, and write the final status files."""
    running = services.job_runner.running_count
    services.pool.close()
    now = services.clock.now()
    try:
        services.job_runner.requeue_running(now)
        services.collection_lister.requeue_running(now)
        with services.ledger.write() as db:
            meta.save_uptime(db, now.uptime_s)
        services.notifications.close(services.clock)
        _flush_views(services)
    except YtaudioError as error:
        log.warning("daemon.stopped_untidily", error=error.message)
    log.info("daemon.stopped", interrupted=running)


def _flush_views(services: Services) -> None:
    """Write the views of everything that changed, for at most `FLUSH_TIMEOUT_S`."""
    deadline = time.monotonic() + FLUSH_TIMEOUT_S
    while time.monotonic() < deadline:
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
def _scheduled(
    scheduler: TickScheduler, services: Services, loop: Loop
) -> Iterator[None]:
    """Have the scheduler request sweeps, looks, and checks for a newer yt-dlp.

    The ledger decides whether a session, a look or an upgrade is due, so a request that
    comes late, or twice, does no harm.
    """
    rules = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler.add_job(loop.request_sweep, "interval", seconds=SWEEP_INTERVAL_S, **rules)
    scheduler.add_job(
        loop.request_looks,
        "interval",
        seconds=LOOK_INTERVAL_S,
        jitter=LOOK_JITTER_S,
        **rules,
    )
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
        scheduler.shutdown()

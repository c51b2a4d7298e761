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

from ytaudio_daemon.daemon.loop import Loop, Parts
from ytaudio_daemon.daemon.open_ledger import opened_ledger, patiently
from ytaudio_daemon.daemon.signals import Signals, Wake
from ytaudio_daemon.daemon.snapshot_builder import Health, converters
from ytaudio_daemon.daemon.ytdlp_updater import Freshness
from ytaudio_daemon.errors import (
    ConfigError,
    LedgerGoneError,
    YtaudioError,
)
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.host_id import claimant
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.folders.prepare import lock_state, prepare
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.inbox_watcher import Hints, Watch
from ytaudio_daemon.jobs import Attempts
from ytaudio_daemon.ledger import Ledger, meta
from ytaudio_daemon.maintenance.pruner import Pruner
from ytaudio_daemon.maintenance.session_expiry import Sweeper
from ytaudio_daemon.notify.notifications import Messenger
from ytaudio_daemon.notify.receivers import require_apprise
from ytaudio_daemon.pool import Pool, kill_leftovers
from ytaudio_daemon.settings import RELOADABLE, Settings, changes, load
from ytaudio_daemon.system import logs
from ytaudio_daemon.system.clock import Clock
from ytaudio_daemon.system.systemd_notify import Notifier
from ytaudio_daemon.views import Rules, Views
from ytaudio_daemon.ytdlp_versions.version_store import shelf_of

log = structlog.get_logger()

#: What the views have not written by then after a stop, the next start will.
LAST_WORDS_S = 5.0
#: Sessions are looked through this often, in seconds.
SWEEP_S = 60
#: Whether it is time for a newer yt-dlp is asked this often, in seconds, give or take;
#: many installations shall not ask the package index at once.
UPGRADE_S = 3600
UPGRADE_JITTER_S = 900


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
        ledger = stack.enter_context(opened_ledger(settings))
        parts = _assemble(settings, layout, ledger, stack)
        return _serve(parts, settings)


def rules_of(settings: Settings) -> Rules:
    """Return what the views need of some settings."""
    return Rules(
        interval_s=settings.status.interval,
        attempts=settings.retry.attempts,
        max_jobs=settings.sessions.max_jobs,
        max_bytes=settings.sessions.max_bytes,
        ttl_s=settings.sessions.ttl,
        # What the ledger has forgotten cannot be told any more.
        receipts_s=min(settings.retention.receipts, settings.retention.finalized),
    )


def _read_diary(ledger: Ledger) -> tuple[str, Clock]:
    with ledger.write() as db:
        return meta.state_id(db), Clock(meta.lived(db))


def _assemble(
    settings: Settings, layout: Layout, ledger: Ledger, stack: ExitStack
) -> Parts:
    state_id, clock = patiently(lambda: _read_diary(ledger))
    killed = kill_leftovers(state_id)
    if killed:
        log.warning("daemon.killed_leftovers", processes=killed)
    # Before any thread: the template must be started from a single-threaded process.
    pool = Pool(
        downloads=settings.download.workers,
        converters=converters(settings),
        state_id=state_id,
        home=layout.home,
    )
    stack.callback(pool.close)
    freshness = Freshness(shelf_of(layout.state), ledger, pool, settings)
    stack.callback(freshness.stop)
    freshness.take_up()
    tools = find_tools()
    wake = Wake()
    stack.callback(wake.close)
    hints = Hints(wake.wake)
    attempts = Attempts(
        ledger, layout, pool, settings, tools, claimant(layout.state / "host")
    )
    intake = Intake(ledger, layout, settings)
    views = Views(ledger, layout, rules_of(settings))
    sweeper = Sweeper(ledger, layout, settings)
    health = Health(
        layout=layout,
        settings=settings,
        tools=tools,
        pool=pool,
        intake=intake,
        attempts=attempts,
        freshness=freshness,
        started_at=clock.now().wall,
    )
    parts = Parts(
        ledger=ledger,
        pool=pool,
        freshness=freshness,
        intake=intake,
        attempts=attempts,
        sweeper=sweeper,
        pruner=Pruner(ledger, settings, time.monotonic()),
        views=views,
        messenger=Messenger(
            ledger, settings, host=socket.gethostname(), state_id=state_id
        ),
        health=health,
        watch=Watch(layout.inbox, layout.wake_dir, hints),
        hints=hints,
        wake=wake,
        signals=Signals(),
        clock=clock,
        notifier=Notifier(),
        reload=lambda: None,
    )
    parts.reload = _Reloader(parts, settings)
    return parts


def _serve(parts: Parts, settings: Settings) -> int:
    now = parts.clock.now()
    with parts.signals.handled(parts.wake):
        parts.pool.warm()
        patiently(lambda: parts.attempts.recover(now))
        live = parts.health.live("starting", [], now)
        patiently(lambda: parts.views.rebuild(now, live))
        loop = Loop(parts)
        gc.collect()
        gc.freeze()  # else each collection looks through all modules: 40 ms of a step
        with _watching(parts), _scheduled(parts, loop):
            log.info(
                "daemon.started",
                pid=os.getpid(),
                inbox=str(settings.paths.inbox),
                config=str(settings.config_file or "defaults"),
            )
            status = _loop(loop)
    _stop(parts)
    return status


def _loop(loop: Loop) -> int:
    try:
        loop.run()
    except LedgerGoneError as error:
        log.error("daemon.ledger_gone", error=error.message, hint=error.hint)  # noqa: TRY400 - the traceback says nothing more
        return 1
    return 0


def _stop(parts: Parts) -> None:
    """Give running jobs back, and leave a last word in the status files."""
    running = parts.attempts.busy
    parts.pool.close()
    now = parts.clock.now()
    try:
        parts.attempts.interrupt_all(now)
        with parts.ledger.write() as db:
            meta.keep_lived(db, now.lived)
        parts.messenger.close(parts.clock)
        _say_last_words(parts)
    except YtaudioError as error:
        log.warning("daemon.stopped_untidily", error=error.message)
    log.info("daemon.stopped", interrupted=running)


def _say_last_words(parts: Parts) -> None:
    """Show all that changed, as far as that takes no longer than a stop may."""
    enough = time.monotonic() + LAST_WORDS_S
    while time.monotonic() < enough:
        now = parts.clock.now()
        parts.views.refresh(now, parts.health.live("stopped", [], now), force=True)
        due = parts.views.next_due(now)
        if due is None or due > 0:
            break
    parts.views.close()


@contextmanager
def _watching(parts: Parts) -> Iterator[None]:
    parts.watch.start()
    try:
        yield
    finally:
        parts.watch.stop()


@contextmanager
def _scheduled(parts: Parts, loop: Loop) -> Iterator[None]:
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
    scheduler.add_job(loop.sweep_soon, "interval", seconds=SWEEP_S, **rules)
    scheduler.add_job(
        parts.freshness.upgrade_soon,
        "interval",
        seconds=UPGRADE_S,
        jitter=UPGRADE_JITTER_S,
        **rules,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


class _Reloader:
    """What SIGHUP calls: load the config again and hand it to everyone."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings

    def __call__(self) -> None:
        self._parts.notifier.reloading()
        try:
            fresh = load(self._settings.config_file, os.environ)
            require_apprise(fresh.notify)
        except ConfigError as error:
            log.error("config.not_reloaded", error=error.message, hint=error.hint)  # noqa: TRY400 - the message says it all
            self._parts.notifier.ready("Serving; the new config is wrong, see the log")
            return
        changed = changes(self._settings, fresh)
        self._settings = fresh
        self._hand_out(fresh)
        log.info(
            "config.reloaded",
            changed=sorted(changed & RELOADABLE),
            needs_restart=sorted(changed - RELOADABLE),
        )
        self._parts.notifier.ready()

    def _hand_out(self, fresh: Settings) -> None:
        parts = self._parts
        parts.pool.resize(fresh.download.workers, converters(fresh))
        parts.attempts.reload(fresh)
        parts.intake.reload(fresh)
        parts.views.rules = rules_of(fresh)
        parts.sweeper.reload(fresh)
        parts.pruner.settings = fresh
        parts.messenger.reload(fresh)
        parts.health.settings = parts.freshness.settings = fresh

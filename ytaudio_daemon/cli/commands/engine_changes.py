"""`engine upgrade`, `use` and `rollback`: change the yt-dlp that is used."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import open_ledger, wake_daemon
from ytaudio_daemon.cli.privileges import drop_privileges, not_permitted_error
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import ytdlp_outcomes
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.urls import Link, parse_link
from ytaudio_daemon.ytdlp_versions.history import UpgradeResult
from ytaudio_daemon.ytdlp_versions.upgrade import (
    CURRENT,
    UPGRADED,
    Upgrade,
    UpgradeRequest,
)
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion, version_store
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

#: Most links that a new version is tried with.
MAX_CANARIES = 3


def upgrade(context: CommandContext) -> int:
    """Fetch, check and use a version; 1 when that failed."""
    args = context.args
    request = UpgradeRequest(
        channel=args.channel or context.settings.engine.channel,
        version=args.version or "",
        wheel=args.wheel,
        automatic=args.automatic,
    )
    links = _canary_links(context)
    _drop_privileges_checked(context)
    store = version_store(context.layout.state)
    on_step: Callable[[str], object] = str if args.json else context.output.stderr_line
    upgrade_result = Upgrade(store, context.settings, links=links, on_step=on_step).run(
        request
    )
    _wake_daemon_if_present(context)
    if args.json:
        document = {**asdict(upgrade_result), "at": rfc3339(upgrade_result.at)}
        context.output.json({"schema": "ytaudio.engine-upgrade/1", **document})
    else:
        _print_upgrade_result(context, upgrade_result)
    return Exit.OK if upgrade_result.result in {UPGRADED, CURRENT} else Exit.FAILED


def use(context: CommandContext) -> int:
    """Use a version that is installed."""
    _drop_privileges_checked(context)
    version_writer = VersionWriter(version_store(context.layout.state))
    _print_active_version(
        context, version_writer.use(context.args.version, time.time())
    )
    return Exit.OK


def rollback(context: CommandContext) -> int:
    """Go back to the version used before."""
    _drop_privileges_checked(context)
    version_writer = VersionWriter(version_store(context.layout.state))
    reason = "a person went back to another version"
    _print_active_version(context, version_writer.roll_back(reason, time.time()))
    return Exit.OK


def _canary_links(context: CommandContext) -> list[Link]:
    """Return the config's links to try a version with, else links that worked lately."""
    if context.settings.engine.canary:
        return [parse_link(link) for link in context.settings.engine.canary][
            :MAX_CANARIES
        ]
    try:
        with open_ledger(context) as ledger, ledger.read() as db:
            return [
                Link(video_id=v)
                for v in ytdlp_outcomes.recently_completed_videos(db, MAX_CANARIES)
            ]
    except LedgerError:  # none yet, or out of reach: then no link is tried
        return []


def _drop_privileges_checked(context: CommandContext) -> None:
    """Become the owner of the state folder if we are root: yt-dlp is foreign code.

    Raises:
        UsageError: This user may not change what lies there.
    """
    drop_privileges(context)
    state = context.layout.state
    if state.exists() and not os.access(state, os.W_OK | os.X_OK):
        raise not_permitted_error(context, state)


def _wake_daemon_if_present(context: CommandContext) -> None:
    """Wake the daemon, unless it has never run here."""
    if context.layout.wake_dir.is_dir():
        wake_daemon(context)


def _print_upgrade_result(
    context: CommandContext, upgrade_result: UpgradeResult
) -> None:
    context.output.line(upgrade_result.message)
    if upgrade_result.result not in {UPGRADED, CURRENT}:
        context.output.stderr_line("nothing was changed")


def _print_active_version(context: CommandContext, chosen: ActiveVersion) -> None:
    origin = "" if chosen.path else " (the one that came with the program)"
    context.output.line(f"yt-dlp {chosen.version} is used now{origin}")
    _wake_daemon_if_present(context)

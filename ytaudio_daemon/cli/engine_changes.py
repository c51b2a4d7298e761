"""`engine upgrade`, `engine use` and `engine rollback`."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import stamp_of
from ytaudio_daemon.cli.ledger_access import become_owner, opened, refusal, wake_daemon
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.ledger import ytdlp_outcomes
from ytaudio_daemon.urls import Link, parse_link
from ytaudio_daemon.ytdlp_versions.history import Tried
from ytaudio_daemon.ytdlp_versions.upgrade import (
    CURRENT,
    UPGRADED,
    Upgrade,
    Wish,
    go_back,
    put_to_use,
)
from ytaudio_daemon.ytdlp_versions.version_store import Chosen, shelf_of
from ytaudio_daemon.ytdlp_versions.version_writer import Keeper

#: Links a new version is tried on, at most.
CANARIES = 3


def upgrade(call: Call) -> int:
    """Fetch, check and use a version; 1 when that did not come about."""
    args = call.args
    wish = Wish(
        channel=args.channel or call.settings.engine.channel,
        version=args.version or "",
        wheel=args.wheel,
        automatic=args.automatic,
    )
    links = _canaries(call)
    _become_owner_who_may(call)
    shelf = shelf_of(call.layout.state)
    say: Callable[[str], object] = str if args.json else call.screen.remark
    tried = Upgrade(shelf, call.settings, links=links, say=say).run(wish)
    _wake(call)
    if args.json:
        document = {**asdict(tried), "at": stamp_of(tried.at)}
        call.screen.json({"schema": "ytaudio.engine-upgrade/1", **document})
    else:
        _tell(call, tried)
    return Exit.OK if tried.result in {UPGRADED, CURRENT} else Exit.FAILED


def use(call: Call) -> int:
    """Use a version that is here."""
    _become_owner_who_may(call)
    keeper = Keeper(shelf_of(call.layout.state))
    _tell_chosen(call, put_to_use(keeper, call.args.version, time.time()))
    return Exit.OK


def rollback(call: Call) -> int:
    """Go back to the version before."""
    _become_owner_who_may(call)
    keeper = Keeper(shelf_of(call.layout.state))
    reason = "somebody went back from it"
    _tell_chosen(call, go_back(keeper, reason, time.time()))
    return Exit.OK


def _canaries(call: Call) -> list[Link]:
    """Return links that are known to work: the config's, else what worked lately."""
    if call.settings.engine.canary:
        return [parse_link(link) for link in call.settings.engine.canary][:CANARIES]
    try:
        with opened(call) as ledger, ledger.read() as db:
            return [Link(video_id=v) for v in ytdlp_outcomes.known_videos(db, CANARIES)]
    except LedgerError:  # none yet, or out of reach: then there is nothing to try it on
        return []


def _become_owner_who_may(call: Call) -> None:
    """Turn root into the owner of the state folder; foreign code is going to be run.

    Raises:
        UsageError: This user may not change what lies there.
    """
    become_owner(call)
    state = call.layout.state
    if state.exists() and not os.access(state, os.W_OK | os.X_OK):
        raise refusal(call, state)


def _wake(call: Call) -> None:
    """Have the daemon look; where it has never run there is nobody to wake."""
    if call.layout.wake_dir.is_dir():
        wake_daemon(call)


def _tell(call: Call, tried: Tried) -> None:
    call.screen.line(tried.message)
    if tried.result not in {UPGRADED, CURRENT}:
        call.screen.remark("nothing was changed")


def _tell_chosen(call: Call, chosen: Chosen) -> None:
    origin = "" if chosen.path else " (the one that came with the program)"
    call.screen.line(f"yt-dlp {chosen.version} is used now{origin}")
    _wake(call)

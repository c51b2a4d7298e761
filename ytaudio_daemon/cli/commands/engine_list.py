"""`engine list`: prints the versions of yt-dlp that are installed or refused."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ytaudio_daemon.cli.blocks import Facts, Table, print_blocks
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import local_time_and_distance
from ytaudio_daemon.cli.privileges import daemon_uid
from ytaudio_daemon.model.ytdlp_policy import age_days
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.ytdlp_versions.history import VersionHistory
from ytaudio_daemon.ytdlp_versions.version_store import (
    ActiveVersion,
    VersionStore,
    version_store,
)
from ytaudio_daemon.ytdlp_versions.version_writer import INSTALLED


def run(context: CommandContext) -> int:
    """Print the versions."""
    store = version_store(context.layout.state, daemon_uid(context))
    wall = time.time()
    if context.args.json:
        context.output.json(_document(store, wall))
    else:
        chosen, history = store.active(), store.history()
        rows = list(_rows(store, chosen, history, wall))
        table = Table(("", "VERSION", "AGE", "REMARK"), rows)
        print_blocks(
            context.output, [table, Facts(list(_facts(context, chosen, history, wall)))]
        )
    return Exit.OK


def _rows(
    store: VersionStore, chosen: ActiveVersion, history: VersionHistory, wall: float
) -> Iterator[tuple[str, ...]]:
    for version in store.versions():
        is_used = chosen.path == store.path_of(version)
        remark = store.why_unusable(version) or _remark(
            version, chosen, history, used=is_used
        )
        yield "*" if is_used else "", version, _age(version, wall), remark
    version = store.installed
    if version:
        pinned = ", pinned" if not chosen.path and chosen.activation.pinned else ""
        mark = "" if chosen.path else "*"
        yield mark, version, _age(version, wall), f"{INSTALLED}{pinned}"


def _remark(
    version: str, chosen: ActiveVersion, history: VersionHistory, *, used: bool
) -> str:
    if used:
        return "pinned" if chosen.activation.pinned else ""
    refused = history.rejection_of(version)
    return f"given up: {refused.reason}" if refused else ""


def _age(version: str, wall: float) -> str:
    days = age_days(version, wall)
    return "-" if days is None else f"{days} d"


def _facts(
    context: CommandContext, chosen: ActiveVersion, history: VersionHistory, wall: float
) -> Iterator[tuple[str, str]]:
    engine = context.settings.engine
    yield (
        "channel",
        f"{engine.channel}, upgraded {_upgrade_schedule(engine.auto_upgrade)}",
    )
    last = history.last_upgrade
    if last is not None:
        yield "last", f"{last.result} {local_time_and_distance(last.at, wall)}"
        yield "", last.message
    if chosen.fallback_reason:
        yield "trouble", chosen.fallback_reason


def _upgrade_schedule(auto_upgrade: str) -> str:
    return "by hand" if auto_upgrade == "off" else "every day"


def _document(store: VersionStore, wall: float) -> dict[str, Any]:
    chosen, history = store.active(), store.history()
    last = history.last_upgrade
    return {
        "schema": "ytaudio.engine/1",
        "in_use": {
            "version": chosen.version,
            "path": None if chosen.path is None else str(chosen.path),
            "age_days": age_days(chosen.version, wall),
            "pinned": chosen.activation.pinned,
            "trouble": chosen.fallback_reason,
        },
        "installed": store.installed,
        "versions": [
            {
                "version": version,
                "age_days": age_days(version, wall),
                "fault": store.why_unusable(version),
            }
            for version in store.versions()
        ],
        "refused": [
            _with_rfc3339_time(asdict(refused)) for refused in history.rejected
        ],
        "last_upgrade": last and _with_rfc3339_time(asdict(last)),
    }


def _with_rfc3339_time(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "at": rfc3339(row["at"])}

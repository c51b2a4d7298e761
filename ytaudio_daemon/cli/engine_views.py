"""`engine list`."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import moment_and_distance, stamp_of
from ytaudio_daemon.cli.ledger_access import owner_id
from ytaudio_daemon.cli.status import show
from ytaudio_daemon.cli.status_report import Facts, Table
from ytaudio_daemon.model.ytdlp_policy import age_days
from ytaudio_daemon.ytdlp_versions.history import Notes
from ytaudio_daemon.ytdlp_versions.version_store import Chosen, Shelf, shelf_of
from ytaudio_daemon.ytdlp_versions.version_writer import INSTALLED


def list_all(call: Call) -> int:
    """List the versions."""
    shelf = shelf_of(call.layout.state, owner_id(call))
    wall = time.time()
    if call.args.json:
        call.screen.json(_document(shelf, wall))
    else:
        chosen, notes = shelf.chosen(), shelf.notes()
        rows = list(_rows(shelf, chosen, notes, wall))
        table = Table(("", "VERSION", "AGE", "REMARK"), rows)
        show(call.screen, [table, Facts(list(_facts(call, chosen, notes, wall)))])
    return Exit.OK


def _rows(
    shelf: Shelf, chosen: Chosen, notes: Notes, wall: float
) -> Iterator[tuple[str, ...]]:
    for version in shelf.versions():
        is_used = chosen.path == shelf.path_of(version)
        remark = shelf.fault(version) or _remark(version, chosen, notes, used=is_used)
        yield "*" if is_used else "", version, _age(version, wall), remark
    version = shelf.installed
    if version:
        pinned = ", pinned" if not chosen.path and chosen.stand.pinned else ""
        mark = "" if chosen.path else "*"
        yield mark, version, _age(version, wall), f"{INSTALLED}{pinned}"


def _remark(version: str, chosen: Chosen, notes: Notes, *, used: bool) -> str:
    if used:
        return "pinned" if chosen.stand.pinned else ""
    refused = notes.refusal(version)
    return f"given up: {refused.reason}" if refused else ""


def _age(version: str, wall: float) -> str:
    days = age_days(version, wall)
    return "-" if days is None else f"{days} d"


def _facts(
    call: Call, chosen: Chosen, notes: Notes, wall: float
) -> Iterator[tuple[str, str]]:
    engine = call.settings.engine
    yield "channel", f"{engine.channel}, upgraded {_rhythm(engine.auto_upgrade)}"
    if notes.tried is not None:
        tried = notes.tried
        yield "last", f"{tried.result} {moment_and_distance(tried.at, wall)}"
        yield "", tried.message
    if chosen.trouble:
        yield "trouble", chosen.trouble


def _rhythm(auto_upgrade: str) -> str:
    return "by hand" if auto_upgrade == "off" else "every day"


def _document(shelf: Shelf, wall: float) -> dict[str, Any]:
    chosen, notes = shelf.chosen(), shelf.notes()
    return {
        "schema": "ytaudio.engine/1",
        "in_use": {
            "version": chosen.version,
            "path": None if chosen.path is None else str(chosen.path),
            "age_days": age_days(chosen.version, wall),
            "pinned": chosen.stand.pinned,
            "trouble": chosen.trouble,
        },
        "installed": shelf.installed,
        "versions": [
            {
                "version": version,
                "age_days": age_days(version, wall),
                "fault": shelf.fault(version),
            }
            for version in shelf.versions()
        ],
        "refused": [_stamped(asdict(refused)) for refused in notes.refused],
        "last_upgrade": notes.tried and _stamped(asdict(notes.tried)),
    }


def _stamped(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "at": stamp_of(row["at"])}

"""Say what a file would do if it were dropped: every line's verdict. Nothing is done.

Exit status 1 when a line, or the whole file, would be refused.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import count_of, size
from ytaudio_daemon.cli.status_report import options_in_words
from ytaudio_daemon.dropfile import DropKind, Entry, NotADropError, kind_of, parse
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import Layer, OptionError, Options
from ytaudio_daemon.model.options import check_layer, effective
from ytaudio_daemon.notify.receivers import require_apprise

EXAMPLES = """\
examples:
  ytaudio check songs.txt
  ytaudio check --session party songs.txt --json
  xclip -o | ytaudio check -
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What would become of a line.

    Attributes:
        entry: The line as it was understood.
        result: accepted, duplicate or rejected.
        options: Effective ones; None when it is rejected.
        first_line: Of a duplicate: the line that asks for the same.
    """

    entry: Entry
    result: str
    options: Options | None = None
    first_line: int | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the file; - is standard input")
    parser.add_argument(
        "-s", "--session", metavar="S", help="with the defaults.toml of this session"
    )
    add_json(parser, "{schema, file, problem, counts, lines}")


def run(call: Call) -> int:
    """Judge the file."""
    require_apprise(call.settings.notify)  # the daemon would not start
    name, content = _read(call.args.file)
    try:
        verdicts = list(judge(content, _kind(name), *_layers(call)))
        problem = _whole_problem(call, content, verdicts)
    except NotADropError as error:
        verdicts, problem = [], error.message
    if call.args.json:
        call.screen.json(_document(name, problem, verdicts))
    else:
        _print(call, name, problem, verdicts)
    refused = problem or any(verdict.result == "rejected" for verdict in verdicts)
    return Exit.FAILED if refused else Exit.OK


def judge(
    content: bytes, kind: DropKind, layer: Layer, default_bitrate: str
) -> Iterator[Verdict]:
    """Yield the verdict on every line. Pure.

    Args:
        content: The drop.
        kind: Its form.
        layer: The options below the file's own.
        default_bitrate: The config's.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    seen: dict[tuple[str, str], int] = {}
    for entry in parse(content, kind):
        if entry.code is not None or entry.link is None:
            yield Verdict(entry=entry, result="rejected")
            continue
        options = effective(default_bitrate, layer, entry.layer)
        first = seen.setdefault((entry.link.video_id, options.profile()), entry.line)
        if first == entry.line:
            yield Verdict(entry=entry, result="accepted", options=options)
        else:
            yield Verdict(
                entry=entry, result="duplicate", options=options, first_line=first
            )


def _read(given: str) -> tuple[str, bytes]:
    if given == "-":
        return "standard input", sys.stdin.buffer.read()
    path = Path(given)
    return path.name, path.read_bytes()


def _kind(name: str) -> DropKind:
    kind = DropKind.TEXT if name == "standard input" else kind_of(name)
    if kind is None:
        raise NotADropError(
            f"{name!r} is no name of a drop: it must end in .txt .urls .list .jsonl "
            ".url .webloc or .desktop, and be no temporary name"
        )
    return kind


def _layers(call: Call) -> tuple[Layer, str]:
    """Return the options below the file's, and the config's bitrate.

    Raises:
        UsageError: The session's `defaults.toml` is unusable.
    """
    download = call.settings.download
    if call.args.session is None:
        return download.layer, download.bitrate
    from ytaudio_daemon.folders.drop_reader import read_defaults  # noqa: PLC0415 - only then

    where = call.layout.session_inbox(call.args.session) / "defaults.toml"
    try:
        text = read_defaults(call.layout.inbox, call.args.session) or b""
        defaults = check_layer(tomllib.loads(text.decode("utf-8-sig")))
    except (OptionError, ValueError) as error:
        raise UsageError(
            f"{where}: {error}", "The daemon waits until it is put right."
        ) from error
    return {**download.layer, **defaults}, download.bitrate


def _whole_problem(call: Call, content: bytes, verdicts: list[Verdict]) -> str:
    limit = call.settings.inbox.max_file_size
    if len(content) > limit:
        return f"it is bigger than {size(limit)}, the limit of a drop"
    return "" if verdicts else "there is no link in it"


def _document(name: str, problem: str, verdicts: list[Verdict]) -> dict[str, Any]:
    return {
        "schema": "ytaudio.check/1",
        "file": name,
        "problem": problem or None,
        "counts": _counts(verdicts),
        "lines": [_line(verdict) for verdict in verdicts],
    }


def _counts(verdicts: list[Verdict]) -> dict[str, int]:
    results = [verdict.result for verdict in verdicts]
    return {name: results.count(name) for name in ("accepted", "duplicate", "rejected")}


def _line(verdict: Verdict) -> dict[str, Any]:
    entry = verdict.entry
    return {
        "line": entry.line,
        "text": entry.text,
        "result": verdict.result,
        "url": entry.link.url if entry.link else None,
        "options": verdict.options.to_json() if verdict.options else None,
        "duplicate_of_line": verdict.first_line,
        "code": entry.code,
        "message": entry.message or None,
    }


def _print(call: Call, name: str, problem: str, verdicts: list[Verdict]) -> None:
    if verdicts:
        rows = [_row(verdict) for verdict in verdicts]
        call.screen.table(("LINE", "VERDICT", "LINK", "OPTIONS OR REASON"), rows)
    if problem:
        call.screen.line(f"{name}: {problem}")
    counts = ", ".join(f"{n:,} {what}" for what, n in _counts(verdicts).items() if n)
    call.screen.line(f"{name}: {count_of(len(verdicts), 'line')}: {counts or 'none'}")


def _row(verdict: Verdict) -> tuple[str, ...]:
    entry = verdict.entry
    link = entry.link.video_id if entry.link else "-"
    if verdict.options is None:
        detail = f"{entry.code}: {entry.message}"
    elif verdict.first_line is not None:
        detail = f"the same as line {verdict.first_line}"
    else:
        detail = options_in_words(verdict.options.to_json())
    return str(entry.line), verdict.result, link, detail

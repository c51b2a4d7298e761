"""`check`: prints the result of each line of a file, as if it were dropped."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ytaudio_daemon.cli.commands.line_checks import LineResult, check_lines
from ytaudio_daemon.cli.commands.status_report import options_text
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size, pluralize
from ytaudio_daemon.dropfile import DROP_ENDINGS, DropKind, NotADropError, drop_kind
from ytaudio_daemon.dropfile.switched_off import no_line_reason, switched_off_sentence
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.cookies import MAX_BYTES, is_cookies_text
from ytaudio_daemon.notify.receivers import require_apprise

if TYPE_CHECKING:
    from ytaudio_daemon.cli.commands.check_expansion import ExpandedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckedFile:
    """A file with the result of each line.

    Attributes:
        name: The file's name.
        problem: Why the whole file would be rejected, or "".
        line_results: Of the lines, without those of links in comments.
        switched_off: The line of each link in a comment.
        expanded: The file's collections, with --expand.
    """

    name: str
    problem: str = ""
    line_results: Sequence[LineResult] = ()
    switched_off: Sequence[int] = ()
    expanded: "ExpandedFile | None" = None

    @property
    def switched_off_lines(self) -> list[int]:
        return list(dict.fromkeys(self.switched_off))


def run(context: CommandContext) -> int:
    """Check the file; 1 when the file or one of its lines would be refused."""
    require_apprise(context.settings.notify)  # the daemon would not start
    name, content = _read(context.args.file)
    checked_file = _check(context, name, content)
    if context.args.expand and not checked_file.problem:
        checked_file = replace(checked_file, expanded=_expand(context, checked_file))
    if context.args.json:
        context.output.json(_document(checked_file))
    else:
        with context.output.paged():
            _print(context, checked_file)
    refused = checked_file.problem or any(
        line_result.result == "rejected" for line_result in checked_file.line_results
    )
    is_unread = checked_file.expanded is not None and checked_file.expanded.has_failed
    return Exit.FAILED if refused or is_unread else Exit.OK


def _check(context: CommandContext, name: str, content: bytes) -> _CheckedFile:
    layers = _option_layers(context)
    try:
        _refuse_cookies(content)
        results = list(check_lines(content, _drop_kind(name), *layers))
    except NotADropError as error:
        return _CheckedFile(name=name, problem=error.message)
    checked_file = _CheckedFile(
        name=name,
        line_results=[each for each in results if each.result != "switched_off"],
        switched_off=[
            each.drop_line.line for each in results if each.result == "switched_off"
        ],
    )
    problem = _file_problem(context, content, checked_file)
    return replace(checked_file, problem=problem)


def _expand(context: CommandContext, checked_file: _CheckedFile) -> "ExpandedFile":
    # Imported at its first use: it takes 0.2 s, for the ledger's SQL.
    check_expansion = import_module("ytaudio_daemon.cli.commands.check_expansion")
    layer, _ = _option_layers(context)
    expanded: ExpandedFile = check_expansion.expand(
        context, checked_file.line_results, layer
    )
    return expanded


def _read(given: str) -> tuple[str, bytes]:
    if given == "-":
        return "standard input", sys.stdin.buffer.read()
    path = Path(given)
    return path.name, path.read_bytes()


def _refuse_cookies(content: bytes) -> None:
    """Refuse a file of cookies: they are secrets, and the output shows each line.

    Raises:
        NotADropError: It is one.
    """
    if is_cookies_text(content[:MAX_BYTES].decode("utf-8-sig", "replace")):
        raise NotADropError(
            "it has cookies, not links: a session into whose folder it is dropped uses "
            "them (docs/cookies.md)"
        )


def _drop_kind(name: str) -> DropKind:
    kind = DropKind.TEXT if name == "standard input" else drop_kind(name)
    if kind is None:
        raise NotADropError(
            f"{name!r} is no name of a drop: it must end in {DROP_ENDINGS}, "
            "and be no temporary name"
        )
    return kind


def _option_layers(context: CommandContext) -> tuple[Layer, str]:
    """Return the options that those of the file override, and the default bitrate.

    Raises:
        UsageError: The session's `defaults.toml` is unusable.
    """
    download = context.settings.download
    if context.args.session is None:
        return download.layer, download.bitrate
    where = context.layout.session_inbox(context.args.session) / "defaults.toml"
    try:
        defaults = read_session_defaults(context.layout.inbox, context.args.session)
    except (OptionError, ValueError) as error:
        raise UsageError(
            f"{where}: {error}", "The daemon waits until it is corrected."
        ) from error
    return {**download.layer, **defaults}, download.bitrate


def _file_problem(
    context: CommandContext, content: bytes, checked_file: _CheckedFile
) -> str:
    limit = context.settings.inbox.max_file_size
    if len(content) > limit:
        return f"it is bigger than {format_size(limit)}, the limit of a drop"
    if checked_file.line_results:
        return ""
    return no_line_reason(len(checked_file.switched_off))


def _document(checked_file: _CheckedFile) -> dict[str, Any]:
    line_results = checked_file.line_results
    return {
        "schema": "ytaudio.check/1",
        "file": checked_file.name,
        "problem": checked_file.problem or None,
        "counts": _counts(line_results),
        "lines": [
            _line_document(line_result, checked_file.expanded)
            for line_result in line_results
        ],
        "switched_off": checked_file.switched_off_lines,
        "expanded": checked_file.expanded.sums() if checked_file.expanded else None,
    }


def _counts(line_results: Sequence[LineResult]) -> dict[str, int]:
    results = [line_result.result for line_result in line_results]
    return {name: results.count(name) for name in ("accepted", "duplicate", "rejected")}


def _line_document(
    line_result: LineResult, expanded: "ExpandedFile | None"
) -> dict[str, Any]:
    drop_line, first = line_result.drop_line, line_result.first
    listed = expanded.lines.get(drop_line.place) if expanded else None
    target = drop_line.collection or drop_line.link
    return {
        "line": drop_line.line,
        "part": drop_line.part,
        "text": drop_line.text,
        "result": line_result.result,
        "url": target.url if target else None,
        "collection": drop_line.collection.kind if drop_line.collection else None,
        "preview": listed.document(expanded.wall) if listed and expanded else None,
        "preview_error": listed.error() if listed else None,
        "options": line_result.options.to_json() if line_result.options else None,
        "duplicate_of_line": first.line if first else None,
        "duplicate_of_part": first.part if first else None,
        "code": drop_line.code,
        "message": line_result.message or None,
    }


def _print(context: CommandContext, checked_file: _CheckedFile) -> None:
    name, line_results = checked_file.name, checked_file.line_results
    if line_results:
        rows = [_row(line_result) for line_result in line_results]
        headers = ("LINE", "VERDICT", "LINK", "OPTIONS OR REASON")
        context.output.table(headers, rows, wraps=True)
    if checked_file.problem:
        context.output.line(f"{name}: {checked_file.problem}")
    switched_off = switched_off_sentence(
        len(checked_file.switched_off), checked_file.switched_off_lines
    )
    if switched_off:
        context.output.line(f"{name}: {switched_off}")
    counts = ", ".join(
        f"{n:,} {what}" for what, n in _counts(line_results).items() if n
    )
    context.output.line(
        f"{name}: {pluralize(len(line_results), 'line')}: {counts or 'none'}"
    )
    for line in checked_file.expanded.report() if checked_file.expanded else ():
        context.output.line(line)


def _row(line_result: LineResult) -> tuple[str, ...]:
    drop_line = line_result.drop_line
    link = drop_line.link.video_id if drop_line.link else "-"
    if drop_line.collection is not None:
        link = drop_line.collection.list_id
    if line_result.options is None:
        detail = f"{drop_line.code}: {drop_line.message}"
    elif line_result.first is not None:
        detail = f"the same as line {line_result.first.place}"
    else:
        detail = options_text(line_result.options.to_json())
        if drop_line.collection is not None:
            detail += f"; {drop_line.collection.kind}: listed by the daemon"
    if line_result.options is not None and line_result.message:
        detail += f"; {line_result.message}"
    return drop_line.place, line_result.result, link, detail

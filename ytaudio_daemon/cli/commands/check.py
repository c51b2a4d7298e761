"""`check`: prints the result of each line of a file, as if it were dropped."""

import sys
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.commands.line_checks import LineResult, check_lines
from ytaudio_daemon.cli.commands.status_report import options_text
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import format_size, pluralize
from ytaudio_daemon.dropfile import DROP_ENDINGS, DropKind, NotADropError, kind_of
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.cookies import MAX_BYTES, is_cookies_text
from ytaudio_daemon.notify.receivers import require_apprise


def run(context: CommandContext) -> int:
    """Check the file; 1 when the file or one of its lines would be refused."""
    require_apprise(context.settings.notify)  # the daemon would not start
    name, content = _read(context.args.file)
    try:
        _refuse_cookies(content)
        line_results = list(
            check_lines(content, _drop_kind(name), *_option_layers(context))
        )
        problem = _file_problem(context, content, line_results)
    except NotADropError as error:
        line_results, problem = [], error.message
    if context.args.json:
        context.output.json(_document(name, problem, line_results))
    else:
        _print(context, name, problem, line_results)
    refused = problem or any(
        line_result.result == "rejected" for line_result in line_results
    )
    return Exit.FAILED if refused else Exit.OK


def _read(given: str) -> tuple[str, bytes]:
    if given == "-":
        return "standard input", sys.stdin.buffer.read()
    path = Path(given)
    return path.name, path.read_bytes()


def _refuse_cookies(content: bytes) -> None:
    """Refuse a file of cookies, none of which may be shown.

    Raises:
        NotADropError: It is one.
    """
    if is_cookies_text(content[:MAX_BYTES].decode("utf-8-sig", "replace")):
        raise NotADropError(
            "it has cookies, not links: a session into whose folder it is dropped uses "
            "them (docs/cookies.md)"
        )


def _drop_kind(name: str) -> DropKind:
    kind = DropKind.TEXT if name == "standard input" else kind_of(name)
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
            f"{where}: {error}", "The daemon waits until it is put right."
        ) from error
    return {**download.layer, **defaults}, download.bitrate


def _file_problem(
    context: CommandContext, content: bytes, line_results: list[LineResult]
) -> str:
    limit = context.settings.inbox.max_file_size
    if len(content) > limit:
        return f"it is bigger than {format_size(limit)}, the limit of a drop"
    return "" if line_results else "there is no link in it"


def _document(
    name: str, problem: str, line_results: list[LineResult]
) -> dict[str, Any]:
    return {
        "schema": "ytaudio.check/1",
        "file": name,
        "problem": problem or None,
        "counts": _counts(line_results),
        "lines": [_line_document(line_result) for line_result in line_results],
    }


def _counts(line_results: list[LineResult]) -> dict[str, int]:
    results = [line_result.result for line_result in line_results]
    return {name: results.count(name) for name in ("accepted", "duplicate", "rejected")}


def _line_document(line_result: LineResult) -> dict[str, Any]:
    drop_line = line_result.drop_line
    return {
        "line": drop_line.line,
        "text": drop_line.text,
        "result": line_result.result,
        "url": drop_line.link.url if drop_line.link else None,
        "options": line_result.options.to_json() if line_result.options else None,
        "duplicate_of_line": line_result.first_line,
        "code": drop_line.code,
        "message": drop_line.message or None,
    }


def _print(
    context: CommandContext, name: str, problem: str, line_results: list[LineResult]
) -> None:
    if line_results:
        rows = [_row(line_result) for line_result in line_results]
        context.output.table(("LINE", "VERDICT", "LINK", "OPTIONS OR REASON"), rows)
    if problem:
        context.output.line(f"{name}: {problem}")
    counts = ", ".join(
        f"{n:,} {what}" for what, n in _counts(line_results).items() if n
    )
    context.output.line(
        f"{name}: {pluralize(len(line_results), 'line')}: {counts or 'none'}"
    )


def _row(line_result: LineResult) -> tuple[str, ...]:
    drop_line = line_result.drop_line
    link = drop_line.link.video_id if drop_line.link else "-"
    if line_result.options is None:
        detail = f"{drop_line.code}: {drop_line.message}"
    elif line_result.first_line is not None:
        detail = f"the same as line {line_result.first_line}"
    else:
        detail = options_text(line_result.options.to_json())
    return drop_line.place, line_result.result, link, detail

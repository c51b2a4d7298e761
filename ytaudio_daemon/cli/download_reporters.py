"""How a download is told: bars on a terminal, lines in a pipe, JSON for programs."""

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.download_batch import BatchReporter, ItemResult, ItemStatus
from ytaudio_daemon.cli.download_list import Item
from ytaudio_daemon.cli.formatting import (
    format_duration,
    format_playing_time,
    format_size,
    pluralize,
)
from ytaudio_daemon.cli.output import STYLES, Output, terminal_safe
from ytaudio_daemon.downloader.folder_downloader import StopLevel
from ytaudio_daemon.model import Failure, FailureKind, Progress

#: Columns of a title beside its bar.
TITLE_WIDTH = 30
BAR_WIDTH = 20
#: Failures whose hints speak of what the daemon does by itself.
_DAEMON_ONLY_HINTS = frozenset(
    {FailureKind.NOT_YET, FailureKind.BLOCKED, FailureKind.OFFLINE, FailureKind.TIMEOUT}
    | {FailureKind.TRANSIENT, FailureKind.BAD_MEDIA, FailureKind.UNKNOWN}
)
_STOP_MESSAGES = {
    StopLevel.GRACEFUL: "finishing what is running; Ctrl-C again stops at once",
    StopLevel.IMMEDIATE: "stopping at once",
}


def reporter_for(context: CommandContext) -> BatchReporter:
    """Return who tells this call's user how it goes."""
    if context.args.json:
        return _JsonReporter(context)
    return (
        _BarReporter(context) if context.output.is_terminal else _LineReporter(context)
    )


class _LineReporter(BatchReporter):
    """A line for each that ends; with -v also for what each is doing."""

    def __init__(self, context: CommandContext) -> None:
        self._output: Output = context.output
        self._is_verbose: bool = context.args.verbose
        self._lock = threading.RLock()
        self._phases: dict[int, str] = {}
        self._count = 0

    def on_start(self, items: Sequence[Item]) -> None:
        self._count = len(items)

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        if self._is_verbose and self._phases.get(number) != progress.phase:
            self._phases[number] = progress.phase
            self.print_note(f"{_link(item)}: {progress.phase}")

    def on_item_result(self, number: int, result: ItemResult) -> None:  # noqa: ARG002 - for bars
        with self._lock:
            self.print_result(result.status, _result_text(result))
            failure = result.failure
            if failure is not None and self._is_verbose:
                for said in failure.log_tail.splitlines():
                    self.print_note(f"  {said}")

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        what = (
            f" ({pluralize(running, 'download')})" if stop is StopLevel.GRACEFUL else ""
        )
        self.print_note(f"ytaudio: {_STOP_MESSAGES[stop]}{what}")

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        self._output.line(f"{_counts_text(results)}, in {output}")

    def print_result(self, status: ItemStatus, text: str) -> None:
        """Say how one ended, at once: a reader in a pipe may wait for it."""
        self._output.line(f"{status:<9} {text}")
        self._output.flush()

    def print_note(self, text: str) -> None:
        with self._lock:
            self._output.stderr_line(text)


class _BarReporter(_LineReporter):
    """A bar for each that is running, lines above for what has ended, a table."""

    def __init__(self, context: CommandContext) -> None:
        super().__init__(context)
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - 50 ms
        from rich.progress import Progress as Live  # noqa: PLC0415 - the same

        self._rich_progress = Live(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.fields[how_far]}", markup=False),
            console=context.output.console(),
            transient=True,
        )
        self._bars: dict[int, Any] = {}
        self._titles: dict[int, str] = {}
        self._rich_progress.start()

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        super().on_progress(number, item, progress)
        with self._lock:
            self._titles[number] = progress.title or self._titles.get(number, "")
            title = terminal_safe(self._titles[number] or _link(item))
            if number not in self._bars:
                self._bars[number] = self._rich_progress.add_task(
                    "", total=None, how_far=""
                )
            self._rich_progress.update(
                self._bars[number],
                description=_fit_title(title),
                total=None if progress.percent is None else 100,
                completed=progress.percent or 0,
                how_far=download_progress_text(progress),
            )

    def on_item_result(self, number: int, result: ItemResult) -> None:
        with self._lock:
            if (bar := self._bars.pop(number, None)) is not None:
                self._rich_progress.remove_task(bar)
            super().on_item_result(number, result)

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        self.close()
        if len(results) > 1:
            self._output.line()
            self._output.table(
                ("RESULT", "SIZE", "LENGTH", "FILE OR REASON"), map(_row, results)
            )
        super().on_finish(results, output)

    def close(self) -> None:
        self._rich_progress.stop()

    def print_result(self, status: ItemStatus, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

        line = Text(f"{status:<9} ", style=STYLES.get(status, "")).append(
            terminal_safe(text), style="default"
        )
        self._rich_progress.console.print(line)

    def print_note(self, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

        self._rich_progress.console.print(Text(terminal_safe(text), style="dim"))


class _JsonReporter(BatchReporter):
    """Nothing until the end, then one document."""

    def __init__(self, context: CommandContext) -> None:
        self._output = context.output
        self._is_verbose: bool = context.args.verbose

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        counts = Counter(result.status for result in results)
        self._output.json(
            {
                "schema": "ytaudio.download/1",
                "output_dir": str(output),
                "counts": {status.value: counts[status] for status in ItemStatus},
                "downloads": [_document(result) for result in results],
            }
        )

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        self._output.stderr_line(f"ytaudio: {_STOP_MESSAGES[stop]} ({running} running)")


def download_progress_text(progress: Progress) -> str:
    """Return in words how far a download is: bytes, speed, time left."""
    if progress.phase != "downloading":
        return progress.phase
    parts = [format_size(progress.downloaded_bytes or 0)]
    if progress.total_bytes:
        parts[0] += f" of {format_size(progress.total_bytes)}"
    if progress.speed_bps:
        parts.append(f"{format_size(progress.speed_bps)}/s")
    if progress.eta_s is not None:
        parts.append(f"{format_duration(progress.eta_s)} left")
    return "  ".join(parts)


def _result_text(result: ItemResult) -> str:
    item, fetched = result.item, result.fetched
    if result.status is ItemStatus.REJECTED:
        return f"{item.location or item.text}: {item.code}: {item.message}"
    if result.status is ItemStatus.DUPLICATE:
        return f"{item.location or item.text}: {_link(item)} is asked for above"
    if fetched is not None and fetched.outcome.result is not None:
        made = fetched.outcome.result
        return f"{fetched.path} ({format_size(made.size_bytes)}, {format_playing_time(made.duration_s)})"
    return f"{_link(item)}: {_failure_text(result.failure)}"


def _row(result: ItemResult) -> tuple[str, str, str, str]:
    made = result.fetched.outcome.result if result.fetched else None
    path = result.fetched.path if result.fetched else None
    if made is not None and path is not None:
        return (
            result.status,
            format_size(made.size_bytes),
            format_playing_time(made.duration_s),
            path.name,
        )
    return result.status, "-", "-", _result_text(result)


def _failure_text(failure: Failure | None) -> str:
    if failure is None:
        return "it failed"
    hint = "" if failure.kind in _DAEMON_ONLY_HINTS else failure.hint
    return f"{failure.message} {hint}".rstrip()


def _counts_text(results: Sequence[ItemResult]) -> str:
    counts = Counter(result.status for result in results)
    return ", ".join(
        f"{counts[status]:,} {status}" for status in ItemStatus if counts[status]
    )


def _link(item: Item) -> str:
    return item.request.link.url if item.request else item.text


def _fit_title(title: str) -> str:
    if len(title) <= TITLE_WIDTH:
        return title.ljust(TITLE_WIDTH)
    return f"{title[: TITLE_WIDTH - 1]}…"


def _document(result: ItemResult) -> dict[str, Any]:
    """Return an item for programs; a failure's words as the status files have them."""
    item, fetched = result.item, result.fetched
    outcome = fetched.outcome if fetched else None
    made = outcome.result if outcome else None
    path = fetched.path if fetched else None
    return {
        "result": result.status.value,
        "file": item.file,
        "line": item.line,
        "text": item.text,
        "url": item.request.link.url if item.request else None,
        "video_id": item.request.link.video_id if item.request else None,
        "options": item.request.options.to_json() if item.request else None,
        "duplicate_of": item.duplicate_of,
        "output_path": str(path) if path else None,
        "file_size_bytes": made.size_bytes if made else None,
        "title": made.title if made else outcome.title if outcome else None,
        "artist": made.artist if made else outcome.artist if outcome else None,
        "duration_s": made.duration_s
        if made
        else outcome.duration_s
        if outcome
        else None,
        "view_count": made.view_count
        if made
        else outcome.view_count
        if outcome
        else None,
        "attempts": fetched.attempts if fetched else 0,
        "error": _error(result),
    }


def _error(result: ItemResult) -> dict[str, str] | None:
    if result.status is ItemStatus.REJECTED:
        return {
            "kind": "rejected",
            "code": result.item.code,
            "message": result.item.message,
            "hint": "",
        }
    failure = result.failure
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "code": failure.code,
        "message": failure.message,
        "hint": failure.hint,
    }

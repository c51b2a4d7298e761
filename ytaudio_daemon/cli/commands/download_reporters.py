"""Reporters of a download: lines for a pipe, JSON for programs."""

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_results import (
    BatchReporter,
    ItemResult,
    ItemStatus,
)
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import (
    format_duration,
    format_playing_time,
    format_size,
    phase_text,
    pluralize,
)
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.downloader.folder_downloader import StopLevel
from ytaudio_daemon.model import Failure, JobState, Progress
from ytaudio_daemon.model.hints import Circumstances, hint

_STOP_MESSAGES = {
    StopLevel.GRACEFUL: "finishing what is running; Ctrl-C again stops at once",
    StopLevel.IMMEDIATE: "stopping at once",
}


class LineReporter(BatchReporter):
    """Prints a line for each item that ends; with -v also for each phase."""

    def __init__(self, context: CommandContext) -> None:
        self._output: Output = context.output
        self._is_verbose: bool = context.args.verbose
        self._lock = threading.RLock()
        self._phases: dict[int, str] = {}

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        """Print each new phase of an item, with -v."""
        if self._is_verbose and self._phases.get(number) != progress.phase:
            self._phases[number] = progress.phase
            self.print_note(f"{link_of(item)}: {progress.phase}")

    def on_item_result(self, number: int, result: ItemResult) -> None:  # noqa: ARG002 - for bars
        """Print how an item ended; with -v also yt-dlp's last lines of a failure."""
        with self._lock:
            self.print_result(result.status, result_text(result))
            failure = result.failure
            if failure is not None and self._is_verbose:
                for line in failure.log_tail.splitlines():
                    self.print_note(f"  {line}")

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        """Print when the download will stop."""
        what = (
            f" ({pluralize(running, 'download')})" if stop is StopLevel.GRACEFUL else ""
        )
        self.print_note(f"ytaudio: {_STOP_MESSAGES[stop]}{what}")

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Print how many items ended how, and the folder."""
        self._output.line(f"{_counts_text(results)}, in {output}")

    def print_result(self, status: ItemStatus, text: str) -> None:
        """Print how an item ended, and flush: a reader in a pipe may wait for it."""
        self._output.line(f"{status:<9} {text}")
        self._output.flush()

    def print_note(self, text: str) -> None:
        """Print a remark beside the results."""
        with self._lock:
            self._output.stderr_line(text)


class JsonReporter(BatchReporter):
    """Prints nothing until the end, then one document.

    Args:
        context: Has the output.
        switched_off: The line of each link in a comment of the list.
    """

    def __init__(self, context: CommandContext, switched_off: Sequence[int]) -> None:
        self._output = context.output
        self._switched_off = list(dict.fromkeys(switched_off))

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Print the document."""
        counts = Counter(result.status for result in results)
        self._output.json(
            {
                "schema": "ytaudio.download/1",
                "output_dir": str(output),
                "counts": {status.value: counts[status] for status in ItemStatus},
                "downloads": [_document(result) for result in results],
                "switched_off": self._switched_off,
            }
        )

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        """Print when the download will stop, to standard error."""
        self._output.stderr_line(f"ytaudio: {_STOP_MESSAGES[stop]} ({running} running)")


def download_progress_text(progress: Progress) -> str:
    """Return a download's progress in words: bytes, speed, time left."""
    if progress.phase != "downloading":
        return phase_text(progress.phase)
    parts = [format_size(progress.downloaded_bytes or 0)]
    if progress.total_bytes:
        parts[0] += f" of {format_size(progress.total_bytes)}"
    if progress.speed_bps:
        parts.append(f"{format_size(progress.speed_bps)}/s")
    if progress.eta_s is not None:
        parts.append(f"{format_duration(progress.eta_s)} left")
    return "  ".join(parts)


def result_text(result: ItemResult) -> str:
    """Return the file that an item became, or why it became none."""
    item, fetched = result.item, result.fetched
    if result.status is ItemStatus.REJECTED:
        return f"{item.location or item.text}: {item.code}: {item.message}"
    if result.status is ItemStatus.DUPLICATE:
        return f"{item.location or item.text}: {link_of(item)} is in the list above"
    if fetched is not None and fetched.outcome.result is not None:
        made = fetched.outcome.result
        facts = [format_size(made.size_bytes), format_playing_time(made.duration_s)]
        if not fetched.attempts:
            facts.append("of an earlier run")
        return f"{fetched.path} ({', '.join(facts)})"
    return f"{link_of(item)}: {_failure_text(result.failure)}"


def _failure_text(failure: Failure | None) -> str:
    if failure is None:
        return "it failed"
    return f"{failure.message} {_hint(failure)}".rstrip()


def _hint(failure: Failure) -> str:
    """Return the hint; nothing is tried again by itself after the command."""
    return hint(
        kind=failure.kind,
        code=failure.code,
        remedy=failure.hint,
        state=JobState.FAILED,
        circumstances=Circumstances(has_session=False),
    )


def _counts_text(results: Sequence[ItemResult]) -> str:
    counts = Counter(result.status for result in results)
    return ", ".join(
        f"{counts[status]:,} {status}" for status in ItemStatus if counts[status]
    )


def link_of(item: Item) -> str:
    """Return an item's link as we write it; the text given when it was refused."""
    return item.request.link.url if item.request else item.text


def _document(result: ItemResult) -> dict[str, Any]:
    """Return a result for programs; its error as in the status files."""
    item, fetched = result.item, result.fetched
    outcome = fetched.outcome if fetched else None
    made = outcome.result if outcome else None
    path = fetched.path if fetched else None
    return {
        "result": result.status.value,
        "file": item.file,
        "line": item.line,
        "part": item.part,
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
        "hint": _hint(failure),
    }

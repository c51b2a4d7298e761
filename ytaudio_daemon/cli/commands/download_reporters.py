"""Reporters of a download: lines for a pipe, JSON for programs."""

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ytaudio_daemon.cli.commands.download_document import download_document
from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.cli.commands.download_results import (
    BatchReporter,
    ItemResult,
    ItemStatus,
    failure_hint,
)
from ytaudio_daemon.cli.commands.expansion_text import expansion_text
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import (
    format_duration,
    format_playing_time,
    format_size,
    phase_text,
    pluralize,
)
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.downloader.expansion import Expansion
from ytaudio_daemon.downloader.stop_signal import StopLevel
from ytaudio_daemon.model import Failure, Progress
from ytaudio_daemon.model.collection import UNAVAILABLE_TEXTS

_STOP_MESSAGES = {
    StopLevel.GRACEFUL: "finishing what is running; Ctrl-C again stops at once",
    StopLevel.IMMEDIATE: "stopping at once",
}
#: The first word of the line on a listed collection, where results have their status.
LISTED = "listed"


class LineReporter(BatchReporter):
    """Prints a line for each item that ends; with -v also for each phase."""

    def __init__(self, context: CommandContext) -> None:
        self._output: Output = context.output
        self._is_verbose: bool = context.args.verbose
        self._lock = threading.RLock()
        self._phases: dict[int, str] = {}

    def on_listed(self, expansion: Expansion) -> None:
        """Print how many entries a collection has, once its listing has ended."""
        if expansion.has_ended and expansion.failure is None:
            self.print_listed(expansion_text(expansion))

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        """Print each new phase of an item, with -v."""
        if self._is_verbose and self._phases.get(number) != progress.phase:
            self._phases[number] = progress.phase
            self.print_note(f"{item.link_text}: {progress.phase}")

    def on_item_result(self, number: int, result: ItemResult) -> None:  # noqa: ARG002 - for bars
        """Print how an item ended; with -v also yt-dlp's last lines of a failure."""
        with self._lock:
            self.print_result(result.status, result_text(result))
            failure = result.failure
            if failure is not None and self._is_verbose:
                for line in failure.log_tail.splitlines():
                    self.print_note(f"  {line}")

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        """Print whether running downloads are finished or stopped."""
        what = (
            f" ({pluralize(running, 'download')})" if stop is StopLevel.GRACEFUL else ""
        )
        self.print_note(f"ytaudio: {_STOP_MESSAGES[stop]}{what}")

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Print the number of items by status, and the folder."""
        self._output.line(f"{_counts_text(results)}, in {output}")

    def print_listed(self, text: str) -> None:
        """Print the text on a listed collection."""
        with self._lock:
            self._output.line(f"{LISTED:<9} {text}")
            self._output.flush()

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
        self._expansions: list[Expansion] = []

    def on_listed(self, expansion: Expansion) -> None:
        """Store a collection that was listed."""
        if expansion.has_ended:
            self._expansions.append(expansion)

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Print the document."""
        document = download_document(
            results, self._expansions, output, self._switched_off
        )
        self._output.json(document)

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        """Print to standard error whether running downloads are finished or stopped."""
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
    if result.status is ItemStatus.UNAVAILABLE and item.entry is not None:
        reason = UNAVAILABLE_TEXTS.get(item.entry.unavailable, item.entry.unavailable)
        return f"{item.link_text}: {reason}"
    if result.status is ItemStatus.DUPLICATE:
        return f"{item.location or item.text}: {item.link_text} is in the list above"
    if fetched is not None and fetched.outcome.result is not None:
        made = fetched.outcome.result
        facts = [format_size(made.size_bytes), format_playing_time(made.duration_s)]
        if not fetched.attempts:
            facts.append("of an earlier run")
        return f"{fetched.path} ({', '.join(facts)})"
    return f"{item.link_text}: {_failure_text(result.failure)}"


def _failure_text(failure: Failure | None) -> str:
    if failure is None:
        return "it failed"
    return f"{failure.message} {failure_hint(failure)}".rstrip()


def _counts_text(results: Sequence[ItemResult]) -> str:
    counts = Counter(result.status for result in results)
    return ", ".join(
        f"{counts[status]:,} {status}" for status in ItemStatus if counts[status]
    )

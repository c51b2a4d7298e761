"""The results of a download of several items, and the interface that reports them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ytaudio_daemon.cli.commands.download_list import Item
from ytaudio_daemon.downloader.expansion import Expansion
from ytaudio_daemon.downloader.folder_downloader import DownloadOutcome
from ytaudio_daemon.downloader.stop_signal import StopLevel
from ytaudio_daemon.model import Failure, JobState, Progress
from ytaudio_daemon.model.hints import Circumstances, hint


class ItemStatus(StrEnum):
    """How an item ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    #: Refused before any download: no link, or a bad option.
    REJECTED = "rejected"
    #: The same as an item before it.
    DUPLICATE = "duplicate"
    #: An entry of a collection that YouTube does not hand out.
    UNAVAILABLE = "unavailable"
    #: Not begun: interrupted, or an earlier failure would have met it as well.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """An item's result.

    Attributes:
        item: The item.
        status: How it ended.
        fetched: The outcome of its download; None when it was not begun.
    """

    item: Item
    status: ItemStatus
    fetched: DownloadOutcome | None = None

    @property
    def failure(self) -> Failure | None:
        """The reason, when it failed or was not begun."""
        return self.fetched.outcome.failure if self.fetched else None


class BatchReporter:
    """Reports a download to the user. Its methods are called from several threads."""

    def on_start(self, items: Sequence[Item]) -> None:
        """Called before the first item."""

    def on_listed(self, expansion: Expansion) -> None:
        """Called after each entry of a collection, and when its listing has ended."""

    def on_progress(self, number: int, item: Item, progress: Progress) -> None:
        """Called while an item is downloaded."""

    def on_item_result(self, number: int, result: ItemResult) -> None:
        """Called when an item has ended."""

    def on_interrupted(self, stop: StopLevel, running: int) -> None:
        """Called when the user interrupts; `running` downloads go on."""

    def on_finish(self, results: Sequence[ItemResult], output: Path) -> None:
        """Called when all items have ended."""

    def close(self) -> None:
        """Restore the terminal. Called last, also after an error."""


def failure_hint(failure: Failure) -> str:
    """Return the hint on a failure: this command tries nothing again by itself."""
    return hint(
        kind=failure.kind,
        code=failure.code,
        remedy=failure.hint,
        state=JobState.FAILED,
        circumstances=Circumstances(has_session=False),
    )

"""Which entries are taken when a followed list is read first. Pure."""

from dataclasses import dataclass

from ytaudio_daemon.model.selection import ListableEntry, Selection
from ytaudio_daemon.model.subscription import BEFORE_FOLLOWED, BEYOND_KEEP_LAST


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the first look of a subscription takes: nothing, or what `since` says.

    Attributes:
        selection: Of the line.
        keep_last: The number of latest files that stay; None for all. The files of other
            entries would be removed as soon as they are there.
    """

    selection: Selection
    keep_last: int | None = None

    @property
    def order(self) -> str:
        """The order in which entries are decided about; one of `ORDERS`."""
        counts_latest = self.keep_last is not None and not self._takes_nothing
        return "newest" if counts_latest else self.selection.order

    def skip_reason(
        self, entry: ListableEntry, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why an entry is not taken; the arguments are those of a selection."""
        if self._takes_nothing:
            return BEFORE_FOLLOWED
        reason = self.selection.skip_reason(entry, chosen_so_far, max_items)
        if reason is not None or entry.unavailable or self.keep_last is None:
            return reason
        return BEYOND_KEEP_LAST if chosen_so_far >= self.keep_last else None

    @property
    def _takes_nothing(self) -> bool:
        return self.selection.since is None

"""Which entries of a collection become jobs, and why the others do not. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from ytaudio_daemon.model.collection_options import (
    duration_text,
    parse_ranges,
    parse_seconds,
)
from ytaudio_daemon.model.options import Layer


class SelectableEntry(Protocol):
    """What a selection looks at: an entry as it was listed, or its row."""

    @property
    def position(self) -> int:
        """Its place in the list, from 1."""

    @property
    def title(self) -> str | None:
        """Its title, if it has one."""

    @property
    def duration_s(self) -> float | None:
        """Its length in seconds, if the list names it."""

    @property
    def upload_date(self) -> str | None:
        """The day of its upload, `YYYY-MM-DD`; None or "" if the list names none."""


class ListableEntry(SelectableEntry, Protocol):
    """An entry that may be shown as unavailable."""

    @property
    def unavailable(self) -> str:
        """Why its video cannot be fetched; "" when it seems to be there."""


EntryT = TypeVar("EntryT", bound=SelectableEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The entries that a line asks for; None and "" where it does not say.

    Attributes:
        items: Ranges of positions in the list; () for all.
        order: The order in which jobs are made: one of `ORDERS`.
        min_s: The shortest length in seconds.
        max_s: The longest.
        since: The first day of upload, `YYYY-MM-DD`.
        until: The last.
        match: What a title must contain, whatever its case.
        not_match: What a title must not contain.
        max_items: At most so many entries; None for the config's number.
        again: Entries that the archive has are selected, too.
    """

    items: tuple[tuple[int, int | None], ...] = ()
    order: str = "list"
    min_s: int | None = None
    max_s: int | None = None
    since: str | None = None
    until: str | None = None
    match: str = ""
    not_match: str = ""
    max_items: int | None = None
    again: bool = False

    @classmethod
    def from_layer(cls, layer: Layer) -> "Selection":
        """Return what a line's checked options select; others are ignored."""
        return cls(
            items=parse_ranges(layer["items"]) if "items" in layer else (),
            order=layer.get("order", "list"),
            min_s=parse_seconds(layer["min"]) if "min" in layer else None,
            max_s=parse_seconds(layer["max"]) if "max" in layer else None,
            since=layer.get("since"),
            until=layer.get("until"),
            match=layer.get("match", ""),
            not_match=layer.get("not", ""),
            max_items=layer.get("max_items"),
            again=layer.get("again") == "yes",
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; without `again` unless it is set, as before it came."""
        data = asdict(self)
        if not self.again:
            del data["again"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Selection":
        """Rebuild a selection from `to_json`."""
        items = tuple((first, last) for first, last in data.get("items", ()))
        return cls(**{**data, "items": items})

    def digest(self) -> str:
        """Return 16 hex digits that are the same for the same selection."""
        import hashlib  # noqa: PLC0415 - OpenSSL; `status` and `--help` need none

        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def last_position(self) -> int | None:
        """The last position that is asked for; None when the list's end is."""
        ends = [last for _, last in self.items]
        known = [last for last in ends if last is not None]
        return max(known) if known and len(known) == len(ends) else None

    def limit(self, max_items: int) -> int:
        """Return how many entries become jobs at most: the config's, or its own."""
        return self.max_items or max_items

    def skip_reason(
        self, entry: ListableEntry, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why an entry is not selected; of an unavailable one, too.

        Args:
            entry: The entry.
            chosen_so_far: The number of entries that are selected before it.
            max_items: The config's; the line's own wins.
        """
        if entry.unavailable:
            return self.decide_unavailable(entry.position, chosen_so_far, max_items)
        return self.decide(entry, chosen_so_far, max_items)

    def decide(
        self, entry: SelectableEntry, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why an entry is not selected, in a few words; None if it is.

        Args:
            entry: The entry.
            chosen_so_far: The number of entries that are selected before it.
            max_items: The config's; the line's own wins.
        """
        reason = (
            self._position_reason(entry.position)
            or self._length_reason(entry.duration_s)
            or self._date_reason(entry.upload_date)
            or self._title_reason(entry.title or "")
        )
        return reason or self._limit_reason(chosen_so_far, max_items)

    def decide_unavailable(
        self, position: int, chosen_so_far: int, max_items: int
    ) -> str | None:
        """Return why nobody asked for an entry that cannot be fetched; None if one did.

        The list shows neither its title nor its length.
        """
        return self._position_reason(position) or self._limit_reason(
            chosen_so_far, max_items
        )

    def _limit_reason(self, chosen_so_far: int, max_items: int) -> str | None:
        limit = self.limit(max_items)
        if chosen_so_far < limit:
            return None
        return f"more than {limit} (max_items)"

    def _position_reason(self, position: int) -> str | None:
        if not self.items or any(
            first <= position and (last is None or position <= last)
            for first, last in self.items
        ):
            return None
        return "not among items"

    def _length_reason(self, duration_s: float | None) -> str | None:
        if self.min_s is None and self.max_s is None:
            return None
        if duration_s is None:
            return "its length is not known"
        if self.min_s is not None and duration_s < self.min_s:
            return f"shorter than {duration_text(self.min_s)}"
        if self.max_s is not None and duration_s > self.max_s:
            return f"longer than {duration_text(self.max_s)}"
        return None

    def _date_reason(self, upload_date: str | None) -> str | None:
        if self.since is None and self.until is None:
            return None
        if not upload_date:
            return "its date is not known"
        if self.since is not None and upload_date < self.since:
            return f"older than {self.since}"
        if self.until is not None and upload_date > self.until:
            return f"newer than {self.until}"
        return None

    def _title_reason(self, title: str) -> str | None:
        folded = title.casefold()
        if self.match and self.match.casefold() not in folded:
            return f"its title has no {self.match!r}"
        if self.not_match and self.not_match.casefold() in folded:
            return f"its title has {self.not_match!r}"
        return None


def in_order(entries: Sequence[EntryT], order: str) -> Sequence[EntryT]:
    """Return entries in the order in which they are selected.

    Where the list names no days, it is taken to have the newest entry first, as
    channels do.

    Args:
        entries: All of them, by position.
        order: One of `ORDERS`.
    """
    if order == "reverse":
        return entries[::-1]
    if order == "list":
        return entries
    newest_first = sorted(
        entries, key=lambda entry: entry.upload_date or "", reverse=True
    )
    return newest_first if order == "newest" else newest_first[::-1]

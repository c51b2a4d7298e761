"""Decides when and how subscriptions are looked at, and what their looks take. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from ytaudio_daemon.model.collection_options import duration_text, parse_seconds
from ytaudio_daemon.model.options import Layer, OptionError
from ytaudio_daemon.model.selection import SelectableEntry, Selection

#: A look is late by up to this part of the interval, so that many do not come at once.
JITTER = 0.1
#: Seconds after which a look reads the whole list, and not the feed alone.
WHOLE_LIST_S = 7 * 86_400.0
#: The whole list is read so often, in seconds, where the feed may not show what is new.
NO_FEED_LIST_S = 86_400.0
#: Entries in a feed. That of a playlist has its first ones, which need not be the newest
#: (invidious#4047, youtube/api-samples#91).
FEED_ENTRIES = 15
#: Looks that came due while the daemon was off are spread over so many seconds.
CATCH_UP_S = 900.0
#: The reason for entries that a list had when it was first read, without `since`.
BEFORE_FOLLOWED = "in the list before it was followed"
#: The reason for those that it had then, with `since`, beyond the number of files kept.
BEYOND_KEEP_LAST = "older than the latest ones that keep_last keeps"
#: Not decided about again: the looks of a subscription take what comes after them.
PASSED_OVER = (BEFORE_FOLLOWED, BEYOND_KEEP_LAST)
#: The remark on a finished file that is no longer there.
REMOVED_REMARK = "its file was removed: keep_last keeps the latest ones"

#: By the tab of a channel: the prefix of the playlist that holds its videos.
_TAB_PLAYLISTS = {"videos": "UULF", "shorts": "UUSH", "streams": "UULV"}
_CHANNEL_ID = re.compile(r"UC([A-Za-z0-9_-]{22})")
_LIST_ID = re.compile(r"[A-Za-z0-9_-]{2,120}")
_CHANNEL_TAB = re.compile(r"/(?:channel/[^/]+|@[^/]+|(?:c|user)/[^/]+)/(\w+)/?$")


class SubscriptionState(StrEnum):
    """Whether a collection is looked at again."""

    ACTIVE = "active"
    #: Until a person resumes it.
    PAUSED = "paused"
    #: Until a line asks for it again.
    STOPPED = "stopped"


class Removal(StrEnum):
    """What `keep_last` did to an entry's finished file."""

    #: Its file is being removed.
    PENDING = "pending"
    REMOVED = "removed"
    #: A person has moved, changed or removed it in the library: it stays.
    MOVED = "moved"


class Look(StrEnum):
    """The kind of a look at a subscription's collection."""

    #: Not at all, or because a person asked for it.
    NONE = ""
    #: Its feed, which shows the newest entries.
    FEED = "feed"
    #: The whole list.
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What a line asks of a subscription.

    Attributes:
        interval_s: Seconds from one look to the next.
        keep_last: So many of the finished files that it brought stay; None for all.
    """

    interval_s: int
    keep_last: int | None = None

    @classmethod
    def from_layer(cls, layer: Layer) -> "Follow | None":
        """Return what a line's checked options ask for; None when it follows nothing."""
        if "follow" not in layer:
            return None
        return cls(
            interval_s=parse_seconds(layer["follow"]), keep_last=layer.get("keep_last")
        )


def follow_text(follow: Follow, since: str | None) -> str:
    """Return what following a list will do, for a person who checks a file."""
    first = (
        f"the first look takes those since {since}"
        if since
        else "the first look takes none, later ones what is new"
    )
    kept = (
        f"; the latest {follow.keep_last} files stay"
        if follow.keep_last is not None
        else ""
    )
    return f"followed every {duration_text(follow.interval_s)}: {first}{kept}"


def misused_follow(options: Layer) -> OptionError | None:
    """Return the refusal of options that do not go together with following a list."""
    if "keep_last" in options and "follow" not in options:
        return OptionError(
            "bad_option",
            "keep_last goes with follow: write follow=1d before it to have the list "
            "looked at every day",
        )
    if "follow" in options and "items" in options:
        return OptionError(
            "bad_option",
            "items names places in the list, which change while it is followed: give "
            "since, match, not or max_items with follow instead",
        )
    return None


def next_delay_s(interval_s: float, chance: float) -> float:
    """Return the seconds to the next look: the interval, or somewhat more.

    Args:
        interval_s: Of the subscription.
        chance: From 0 to 1.
    """
    return interval_s * (1 + JITTER * chance)


def next_look(
    kind: str, entry_count: int | None, feed_query: str, whole_list_age_s: float
) -> Look:
    """Return how the next look is done: by the feed, unless the list is long unread.

    Args:
        kind: `playlist`, `album` or `channel`.
        entry_count: The number of entries that the list had; None where it is unknown.
        feed_query: Names the feed; "" when there is none.
        whole_list_age_s: Seconds since the whole list was read.
    """
    is_whole = entry_count is not None and entry_count < FEED_ENTRIES
    shows_newest = kind == "channel" or is_whole
    longest_s = WHOLE_LIST_S if shows_newest else NO_FEED_LIST_S
    if feed_query and whole_list_age_s < longest_s:
        return Look.FEED
    return Look.LIST


def feed_query(kind: str, url: str, list_id: str, channel_id: str) -> str:
    """Return the query of a collection's feed; "" when it has none.

    A feed of a channel by its ID has shorts and streams, too; each tab is a playlist of
    its own, which has a feed (miniflux/v2#1853, iv-org/invidious#4846).

    Args:
        kind: `playlist`, `album` or `channel`.
        url: The canonical link, which ends in the tab of a channel.
        list_id: The ID that YouTube gave the list.
        channel_id: The channel's.
    """
    if kind != "channel":
        return f"playlist_id={list_id}" if _LIST_ID.fullmatch(list_id) else ""
    found, tab = _CHANNEL_ID.fullmatch(channel_id), _CHANNEL_TAB.search(url)
    if found is None or tab is None:
        return ""
    if list_id.startswith("UU"):  # it has no tab of videos, but a list of uploads
        return f"channel_id={channel_id}"
    prefix = _TAB_PLAYLISTS.get(tab[1])
    return f"playlist_id={prefix}{found[1]}" if prefix else ""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Selects the entries of a subscription's first look: none, or those since a day.

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
        self, entry: SelectableEntry, chosen_so_far: int, max_items: int
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

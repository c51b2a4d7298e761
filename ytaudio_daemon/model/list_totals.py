"""What one listing of a collection came to: plain data between processes. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

_FEED_MARK = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,199}")


class FeedState(StrEnum):
    """What a feed said."""

    #: Its entries came as a page.
    READ = "read"
    #: The same as last time.
    UNCHANGED = "unchanged"
    #: YouTube has none just now.
    ABSENT = "absent"


def feed_mark(text: object) -> str:
    """Return an `ETag` or `Last-Modified` that may be sent back, else ""."""
    found = isinstance(text, str) and _FEED_MARK.fullmatch(text)
    return str(text) if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTotals:
    """The totals of a listing that reached its end.

    Attributes:
        entries: Entries sent, the unavailable ones among them.
        unavailable: Those of them that cannot be fetched, or not yet.
        repeated: Places of the list left out because their video had come before.
        announced: Videos that YouTube says the list has, or None.
        is_cut: The list goes on beyond `ListRequest.max_entries`.
        feed: What the feed said instead of the list, a `FeedState`; "" when the list
            was read.
        etag, modified: The marks of the feed's content, for the next request.
    """

    entries: int
    unavailable: int = 0
    repeated: int = 0
    announced: int | None = None
    is_cut: bool = False
    feed: str = ""
    etag: str = ""
    modified: str = ""

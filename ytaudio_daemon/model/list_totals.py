"""What one listing of a collection came to: plain data between processes. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTotals:
    """The totals of a listing that reached its end.

    Attributes:
        entries: Entries sent, the unavailable ones among them.
        unavailable: Those of them that cannot be fetched, or not yet.
        repeated: Places of the list left out because their video had come before.
        announced: Videos that YouTube says the list has, or None.
        is_cut: The list goes on beyond `ListRequest.max_entries`.
    """

    entries: int
    unavailable: int = 0
    repeated: int = 0
    announced: int | None = None
    is_cut: bool = False

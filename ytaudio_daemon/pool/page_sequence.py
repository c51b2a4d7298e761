"""Checks that the pages of one listing follow on one another and have an end. Pure."""

from ytaudio_daemon.model import ListedPage, ListRequest


class PageSequence:
    """The pages that a listing has sent so far.

    Args:
        request: The listing's; it bounds the number of entries.
    """

    def __init__(self, request: ListRequest) -> None:
        self._entries_left = request.max_entries
        self._number = 0
        self._position = 0

    def add(self, page: ListedPage) -> None:
        """Add the next page.

        Raises:
            ValueError: It does not follow on the last one, or there are too many entries.
        """
        if page.number != self._number + 1:
            raise ValueError(f"page {page.number} after page {self._number}")
        if page.entries[0].position <= self._position:
            raise ValueError("the pages of a listing are in order")
        self._entries_left -= len(page.entries)
        if self._entries_left < 0:
            raise ValueError("more entries than asked for")
        self._number, self._position = page.number, page.entries[-1].position

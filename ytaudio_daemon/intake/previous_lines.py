"""Loads the earlier lines of a file that stays in the inbox: only new lines count."""

from ytaudio_daemon.dropfile import line_identity
from ytaudio_daemon.ledger import Connection, drop_queries
from ytaudio_daemon.ledger.drop_queries import KeptFile
from ytaudio_daemon.model import LinePart

#: Lines read from the ledger in one go: some 10 ms.
LINES_PER_PAGE = 2000


class PreviousLines:
    """The lines of a file's earlier contents, read a page at a time.

    A page that fails to load is loaded again by the next call.

    Args:
        db: Is read for the drops of earlier contents.
        file: The file that stays in place.

    Attributes:
        identities: Of the lines found so far.
    """

    def __init__(self, db: Connection, file: KeptFile) -> None:
        self.identities: set[str] = set()
        self._drops = drop_queries.kept_drops(db, file)
        self._last_line = LinePart()

    def load_page(self, db: Connection) -> bool:
        """Read one page; returns whether it was the last one."""
        if not self._drops:
            return True
        page = drop_queries.written_lines_after(
            db, self._drops[0], self._last_line, LINES_PER_PAGE
        )
        self.identities.update(line_identity(each.text, each.link) for each in page)
        if page:
            self._last_line = page[-1].place
        else:
            self._drops.pop(0)
            self._last_line = LinePart()
        return not self._drops

"""A drop on the table: its lines on their way into the ledger."""

import time
from collections.abc import Iterator

from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import Entry
from ytaudio_daemon.folders.inbox import Sighting
from ytaudio_daemon.ledger.drops import Ask, Drop, NewDrop, NewLine
from ytaudio_daemon.model import Layer
from ytaudio_daemon.model.options import effective

#: What a drop is known by until it is filed: session name, file name, content hash.
Key = tuple[str, bytes, str]
#: Options that are remembered: a million lines may each have a title of their own.
MAX_ASKS = 1000


class Paper:
    """One drop, read whole; gives its lines out in order.

    Args:
        sighting: Where it was found.
        content: Its bytes.
        sha256: Of the content.
        layers: The options below the file's own: the config's, the session's.
        default_bitrate: The config's.

    Attributes:
        drop: Its row, once the ledger has one.
        problem: Why nothing in it can be used, or None.
        is_read: Whether its end was reached.
        known_texts: Lines that an earlier content of a kept file had; they do not
            count again.
    """

    def __init__(
        self,
        sighting: Sighting,
        content: bytes,
        sha256: str,
        *,
        layers: tuple[Layer, ...],
        default_bitrate: str,
    ) -> None:
        self.sighting = sighting
        self.sha256 = sha256
        self.size = len(content)
        self.drop: Drop | None = None
        self.problem: str | None = None
        self.is_read = False
        self.known_texts = set[str]()
        self._layers = layers
        self._default_bitrate = default_bitrate
        self._asks: dict[tuple[tuple[str, object], ...], Ask] = {}
        self._lines = self._read(content)

    @property
    def key(self) -> Key:
        """What a drop is known by until it is filed: session, name, content."""
        return self.sighting.place.session, self.sighting.name, self.sha256

    def as_new(self) -> NewDrop:
        """Return what the ledger notes of the file."""
        return NewDrop(
            name=self.sighting.name, sha256=self.sha256, size_bytes=self.size
        )

    def next_lines(self, count: int, enough: float) -> list[NewLine]:
        """Return up to so many new lines behind the drop's cursor.

        Args:
            count: At least one.
            enough: When to stop passing over lines that are known, by
                `time.monotonic()`; then there are fewer, and `is_read` is False.
        """
        found: list[NewLine] = []
        for line in self._lines:
            if line is not None:
                found.append(line)
            elif time.monotonic() >= enough:
                return found
            if len(found) == count:
                return found
        self.is_read = True
        return found

    def _read(self, content: bytes) -> Iterator[NewLine | None]:
        """Yield all lines in order; None for one that is known already."""
        name = self.sighting.name.decode("utf-8", "surrogateescape")
        kind = dropfile.kind_of(name)
        if kind is None:
            self.problem = "its name is not one of a drop file"
            return
        try:
            for entry in dropfile.parse(content, kind):
                known = entry.line <= self._cursor or entry.text in self.known_texts
                yield None if known else self._new_line(entry)
        except dropfile.NotADropError as error:
            self.problem = error.message

    @property
    def _cursor(self) -> int:
        return 0 if self.drop is None else self.drop.cursor

    def _new_line(self, entry: Entry) -> NewLine:
        again = dropfile.render_line(entry.link, entry.layer) if entry.link else None
        if entry.code is not None or entry.link is None:
            return NewLine(
                line=entry.line,
                text=entry.text,
                code=entry.code,
                message=entry.message,
                again=again,
            )
        return NewLine(
            line=entry.line,
            text=entry.text,
            video_id=entry.link.video_id,
            ask=self._ask(entry.layer),
            again=again,
        )

    def _ask(self, layer: Layer) -> Ask:
        """Work options out once for all lines that have the same."""
        key = tuple(sorted(layer.items()))
        if key not in self._asks:
            if len(self._asks) >= MAX_ASKS:
                self._asks.clear()
            options = effective(self._default_bitrate, *self._layers, layer)
            self._asks[key] = Ask.of(options)
        return self._asks[key]


def why_nothing_is_usable(paper: Paper, drop: Drop) -> str | None:
    """Return the reason to reject a whole drop, or None when some line was taken."""
    if drop.usable:
        return None
    if paper.problem is not None:
        return paper.problem
    if drop.rejected == 0:
        return "there is no link in it"
    if drop.rejected == 1:
        return "its only line could not be used"
    return f"none of its {drop.rejected:,} lines could be used"

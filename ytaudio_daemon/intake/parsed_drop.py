"""A drop that was read whole, and how far it is recorded."""

import time
from collections.abc import Iterator, Sequence

from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropLine
from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.intake.parse_guard import MAX_ENDS
from ytaudio_daemon.intake.recorded_drop import DropKey
from ytaudio_daemon.ledger.drops import Drop, JobOptions, NewDrop, NewLine
from ytaudio_daemon.model import Layer
from ytaudio_daemon.model.options import effective_options

#: Options that are remembered: a million lines may each have a title of their own.
MAX_CACHED_OPTIONS = 1000


class ParsedDrop:
    """One drop, read whole; returns its lines in order.

    Args:
        inbox_file: The file.
        content: Its bytes.
        sha256: Of the content.
        layers: The options below the file's own: the config's, the session's.
        default_bitrate: The config's.

    Attributes:
        drop: Its row, once the ledger has one.
        problem: Why nothing in it can be used, or None.
        is_read: Whether its end was reached.
        was_set_aside: Whether it ended the daemon, so that its end is not read.
        previous_texts: Lines that an earlier content of a kept file had; they do not
            count again.
    """

    def __init__(
        self,
        inbox_file: InboxFile,
        content: bytes,
        sha256: str,
        *,
        layers: tuple[Layer, ...],
        default_bitrate: str,
    ) -> None:
        self.inbox_file = inbox_file
        self.sha256 = sha256
        self.size = len(content)
        self.drop: Drop | None = None
        self.problem: str | None = None
        self.is_read = False
        self.was_set_aside = False
        self.previous_texts = set[str]()
        self._layers = layers
        self._default_bitrate = default_bitrate
        self._options_cache: dict[tuple[tuple[str, object], ...], JobOptions] = {}
        self._lines = self._parse(content)

    @property
    def key(self) -> DropKey:
        """What identifies the drop until it is filed."""
        return self.inbox_file.location.session, self.inbox_file.name, self.sha256

    def as_new_drop(self) -> NewDrop:
        """Return the drop's row for the ledger."""
        return NewDrop(
            name=self.inbox_file.name, sha256=self.sha256, size_bytes=self.size
        )

    def next_lines(self, count: int, deadline: float) -> list[NewLine]:
        """Return up to so many new lines behind the drop's cursor.

        Args:
            count: At least one.
            deadline: When to stop, by `time.monotonic()`: a crafted line takes
                milliseconds, a known one is skipped. Then fewer lines are returned, or
                none, and `is_read` is False.
        """
        found: list[NewLine] = []
        for line in self._lines:
            if line is not None:
                found.append(line)
            if len(found) == count or time.monotonic() >= deadline:
                return found
        self.is_read = True
        return found

    def set_aside(self) -> None:
        """Read no more of it: it ended the daemon too often at its next lines."""
        self._lines = iter(())
        self.was_set_aside = True
        self.problem = (
            f"the daemon ended {MAX_ENDS} times while it read the lines behind line "
            f"{self.cursor}, which are not taken; split the file to find the bad one"
        )

    def _parse(self, content: bytes) -> Iterator[NewLine | None]:
        """Return all new lines in order; None for one that is recorded, or no entry.

        Whether the content is a drop at all is known at once.
        """
        name = self.inbox_file.name.decode("utf-8", "surrogateescape")
        kind = dropfile.kind_of(name)
        if kind is None:
            self.problem = "its name is not one of a drop file"
            return iter(())
        try:
            return self._new_lines(dropfile.parse_in_steps(content, kind))
        except dropfile.NotADropError as error:
            self.problem = error.message
            return iter(())

    def _new_lines(
        self, drop_lines: Iterator[DropLine | None]
    ) -> Iterator[NewLine | None]:
        for entries in _by_line(drop_lines):
            yield None if self._is_known(entries) else self._new_line(entries)

    @property
    def cursor(self) -> int:
        """The last line that is recorded."""
        return 0 if self.drop is None else self.drop.cursor

    def _is_known(self, entries: Sequence[DropLine]) -> bool:
        """Return whether a line is recorded already, or has no entry."""
        if not entries:
            return True
        first = entries[0]
        return first.line <= self.cursor or first.text in self.previous_texts

    def _new_line(self, entries: Sequence[DropLine]) -> NewLine:
        drop_line = entries[0] if len(entries) == 1 else _refuse_parts(entries)
        again = "\n".join(
            dropfile.render_line(entry.link, entry.layer)
            for entry in entries
            if entry.link
        )
        if drop_line.code is not None or drop_line.link is None:
            return NewLine(
                line=drop_line.line,
                text=drop_line.text,
                code=drop_line.code,
                message=drop_line.message,
                again=again or None,
            )
        return NewLine(
            line=drop_line.line,
            text=drop_line.text,
            video_id=drop_line.link.video_id,
            job_options=self._job_options(drop_line.layer),
            again=again or None,
            is_music=drop_line.link.is_music,
        )

    def _job_options(self, layer: Layer) -> JobOptions:
        """Return a line's effective options; computed once for equal lines."""
        key = tuple(sorted(layer.items()))
        if key not in self._options_cache:
            if len(self._options_cache) >= MAX_CACHED_OPTIONS:
                self._options_cache.clear()
            options = effective_options(self._default_bitrate, *self._layers, layer)
            self._options_cache[key] = JobOptions.from_options(options)
        return self._options_cache[key]


def _by_line(drop_lines: Iterator[DropLine | None]) -> Iterator[Sequence[DropLine]]:
    """Yield the live entries of each line together; an empty one for each None."""
    entries: list[DropLine] = []
    for drop_line in drop_lines:
        if drop_line is None:
            yield ()
        elif drop_line.is_switched_off:
            continue
        elif entries and entries[0].line != drop_line.line:
            yield entries
            entries = [drop_line]
        else:
            entries.append(drop_line)
    if entries:
        yield entries


def _refuse_parts(entries: Sequence[DropLine]) -> DropLine:
    """Refuse a line of several links: the ledger has no parts of lines yet."""
    message = (
        f"there are {len(entries)} links in this line, and each needs a line of its own; "
        "drop the .failed.txt, which has them so"
    )
    return entries[0]._replace(code="several_links", message=message)


def rejection_reason(parsed_drop: ParsedDrop, drop: Drop) -> str | None:
    """Return the reason to reject a drop; None when its lines are taken as they are.

    One that was set aside is rejected from the line that ended the daemon.
    """
    if parsed_drop.was_set_aside:
        return parsed_drop.problem
    if drop.has_usable_lines:
        return None
    if parsed_drop.problem is not None:
        return parsed_drop.problem
    if drop.rejected == 0:
        return "there is no link in it"
    if drop.rejected == 1:
        return "its only line could not be used"
    return f"none of its {drop.rejected:,} lines could be used"

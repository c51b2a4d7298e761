"""A drop whose file was read whole, and the entries of it that are still to be recorded."""

import time
from collections.abc import Iterator, Sequence

from ytaudio_daemon import dropfile
from ytaudio_daemon.dropfile import DropLine
from ytaudio_daemon.dropfile.switched_off import no_line_reason
from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.intake.parse_guard import MAX_ENDS
from ytaudio_daemon.intake.recorded_drop import DropKey
from ytaudio_daemon.ledger.collections import NewCollection
from ytaudio_daemon.ledger.drops import (
    Drop,
    JobOptions,
    NewDrop,
    NewEntry,
    NewLine,
    SwitchedOffLink,
)
from ytaudio_daemon.model import Layer, LinePart
from ytaudio_daemon.model.filename_fields import FilenameWarnings
from ytaudio_daemon.model.options import effective_options
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import Follow
from ytaudio_daemon.urls import CollectionLink

#: Options that are remembered: a million lines may each have a title of their own.
MAX_CACHED_OPTIONS = 1000


class ParsedDrop:
    """A drop whose file was read whole; returns its entries in order.

    Args:
        inbox_file: The file.
        content: Its bytes.
        sha256: Of the content.
        defaults: The options below the file's own: the session's over the config's.
        default_bitrate: The config's.

    Attributes:
        drop: Its row, once the ledger has one.
        problem: Why nothing in it can be used, or None.
        is_read: Whether its end was reached.
        switched_off_count: The links in comments that were read so far.
        was_set_aside: Whether it ended the daemon, or this program made a mistake on it, so
            that its end is not read.
        mistake: That of this program.
        previous_lines: Identities of the lines that an earlier content of a kept file
            had; they do not count again.
    """

    def __init__(
        self,
        inbox_file: InboxFile,
        content: bytes,
        sha256: str,
        *,
        defaults: Layer,
        default_bitrate: str,
    ) -> None:
        self.inbox_file = inbox_file
        self.sha256 = sha256
        self.size = len(content)
        self.drop: Drop | None = None
        self.problem: str | None = None
        self.is_read = False
        self.was_set_aside = False
        self.mistake: Exception | None = None
        self.switched_off_count = 0
        self.previous_lines = set[str]()
        self._defaults = defaults
        self._default_bitrate = default_bitrate
        self._options_cache: dict[tuple[tuple[str, object], ...], JobOptions] = {}
        self._filename_warnings = FilenameWarnings()
        self._entries = self._parse(content)
        self._last_switched_off = SwitchedOffLink(0, 0)

    @property
    def key(self) -> DropKey:
        """What identifies the drop until it is filed."""
        return self.inbox_file.location.session, self.inbox_file.name, self.sha256

    def as_new_drop(self) -> NewDrop:
        """Return the drop's row for the ledger."""
        return NewDrop(
            name=self.inbox_file.name, sha256=self.sha256, size_bytes=self.size
        )

    def next_entries(self, count: int, deadline: float) -> list[NewEntry]:
        """Return up to so many new entries behind the drop's cursor.

        Args:
            count: At least one.
            deadline: When to stop, by `time.monotonic()`: a crafted line takes
                milliseconds, a known one is skipped. Then fewer entries are returned,
                or none, and `is_read` is False.
        """
        found: list[NewEntry] = []
        try:
            self._read_into(found, count, deadline)
        except ITEM_ERRORS as error:
            self.mistake = error
            self._set_aside(f"this program made a mistake ({error!r})", found)
        return found

    def _read_into(self, found: list[NewEntry], count: int, deadline: float) -> None:
        for entry in self._entries:
            if entry is not None:
                found.append(entry)
            if len(found) == count or time.monotonic() >= deadline:
                return
        self.is_read = True

    def set_aside(self) -> None:
        """Read no more of it: it ended the daemon too often at its next lines."""
        self._set_aside(f"the daemon ended {MAX_ENDS} times")

    def _set_aside(self, what_happened: str, found: Sequence[NewEntry] = ()) -> None:
        last = LinePart(found[-1].line) if found else self.cursor
        self._entries = iter(())
        self.was_set_aside = True
        self.problem = (
            f"{what_happened} while it read the lines behind line {last}, which are "
            "not taken; split the file to find the bad one"
        )

    def _parse(self, content: bytes) -> Iterator[NewEntry | None]:
        """Return all new entries in order; None for what is recorded, or no entry.

        Whether the content is a drop at all is known at once.
        """
        name = self.inbox_file.name.decode("utf-8", "surrogateescape")
        kind = dropfile.drop_kind(name)
        if kind is None:
            self.problem = "its name is not one of a drop file"
            return iter(())
        try:
            return map(self._new_entry, dropfile.parse_in_steps(content, kind))
        except dropfile.NotADropError as error:
            self.problem = error.message
            return iter(())

    @property
    def cursor(self) -> LinePart:
        """The last entry that is recorded."""
        return LinePart() if self.drop is None else self.drop.cursor

    def _new_entry(self, drop_line: DropLine | None) -> NewEntry | None:
        if drop_line is None:
            return None
        if drop_line.is_switched_off:
            return self._switched_off(drop_line.line)
        is_recorded = (drop_line.line, drop_line.part or 0) <= self.cursor
        if is_recorded or drop_line.identity in self.previous_lines:
            return None
        return self._new_line(drop_line.checked_with(self._defaults))

    def _switched_off(self, line: int) -> SwitchedOffLink | None:
        """Return the next switched-off link, which is on this line."""
        last = self._last_switched_off
        number = last.number + 1 if last.line == line else 1
        self._last_switched_off = SwitchedOffLink(line, number)
        self.switched_off_count += 1
        return self._last_switched_off if line >= self.cursor.line else None

    def _new_line(self, drop_line: DropLine) -> NewLine:
        link, collection = drop_line.link, drop_line.collection
        target, refused = collection or link, drop_line.code is not None
        takes = target is not None and not refused
        again = drop_line.layer.get("again", self._defaults.get("again"))
        job_options = self._job_options(drop_line.layer) if takes else None
        return NewLine(
            line=drop_line.line,
            part=drop_line.part or 0,
            text=drop_line.text,
            video_id=link.video_id if link and takes else None,
            job_options=job_options,
            code=drop_line.code,
            message=self._message(drop_line, job_options),
            again=dropfile.render_line(target, drop_line.layer) if target else None,
            is_music=link is not None and link.is_music,
            collection=(
                self._new_collection(collection, drop_line.layer)
                if collection and takes
                else None
            ),
            ignores_archive=again == "yes",
        )

    def _new_collection(self, link: CollectionLink, layer: Layer) -> NewCollection:
        merged = {**self._defaults, **layer}
        return NewCollection.from_link(
            link, Selection.from_layer(merged), Follow.from_layer(merged)
        )

    def _message(
        self, drop_line: DropLine, job_options: JobOptions | None
    ) -> str | None:
        """Return why a line is refused, or the remarks on one that is taken."""
        if job_options is None:
            return drop_line.message or None
        warning = self._filename_warnings.remark(job_options.options["filename"])
        return "; ".join(filter(None, (drop_line.message, warning))) or None

    def _job_options(self, layer: Layer) -> JobOptions:
        """Return a line's effective options; computed once for equal lines."""
        key = tuple(sorted(layer.items()))
        if key not in self._options_cache:
            if len(self._options_cache) >= MAX_CACHED_OPTIONS:
                self._options_cache.clear()
            options = effective_options(self._default_bitrate, self._defaults, layer)
            self._options_cache[key] = JobOptions.from_options(options)
        return self._options_cache[key]


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
        return no_line_reason(parsed_drop.switched_off_count)
    if drop.rejected == 1:
        return "its only line could not be used"
    return f"none of its {drop.rejected:,} lines could be used"

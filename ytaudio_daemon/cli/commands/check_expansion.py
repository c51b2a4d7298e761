"""`check --expand`: lists the collections of a checked file, and adds them up."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from ytaudio_daemon.cli.commands.expansion_text import expansion_text
from ytaudio_daemon.cli.commands.line_checks import LineResult
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import (
    format_roughly,
    format_size,
    local_time,
    pluralize,
)
from ytaudio_daemon.cli.ledger_access import open_ledger
from ytaudio_daemon.downloader.collection_expander import ExpandControl
from ytaudio_daemon.downloader.collection_preview import (
    CollectionPreviewer,
    PreviewedCollection,
)
from ytaudio_daemon.downloader.expansion import CollectionRequest
from ytaudio_daemon.downloader.preview_documents import collection_preview, preview_sums
from ytaudio_daemon.downloader.stop_signal import StopSignal
from ytaudio_daemon.errors import NoLedgerError, UsageError
from ytaudio_daemon.ledger import Ledger, sessions
from ytaudio_daemon.model.line_rules import audio_key
from ytaudio_daemon.model.preview import Preview, Prospect
from ytaudio_daemon.operations.prospects import (
    closed_reason,
    prospect,
    seconds_until_all_done,
)
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.schemas.job import JobError
from ytaudio_daemon.schemas.preview import CollectionPreview, PreviewSums

_NO_LEDGER = "no daemon has run here yet, so nobody knows how fast it goes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedLine:
    """The collection of a line, as YouTube lists it now.

    Attributes:
        previewed: The collection.
        prospect: How much of it is here already.
    """

    previewed: PreviewedCollection
    prospect: Prospect

    def document(self, wall: float) -> CollectionPreview | None:
        """Return the collection for programs; None when it could not be listed."""
        if self.previewed.expansion.failure is not None:
            return None
        return collection_preview(self.previewed, self.prospect, wall)

    def error(self) -> JobError | None:
        """Return why it could not be listed."""
        failure = self.previewed.expansion.failure
        if failure is None:
            return None
        return {
            "kind": failure.kind.value,
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedFile:
    """All collections of a file.

    Attributes:
        lines: By the place of their line.
        previews: Their entries; audio that several lines ask for is in the first only.
        prospect: Of all of them together, behind the file's single videos.
        wall: When the last one was listed, seconds since 1970.
    """

    lines: Mapping[str, ExpandedLine]
    previews: Sequence[Preview]
    prospect: Prospect
    wall: float

    @property
    def has_failed(self) -> bool:
        """True if a collection could not be listed."""
        return any(line.error() for line in self.lines.values())

    def sums(self) -> PreviewSums:
        """Return the sums over all collections, for programs."""
        return preview_sums(self.previews, self.prospect, self.wall)

    def report(self) -> Iterator[str]:
        """Yield a line of text for each collection, and one for all of them together."""
        for place, line in self.lines.items():
            yield f"line {place}: {_line_text(line)}"
        if any(line.error() is None for line in self.lines.values()):
            yield f"together: {_total_text(self)}"


def expand(
    context: CommandContext,
    line_results: Sequence[LineResult],
    layer: Mapping[str, object],
) -> ExpandedFile:
    """List every collection that the file asks for.

    Args:
        context: The command's.
        line_results: The file's.
        layer: Options that those of the lines override.

    Raises:
        UsageError: YouTube must not be asked at present.
    """
    accepted = [each for each in line_results if each.result == "accepted"]
    lists = [each for each in accepted if each.drop_line.collection is not None]
    singles = _single_keys(accepted)
    with _ledger(context) as ledger, CollectionPreviewer(context.settings) as previewer:
        expander = _FileExpander(context, ledger, previewer)
        expander.require_open_gates()
        lines = {
            each.drop_line.place: expander.expand_line(each, layer) for each in lists
        }
        distinct = _distinct_previews(lines.values())
        total = expander.total_prospect(distinct, singles)
    previews = [preview for preview, _ in distinct]
    return ExpandedFile(
        lines=lines, previews=previews, prospect=total, wall=time.time()
    )


def _single_keys(line_results: Iterable[LineResult]) -> set[str]:
    """Return the keys of the audio of lines that ask for one video."""
    return {
        audio_key(each.drop_line.link.video_id, each.options.profile())
        for each in line_results
        if each.drop_line.link is not None and each.options is not None
    }


def _distinct_previews(lines: Iterable[ExpandedLine]) -> list[tuple[Preview, bool]]:
    """Return the previews of lines, each without the audio that an earlier one has.

    Beside each preview: whether its line wants archived videos, too.
    """
    seen: set[str] = set()
    distinct = []
    for line in lines:
        preview = line.previewed.preview.without(seen)
        seen.update(preview.audio_keys)
        again = line.previewed.expansion.request.selection.again
        distinct.append((preview, again))
    return distinct


class _FileExpander:
    """Lists collections, and reads from the ledger how much of them is there already.

    Args:
        context: The command's.
        ledger: None where no daemon has ever run.
        previewer: Lists collections.
    """

    def __init__(
        self,
        context: CommandContext,
        ledger: Ledger | None,
        previewer: CollectionPreviewer,
    ) -> None:
        self._settings = context.settings
        self._session: str | None = context.args.session
        self._ledger = ledger
        self._previewer = previewer

    def require_open_gates(self) -> None:
        """Make sure that YouTube may be asked.

        Raises:
            UsageError: A gate is closed.
        """
        if self._ledger is None:
            return
        with self._ledger.read() as db:
            reason = closed_reason(db, self._settings, read_now(db))
        if reason is not None:
            raise UsageError(
                f"YouTube is left in peace at present: {reason}",
                "See `ytaudio status`; without --expand nothing is asked of it.",
            )

    def expand_line(
        self, line_result: LineResult, layer: Mapping[str, object]
    ) -> ExpandedLine:
        """List the collection of a line."""
        drop_line, options = line_result.drop_line, line_result.options
        if drop_line.collection is None or options is None:
            raise ValueError("an accepted line with a collection has options")
        merged = {**layer, **drop_line.layer}
        request = CollectionRequest.from_layer(drop_line.collection, merged)
        control = ExpandControl(stop_signal=StopSignal())
        previewed = self._previewer.preview(request, options, control)
        known = self._prospect(previewed.preview, again=request.selection.again)
        return ExpandedLine(previewed=previewed, prospect=known)

    def _prospect(self, preview: Preview, *, again: bool) -> Prospect:
        if self._ledger is None:
            return Prospect(note=_NO_LEDGER)
        name = self._session
        with self._ledger.read() as db:
            session = sessions.find_session(db, name) if name else None
            return prospect(
                db, self._settings, session, preview, read_now(db), again=again
            )

    def total_prospect(
        self, distinct: Sequence[tuple[Preview, bool]], singles: set[str]
    ) -> Prospect:
        """Return the prospect of all lines together.

        Args:
            distinct: As `_distinct_previews` returns them.
            singles: The keys of the audio of the file's other videos.
        """
        parts = [self._prospect(preview, again=again) for preview, again in distinct]
        here = sum(known.here for known in parts)
        asked = sum(known.asked for known in parts)
        archived = sum(known.archived for known in parts)
        known = Prospect(here=here, asked=asked, archived=archived, note=_NO_LEDGER)
        if self._ledger is None:
            return known
        wanted = singles.union(*(preview.audio_keys for preview, _ in distinct))
        new = len(wanted) - here - asked - archived
        with self._ledger.read() as db:
            seconds, note = seconds_until_all_done(
                db, self._settings, new, read_now(db)
            )
        return replace(known, seconds=seconds, note=note)


@contextmanager
def _ledger(context: CommandContext) -> Iterator[Ledger | None]:
    """Yield the ledger; None where no daemon has ever run."""
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(open_ledger(context))
        except NoLedgerError:
            ledger = None
        yield ledger


def _line_text(line: ExpandedLine) -> str:
    error = line.error()
    if error is not None:
        link = line.previewed.expansion.name
        return f"{link}: {error['message']} {error['hint']}".rstrip()
    preview = line.previewed.preview
    about = _size_text(preview.duration_s, preview.estimated_bytes)
    known = _prospect_text(line.prospect)
    parts = (expansion_text(line.previewed.expansion), about, known)
    return "; ".join(filter(None, parts))


def _total_text(expanded: ExpandedFile) -> str:
    sums = expanded.sums()
    parts = [
        pluralize(sums["items"], "item"),
        _size_text(sums["duration_s"], sums["estimated_bytes"]),
        _prospect_text(expanded.prospect),
        _end_text(expanded),
    ]
    return "; ".join(filter(None, parts))


def _size_text(seconds: float | None, size: int | None) -> str:
    if seconds is None or size is None:
        return "the list names no lengths"
    return f"{format_roughly(seconds)} of audio, some {format_size(size)}"


def _prospect_text(known: Prospect) -> str:
    parts = [f"{known.here:,} here already"] if known.here else []
    if known.asked:
        parts.append(f"{known.asked:,} asked for already")
    if known.archived:
        parts.append(f"{known.archived:,} in the archive")
    return ", ".join(parts)


def _end_text(expanded: ExpandedFile) -> str:
    seconds = expanded.prospect.seconds
    if seconds is None:
        return f"when it would be done is not known: {expanded.prospect.note}"
    at = local_time(expanded.wall + seconds, expanded.wall, seconds=False)
    return f"would be done in {format_roughly(seconds)}, at {at}"

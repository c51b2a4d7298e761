"""Prints what a restored ledger lacks: drops, links and files since the copy was made."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon import dropfile
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.errors import LedgerError
from ytaudio_daemon.folders.filed import FiledDrop, filed_drops
from ytaudio_daemon.jobs.restore_import import results_missing_from_ledger
from ytaudio_daemon.ledger import Ledger, drop_queries, lost_links, migrate
from ytaudio_daemon.ledger.restoring import VerifiedCopy
from ytaudio_daemon.system.times import may_be_after, rfc3339
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views.failed_text import option_layer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restored:
    """A restored copy, with the drops, links and files that are missing from it.

    Attributes:
        file: The copy.
        ledger: Where it is now.
        aside: The path of the replaced ledger, None if there was none.
        copied: The copy's revision, and the time of its newest event.
        unknown_drops: The filed drops that are missing from it.
        lost_lines: Session and line of each link that only the old ledger had.
        results: The number of finished files that are missing from it.
    """

    file: Path
    ledger: Path | None
    aside: Path | None
    copied: VerifiedCopy
    unknown_drops: Sequence[FiledDrop]
    lost_lines: Sequence[tuple[str, str]]
    results: int

    def document(self) -> dict[str, Any]:
        """Return the document for programs."""
        return {
            "schema": "ytaudio.ledger-restore/1",
            "ledger": str(self.ledger),
            "file": str(self.file),
            "revision": self.copied.revision,
            "knows_until": rfc3339(self.copied.newest_event_at),
            "kept_aside": None if self.aside is None else str(self.aside),
            "results_to_adopt": self.results,
            "unknown_drops": [
                {"session": drop.location.session, "path": str(drop.path)}
                for drop in self.unknown_drops
            ],
            "lost_links": [
                {"session": session, "line": line} for session, line in self.lost_lines
            ],
        }

    def sentences(self) -> Iterator[str]:
        """Yield the sentences for people on the copy itself."""
        until = rfc3339(self.copied.newest_event_at)
        yield f"restored {self.file}, which knows what happened until {until}"
        if self.aside is not None:
            yield f"the ledger that was there is kept: {self.aside}"
        if (revision := self.copied.revision) != migrate.HEAD:
            yield f"it has schema {revision}; the daemon brings it to {migrate.HEAD}"
        if self.results:
            files = pluralize(self.results, "finished file")
            yield (
                f"{files} it does not know will be taken into it when the daemon starts"
            )


def print_restored(
    context: CommandContext, file: Path, aside: Path | None, copied: VerifiedCopy
) -> None:
    """Print what is missing from a restored copy, and the commands that put it back.

    Args:
        context: Prints it; its settings name the ledger.
        file: The copy.
        aside: The path of the replaced ledger, None if there was none.
        copied: The copy's revision, and the time of its newest event.
    """
    restored = _examine_restored(context, file, aside, copied)
    if context.args.json:
        context.output.json(restored.document())
        return
    for sentence in restored.sentences():
        context.output.line(sentence)
    _print_unknown_drops(context, restored.unknown_drops)
    _print_lost_lines(context, restored.lost_lines)
    context.output.line(f"now start the daemon: {context.start_command()}")


def _examine_restored(
    context: CommandContext, file: Path, aside: Path | None, copied: VerifiedCopy
) -> _Restored:
    def on_skip(place: Path, error: Exception) -> None:
        context.output.stderr_line(f"{place} is passed over: {error}")

    ledger = Ledger(context.settings.database.url)
    try:
        unknown_drops = _unknown_drops(context, ledger, copied.newest_event_at)
        missing = results_missing_from_ledger(
            ledger, context.layout, copied.newest_event_at, on_skip
        )
        results = sum(1 for _ in missing)
    finally:
        ledger.close()
    return _Restored(
        file=file,
        ledger=ledger.path,
        aside=aside,
        copied=copied,
        unknown_drops=unknown_drops,
        lost_lines=_lost_lines(context, aside, ledger.path),
        results=results,
    )


def _print_unknown_drops(context: CommandContext, drops: Sequence[FiledDrop]) -> None:
    if not drops:
        context.output.line("no drop was filed since")
        return
    context.output.line(
        f"{pluralize(len(drops), 'drop')} filed since then it does not know. Once the "
        "daemon runs, drop again what you still want; what is finished is not fetched "
        "again:"
    )
    for drop in drops:
        path, folder = shlex.quote(str(drop.path)), shlex.quote(str(drop.drop_folder))
        context.output.line(f"  mv -n {path} {folder}/")


def _lost_lines(
    context: CommandContext, aside: Path | None, ledger: Path | None
) -> list[tuple[str, str]]:
    """Return session and line of each link that only the replaced ledger had."""
    if aside is None or ledger is None:
        return []
    try:
        lost = lost_links.find_lost_links(aside, ledger)
    except LedgerError as error:
        context.output.stderr_line(
            f"links that were given to the API since then cannot be listed: {error}"
        )
        return []
    return [
        (
            link.session,
            dropfile.render_line(Link(link.video_id), option_layer(link.options)),
        )
        for link in lost
    ]


def _print_lost_lines(
    context: CommandContext, lost_lines: Sequence[tuple[str, str]]
) -> None:
    if not lost_lines:
        return
    context.output.line(
        f"{pluralize(len(lost_lines), 'link')} given to the API since then it does not "
        "know. To ask for them again, put these lines into a file in the folder:"
    )
    folder = None
    for session, line in lost_lines:
        if session != folder:
            folder = session
            context.output.line(f"  # {context.layout.session_inbox(session)}/")
        context.output.line(f"  {line}")


def _unknown_drops(
    context: CommandContext, ledger: Ledger, until: float
) -> list[FiledDrop]:
    """Return the drops filed after `until` that the ledger does not have."""
    with ledger.read() as db:
        known = drop_queries.known_drop_locations(db)
    return [
        drop
        for drop in filed_drops(context.layout.inbox)
        if may_be_after(drop.filed_at, until) and drop.key not in known
    ]

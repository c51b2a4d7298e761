"""`library relayout`: moves the library's files to where its layout says now."""

from collections import Counter
from collections.abc import Iterator

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.formatting import pluralize
from ytaudio_daemon.cli.ledger_access import find_session_id, open_ledger, wake_daemon
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.folders.library_moves import LayoutState
from ytaudio_daemon.operations.relayout import Relayout, RelayoutStep
from ytaudio_daemon.schemas.commands import LibraryRelayoutDocument, RelaidFile

MOVES = frozenset({LayoutState.TO_MOVE, LayoutState.MOVED})


def relayout(context: CommandContext) -> int:
    """Print what is moved, or would be; 1 when something cannot be."""
    applies = context.args.apply
    steps = _steps(context, applies=applies)
    if context.args.json:
        document = _document(context, steps, applies=applies)
        context.output.json(document)
        return Exit.FAILED if document["failed"] else Exit.OK
    counts: Counter[str] = Counter()
    for step in steps:
        counts[_outcome(step)] += 1
        _print_step(context, step)
    context.output.line(_summary(counts, applies=applies))
    return Exit.FAILED if counts["failed"] else Exit.OK


def _steps(context: CommandContext, *, applies: bool) -> Iterator[RelayoutStep]:
    library = context.layout.library
    if library is None:
        raise UsageError(
            'there is no library: [paths] library is ""', "Name a folder there."
        )
    moved = 0
    with open_ledger(context, to_write=applies) as ledger:
        library_relayout = Relayout(
            ledger=ledger,
            layout=context.layout,
            library=library,
            rules=context.settings.library.rules,
            session_id=find_session_id(ledger, context.args.session),
        )
        for step in library_relayout.run(applies=applies):
            moved += step.layout_state in MOVES
            yield step
    if moved and applies:
        wake_daemon(context)


def _outcome(step: RelayoutStep) -> str:
    """Return the name of the result: the list of the document that has the file."""
    if step.layout_state is None:
        return "failed"
    if step.layout_state in MOVES:
        return "moved"
    return "kept" if step.layout_state is LayoutState.KEPT else "in_place"


def _print_step(context: CommandContext, step: RelayoutStep) -> None:
    outcome, path = _outcome(step), f"{step.session}/{step.path}"
    if outcome == "moved":
        context.output.labelled_line("move", path)
        context.output.line(f"{'':9}→ {step.session}/{step.new_path}")
    elif outcome == "kept":
        context.output.labelled_line("keep", f"{path}: changed, moved or removed")
    elif outcome == "failed":
        context.output.labelled_line("failed", f"{path}: {step.error}")


def _summary(counts: Counter[str], *, applies: bool) -> str:
    moves = counts["moved"]
    parts = [
        f"{pluralize(moves, 'file')} {'moved' if applies else 'to move'}",
        f"{counts['in_place']} in place",
        f"{counts['kept']} kept as somebody left them",
    ]
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    end = "" if applies or not moves else "; nothing was moved, --apply does it"
    return f"{', '.join(parts)}{end}"


def _document(
    context: CommandContext, steps: Iterator[RelayoutStep], *, applies: bool
) -> LibraryRelayoutDocument:
    lists: dict[str, list[RelaidFile]] = {"moved": [], "kept": [], "failed": []}
    in_place = 0
    for step in steps:
        if (outcome := _outcome(step)) == "in_place":
            in_place += 1
        else:
            lists[outcome].append(_file(step))
    return {
        "schema": "ytaudio.library-relayout/1",
        "library": str(context.layout.library),
        "applied": applies,
        "in_place": in_place,
        "moved": lists["moved"],
        "kept": lists["kept"],
        "failed": lists["failed"],
    }


def _file(step: RelayoutStep) -> RelaidFile:
    return {
        "session": step.session,
        "job": step.job_uuid,
        "path": step.path,
        "new_path": step.new_path or None,
        "error": step.error or None,
    }

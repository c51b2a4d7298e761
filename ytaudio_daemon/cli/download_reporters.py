"""How a download is told: bars on a terminal, lines in a pipe, JSON for programs."""

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.download_batch import Ending, Fate, Teller
from ytaudio_daemon.cli.download_list import Item
from ytaudio_daemon.cli.formatting import clock, count_of, size, span
from ytaudio_daemon.cli.output import STYLES, Screen, shown
from ytaudio_daemon.downloader.folder_downloader import Stop
from ytaudio_daemon.model import Failure, FailureKind, Progress

#: Columns of a title beside its bar.
TITLE_WIDTH = 30
BAR_WIDTH = 20
#: Failures whose hints speak of what the daemon does by itself.
_DAEMONS_HINTS = frozenset(
    {FailureKind.NOT_YET, FailureKind.BLOCKED, FailureKind.OFFLINE, FailureKind.TIMEOUT}
    | {FailureKind.TRANSIENT, FailureKind.BAD_MEDIA, FailureKind.UNKNOWN}
)
_BRAKING = {
    Stop.GENTLY: "finishing what is running; Ctrl-C again stops at once",
    Stop.AT_ONCE: "stopping at once",
}


def teller_for(call: Call) -> Teller:
    """Return who tells this call's user how it goes."""
    if call.args.json:
        return _Document(call)
    return _Bars(call) if call.screen.is_terminal else _Lines(call)


class _Lines(Teller):
    """A line for each that ends; with -v also for what each is doing."""

    def __init__(self, call: Call) -> None:
        self._screen: Screen = call.screen
        self._is_verbose: bool = call.args.verbose
        self._lock = threading.RLock()
        self._phases: dict[int, str] = {}
        self._count = 0

    def begin(self, items: Sequence[Item]) -> None:
        self._count = len(items)

    def running(self, number: int, item: Item, progress: Progress) -> None:
        if self._is_verbose and self._phases.get(number) != progress.phase:
            self._phases[number] = progress.phase
            self.remark(f"{_link(item)}: {progress.phase}")

    def over(self, number: int, ending: Ending) -> None:  # noqa: ARG002 - for bars
        with self._lock:
            self.line(ending.fate, _ending_in_words(ending))
            failure = ending.failure
            if failure is not None and self._is_verbose:
                for said in failure.log_tail.splitlines():
                    self.remark(f"  {said}")

    def braking(self, stop: Stop, running: int) -> None:
        what = f" ({count_of(running, 'download')})" if stop is Stop.GENTLY else ""
        self.remark(f"ytaudio: {_BRAKING[stop]}{what}")

    def end(self, endings: Sequence[Ending], output: Path) -> None:
        self._screen.line(f"{_counts_in_words(endings)}, in {output}")

    def line(self, fate: Fate, text: str) -> None:
        """Say how one ended, at once: a reader in a pipe may wait for it."""
        self._screen.line(f"{fate:<9} {text}")
        self._screen.flush()

    def remark(self, text: str) -> None:
        with self._lock:
            self._screen.remark(text)


class _Bars(_Lines):
    """A bar for each that is running, lines above for what has ended, a table."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - 50 ms
        from rich.progress import Progress as Live  # noqa: PLC0415 - the same

        self._live = Live(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.fields[how_far]}", markup=False),
            console=call.screen.console(),
            transient=True,
        )
        self._bars: dict[int, Any] = {}
        self._titles: dict[int, str] = {}
        self._live.start()

    def running(self, number: int, item: Item, progress: Progress) -> None:
        super().running(number, item, progress)
        with self._lock:
            self._titles[number] = progress.title or self._titles.get(number, "")
            title = shown(self._titles[number] or _link(item))
            if number not in self._bars:
                self._bars[number] = self._live.add_task("", total=None, how_far="")
            self._live.update(
                self._bars[number],
                description=_cut(title),
                total=None if progress.percent is None else 100,
                completed=progress.percent or 0,
                how_far=how_far(progress),
            )

    def over(self, number: int, ending: Ending) -> None:
        with self._lock:
            if (bar := self._bars.pop(number, None)) is not None:
                self._live.remove_task(bar)
            super().over(number, ending)

    def end(self, endings: Sequence[Ending], output: Path) -> None:
        self.close()
        if len(endings) > 1:
            self._screen.line()
            self._screen.table(
                ("RESULT", "SIZE", "LENGTH", "FILE OR REASON"), map(_row, endings)
            )
        super().end(endings, output)

    def close(self) -> None:
        self._live.stop()

    def line(self, fate: Fate, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

        line = Text(f"{fate:<9} ", style=STYLES.get(fate, "")).append(
            shown(text), style="default"
        )
        self._live.console.print(line)

    def remark(self, text: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

        self._live.console.print(Text(shown(text), style="dim"))


class _Document(Teller):
    """Nothing until the end, then one document."""

    def __init__(self, call: Call) -> None:
        self._screen = call.screen
        self._is_verbose: bool = call.args.verbose

    def end(self, endings: Sequence[Ending], output: Path) -> None:
        counts = Counter(ending.fate for ending in endings)
        self._screen.json(
            {
                "schema": "ytaudio.download/1",
                "output_dir": str(output),
                "counts": {fate.value: counts[fate] for fate in Fate},
                "downloads": [_document(ending) for ending in endings],
            }
        )

    def braking(self, stop: Stop, running: int) -> None:
        self._screen.remark(f"ytaudio: {_BRAKING[stop]} ({running} running)")


def how_far(progress: Progress) -> str:
    """Return in words how far a download is: bytes, speed, time left."""
    if progress.phase != "downloading":
        return progress.phase
    parts = [size(progress.downloaded_bytes or 0)]
    if progress.total_bytes:
        parts[0] += f" of {size(progress.total_bytes)}"
    if progress.speed_bps:
        parts.append(f"{size(progress.speed_bps)}/s")
    if progress.eta_s is not None:
        parts.append(f"{span(progress.eta_s)} left")
    return "  ".join(parts)


def _ending_in_words(ending: Ending) -> str:
    item, fetched = ending.item, ending.fetched
    if ending.fate is Fate.REJECTED:
        return f"{item.place or item.text}: {item.code}: {item.message}"
    if ending.fate is Fate.DUPLICATE:
        return f"{item.place or item.text}: {_link(item)} is asked for above"
    if fetched is not None and fetched.outcome.result is not None:
        made = fetched.outcome.result
        return f"{fetched.path} ({size(made.size_bytes)}, {clock(made.duration_s)})"
    return f"{_link(item)}: {_reason(ending.failure)}"


def _row(ending: Ending) -> tuple[str, str, str, str]:
    made = ending.fetched.outcome.result if ending.fetched else None
    path = ending.fetched.path if ending.fetched else None
    if made is not None and path is not None:
        return ending.fate, size(made.size_bytes), clock(made.duration_s), path.name
    return ending.fate, "-", "-", _ending_in_words(ending)


def _reason(failure: Failure | None) -> str:
    if failure is None:
        return "it failed"
    hint = "" if failure.kind in _DAEMONS_HINTS else failure.hint
    return f"{failure.message} {hint}".rstrip()


def _counts_in_words(endings: Sequence[Ending]) -> str:
    counts = Counter(ending.fate for ending in endings)
    return ", ".join(f"{counts[fate]:,} {fate}" for fate in Fate if counts[fate])


def _link(item: Item) -> str:
    return item.order.link.url if item.order else item.text


def _cut(title: str) -> str:
    if len(title) <= TITLE_WIDTH:
        return title.ljust(TITLE_WIDTH)
    return f"{title[: TITLE_WIDTH - 1]}…"


def _document(ending: Ending) -> dict[str, Any]:
    """Return an item for programs; a failure's words as the status files have them."""
    item, fetched = ending.item, ending.fetched
    outcome = fetched.outcome if fetched else None
    made = outcome.result if outcome else None
    path = fetched.path if fetched else None
    return {
        "result": ending.fate.value,
        "file": item.file,
        "line": item.line,
        "text": item.text,
        "url": item.order.link.url if item.order else None,
        "video_id": item.order.link.video_id if item.order else None,
        "options": item.order.options.to_json() if item.order else None,
        "duplicate_of": item.duplicate_of,
        "output_path": str(path) if path else None,
        "file_size_bytes": made.size_bytes if made else None,
        "title": made.title if made else outcome.title if outcome else None,
        "artist": made.artist if made else outcome.artist if outcome else None,
        "duration_s": made.duration_s
        if made
        else outcome.duration_s
        if outcome
        else None,
        "view_count": made.view_count
        if made
        else outcome.view_count
        if outcome
        else None,
        "attempts": fetched.attempts if fetched else 0,
        "error": _error(ending),
    }


def _error(ending: Ending) -> dict[str, str] | None:
    if ending.fate is Fate.REJECTED:
        return {
            "kind": "rejected",
            "code": ending.item.code,
            "message": ending.item.message,
            "hint": "",
        }
    failure = ending.failure
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "code": failure.code,
        "message": failure.message,
        "hint": failure.hint,
    }

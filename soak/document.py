"""The section of `docs/performance.md` that tells what the daemon bears."""

from collections.abc import Sequence
from pathlib import Path

from bench.findings import table
from bench.report import BEARS
from soak.findings import Report

_PROSE = """\
Written by `python -m soak --out docs/performance.md`; a case alone (`python -m soak files --out …`) replaces its own row.
Each case runs `ytaudio run` as a process of its own with the shipped settings, but for quota and pace where the case says so, and watches it from outside: memory and the exit of every `ytaudio status` meanwhile, the length of the loop's steps, and in the end every file, line and job in ledger, receipts and folders.
Limits stand in brackets; "load" is the machine's, which other work shares: walls are the worst seen, not what a quiet machine does.

"""
_HEAD = ("case", "what is put on it", "figures", "verdict")


def put_into(document: Path, reports: Sequence[Report]) -> None:
    """Replace the rows of these cases; the others, and the rest, stay."""
    before, _, old = document.read_text().partition(BEARS)
    rows = _rows(old) | {report.case: _row(report) for report in reports}
    text = f"{BEARS}\n\n{_PROSE}{table(_HEAD, rows.values())}"
    document.write_text(f"{before.rstrip()}\n\n{text}")


def _rows(section: str) -> dict[str, Sequence[str]]:
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    return {row[0].strip("`"): row for row in rows}


def _row(report: Report) -> Sequence[str]:
    figures = "; ".join(map(str, report.figures))
    verdict = "broken" if report.broken else "kept, nothing unaccounted for"
    return (f"`{report.case}`", report.about, figures, verdict)

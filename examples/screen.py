"""How the demo shows things: live on a terminal, line by line in a pipe."""

import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

Job = dict[str, Any]

COLOURS = {"completed": "green", "failed": "red", "running": "blue"}


def show_live(looks: Iterable[list[Job]]) -> None:
    """Show the jobs as they go on; ends with the last look."""
    if sys.stdout.isatty():
        _show_table(looks)
    else:
        _show_lines(looks)


def _show_table(looks: Iterable[list[Job]]) -> None:
    with Live(console=Console(), refresh_per_second=10) as live:
        for jobs in looks:
            live.update(_table(jobs))


def _table(jobs: list[Job]) -> Table:
    table = Table("job", "state", "how far", "format", "what", box=None)
    for job in sorted(jobs, key=lambda job: int(job["source"]["line"])):
        state = job["state"]
        table.add_row(
            job["id"][:8],
            f"[{COLOURS.get(state, 'default')}]{state}[/]",
            ProgressBar(100, _percent(job), width=20),
            job["options"]["format"],
            escape(job["title"] or job["url"]),
        )
    return table


def _percent(job: Job) -> float:
    if job["state"] == "completed":
        return 100.0
    return float((job["progress"] or {}).get("percent") or 0.0)


def _show_lines(looks: Iterable[list[Job]]) -> None:
    """Print a line whenever a job has come further."""
    seen: dict[str, str] = {}
    for jobs in looks:
        for job in jobs:
            line = " ".join(
                [job["state"], job["phase"] or "", job["title"] or job["url"]]
            )
            if seen.get(job["id"]) != line:
                seen[job["id"]] = line
                print(job["id"][:8], " ".join(line.split()), flush=True)


def show_tree(folder: Path, hidden: Collection[str], indent: str = "") -> None:
    """Print a folder and what is below it.

    Args:
        folder: Where to begin.
        hidden: Names that are left out; dotfiles are too.
        indent: Of this level.
    """
    for path in sorted(folder.iterdir()):
        if path.name in hidden or path.name.startswith("."):
            continue
        print(f"{indent}{path.name}{'/' if path.is_dir() else ''}")
        if path.is_dir():
            show_tree(path, hidden, indent + "    ")

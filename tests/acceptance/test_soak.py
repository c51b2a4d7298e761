"""The soak itself, in small: it runs, and it notices what it is there to notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from soak import document
from soak.findings import Figure, Report
from tests.youtube.handle import CHECKOUT


def soak(*words: str) -> tuple[int, str]:
    """Run the command; return its exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "soak", "--quick", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


#: Steps are timed by the processor, and yet a busy machine makes them longer.
PATIENT = ["--limit=step_ms=1000", "--limit=status_s=30"]


def test_a_small_flood_is_borne() -> None:
    code, said = soak("lines", *PATIENT)
    assert code == 0, said
    assert "lines     ok     a file of 3,000 lines" in said


def test_descriptors_left_open_are_noticed_and_nothing_else() -> None:
    code, said = soak("leaks", "--sabotage=descriptor", *PATIENT)
    assert code == 1, said
    assert "leaks     BROKEN 12 jobs worked off" in said
    told = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert len(told) == 1, said
    assert told[0].startswith("descriptors more 6 (≤ 0)")


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "words", "found"),
    [
        ("leaks", ["--sabotage=thread"], "threads more 6"),
        ("leaks", ["--sabotage=litter"], "files more 6"),
        ("files", ["--sabotage=hoard"], "daemon RSS 1,"),
        ("lines", ["--sabotage=lose"], "the ledger has"),
        ("sessions", ["--sabotage=dawdle"], "[views]"),
        ("files", ["--limit=status_s=0.001"], "status 0."),
        ("files", ["--limit=memory_mb=20"], "daemon PSS"),
        ("body", ["--limit=worker_mb=20"], "worker RSS"),
        ("backlog", ["--limit=cancel_s=0.01"], "cancel "),
    ],
)
def test_what_breaks_a_limit_is_noticed(
    case: str, words: list[str], found: str
) -> None:
    code, said = soak(case, *words)
    told = [line for line in said.splitlines() if line.startswith(" ")]
    assert code == 1, said
    assert any(found in line for line in told), said


def test_a_case_replaces_its_own_row_only(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text("# Figures\n\nAll of them.\n")
    for about in ("first", "second"):
        rows = [Report(case=case, about=about, figures=()) for case in ("a", "b")]
        document.put_into(file, rows if about == "first" else rows[:1])
    text = file.read_text()
    assert text.startswith("# Figures\n\nAll of them.\n\n## What it bears\n")
    assert text.count("## What it bears") == 1
    assert "| `a` | second |" in text
    assert "| `b` | first |" in text


@pytest.mark.parametrize(
    ("value", "limit", "kept"),
    [(1.0, 1.0, True), (1.01, 1.0, False), (9.0, None, True)],
)
def test_a_figure_beside_its_limit(value: float, limit: float, *, kept: bool) -> None:
    figure = Figure(name="x", value=value, unit="s", limit=limit)
    assert figure.is_kept is kept
    assert bool(Report(case="c", about="", figures=[figure]).broken) is not kept

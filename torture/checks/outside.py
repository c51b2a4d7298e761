"""What is left on the machine, and whom the run has talked to."""

from collections.abc import Iterator

from torture.arena import Arena
from torture.case import Case


def check(case: Case, arena: Arena) -> Iterator[str]:
    """Check what can be seen from outside."""
    if hosts := arena.youtube.foreign_hosts:
        yield f"hosts that are not YouTube's were asked: {hosts}"
    if left := arena.left_processes():
        yield f"processes are left: {left}"
    downloads = case.root / "downloads"
    for folder in (downloads / ".work", downloads / ".trash", case.library / ".trash"):
        if folder.is_dir() and any(folder.iterdir()):
            yield f"{folder} holds {sorted(p.name for p in folder.iterdir())[:5]}"

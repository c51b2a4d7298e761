"""Other users of the machine, who must get into a test's folder."""

from pathlib import Path


def let_others_in(folder: Path) -> None:
    """Open a folder below `tmp_path`, and pytest's own above it, to everybody."""
    for place in (folder, *folder.parents):
        place.chmod(0o755)
        if place.name.startswith("pytest-of-"):
            return

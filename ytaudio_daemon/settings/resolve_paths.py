"""Makes paths absolute, and finds settings that contradict each other.

`Path.resolve` follows links, so that a folder behind a link is opened without it.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

#: Paths that are made absolute; "" becomes None.
_PATH_KEYS = (
    "paths.inbox",
    "paths.downloads",
    "paths.library",
    "paths.status",
    "paths.state",
    "download.ca_file",
    "download.cookies_file",
    "log.directory",
)
#: Folders of which none may be inside another: one's output would be the other's input.
_DISJOINT_PATH_KEYS = (
    "paths.inbox",
    "paths.downloads",
    "paths.library",
    "paths.status",
    "paths.state",
    "log.directory",
)


def resolve_paths(values: Mapping[str, Any], base: Path, home: str) -> dict[str, Any]:
    """Return the settings with absolute paths, and the ledger's URL filled in.

    Args:
        values: By "section.key"; paths as they were written.
        base: The folder that a relative root is below.
        home: The folder that `~` means; "" when it is unknown.

    Raises:
        OSError, RuntimeError: A path has a cycle of links.
    """
    root = _absolute(values["paths.root"], base, home)
    paths = {
        name: _absolute(values[name], root, home) if values[name] else None
        for name in _PATH_KEYS
    }
    state = paths["paths.state"]
    url = values["database.url"] or f"sqlite:///{state}/ledger.sqlite3"
    return {**values, **paths, "paths.root": root, "database.url": url}


def find_conflicts(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each contradiction.

    Args:
        values: As `resolve_paths` returns them.
    """
    if values["retry.cap"] < values["retry.base"]:
        yield "[retry] cap cannot be less than base"
    named = [(name, values[name]) for name in _DISJOINT_PATH_KEYS if values[name]]
    for (one, first), (other, second) in combinations(named, 2):
        if first.is_relative_to(second) or second.is_relative_to(first):
            yield (
                f"{one} ({first}) and {other} ({second}) cannot be the same folder, "
                "nor one inside the other"
            )
    if "?" in str(values["paths.state"]) and values["database.url"].startswith(
        "sqlite"
    ):
        yield "paths.state cannot have a ? in its name: SQLite's URL would end there"


def _absolute(written: str, base: Path, home: str) -> Path:
    if home and (written == "~" or written.startswith("~/")):
        written = home + written[1:]
    return (base / written).resolve()

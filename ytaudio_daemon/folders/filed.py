"""What was filed in the inbox, as it stands there: drops, without the views of them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.folders.filing import VIEW_ENDINGS
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledDrop:
    """A file in `processed` or `rejected`.

    Attributes:
        session: The name of its session.
        at_root: It was dropped straight into the inbox.
        path: Where it is.
        filed_at: When it was moved there, as the file system knows it.
    """

    session: str
    at_root: bool
    path: Path
    filed_at: float

    @property
    def key(self) -> tuple[str, bool, bytes]:
        """What the ledger knows it by."""
        return self.session, self.at_root, os.fsencode(self.path.name)

    @property
    def drop_folder(self) -> Path:
        """The folder where it was dropped, and can be dropped again."""
        return self.path.parent.parent


def filed_drops(inbox: Path) -> Iterator[FiledDrop]:
    """Yield every filed drop, session by session; no link is followed."""
    yield from _in_folder(inbox, DEFAULT_SESSION, at_root=True)
    for name in _folders(inbox):
        if name not in {PROCESSED, REJECTED} and not name.startswith("."):
            yield from _in_folder(inbox / name, name, at_root=False)


def _in_folder(folder: Path, session: str, *, at_root: bool) -> Iterator[FiledDrop]:
    for target in (PROCESSED, REJECTED):
        with suppress(OSError):
            if (folder / target).is_symlink():
                continue
            with os.scandir(folder / target) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                if entry.is_file(follow_symlinks=False) and not _is_view(entry.name):
                    yield FiledDrop(
                        session=session,
                        at_root=at_root,
                        path=Path(entry.path),
                        # A rename changes no other time.
                        filed_at=entry.stat(follow_symlinks=False).st_ctime,
                    )


def _folders(inbox: Path) -> list[str]:
    with suppress(OSError), os.scandir(inbox) as entries:
        return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    return []


def _is_view(name: str) -> bool:
    return name.startswith(".") or os.fsencode(name).endswith(VIEW_ENDINGS)

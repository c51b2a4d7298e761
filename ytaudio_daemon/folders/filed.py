"""The filed drops in `processed` and `rejected`, and the free names there.

A drop's receipts are named after it. So a name is free only when neither a drop nor a
view has it, in either folder.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.inbox import (
    DropLocation,
    drop_locations,
    drop_path,
    split_path,
)
from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED, Layout
from ytaudio_daemon.folders.safe_open import (
    has_sha256,
    open_child,
    open_dir,
    open_regular_file,
)
from ytaudio_daemon.system.name_limit import name_limit

#: Room for `.receipt.txt` behind a name within the 255 bytes of most file systems.
MAX_FILED_NAME = 230
#: Endings of the files that views write beside filed drops.
VIEW_ENDINGS = (b".receipt.txt", b".failed.txt", b".reason.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledDrop:
    """A file in `processed` or `rejected` that is a drop, not a view of one.

    Attributes:
        location: Where it was dropped.
        subfolders: The folders below the location, and below `processed`.
        path: Its path.
        filed_at: When it was moved there, by the file system's clock.
    """

    location: DropLocation
    subfolders: tuple[str, ...]
    path: Path
    filed_at: float

    @property
    def key(self) -> tuple[str, bool, bytes]:
        """What identifies it in the ledger."""
        name = drop_path((*self.subfolders, self.path.name))
        return self.location.session, self.location.at_root, name

    @property
    def drop_folder(self) -> Path:
        """The folder where it was dropped, and can be dropped again."""
        depth = len(self.subfolders)
        return self.path.parents[depth + 1].joinpath(*self.subfolders)


def filed_drops(inbox: Path) -> Iterator[FiledDrop]:
    """Yield every filed drop, session by session; no link is followed."""
    yield from _filed_in(inbox, DropLocation(session=DEFAULT_SESSION, at_root=True))
    for name in _folders(inbox):
        if name not in {PROCESSED, REJECTED} and not name.startswith("."):
            yield from _filed_in(inbox, DropLocation(session=name))


def _filed_in(inbox: Path, location: DropLocation) -> Iterator[FiledDrop]:
    for target in (PROCESSED, REJECTED):
        folder = inbox.joinpath(*location.parts, target)
        if not folder.is_symlink():
            yield from _filed_below(folder, location, ())


def _filed_below(
    folder: Path, location: DropLocation, subfolders: tuple[str, ...]
) -> Iterator[FiledDrop]:
    with suppress(OSError):
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                inner = (*subfolders, entry.name)
                yield from _filed_below(folder / entry.name, location, inner)
            elif entry.is_file(follow_symlinks=False) and not _is_view(entry.name):
                yield FiledDrop(
                    location=location,
                    subfolders=subfolders,
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


def find_filed(
    inbox: Path,
    location: DropLocation,
    target: str,
    name: bytes,
    sha256: str,
    known: Collection[bytes],
) -> bytes | None:
    """Return where `file_drop` put a drop before a crash, None when it did not.

    Args:
        inbox: The inbox root.
        location: Where it was dropped.
        target: `PROCESSED` or `REJECTED`.
        name: As it was dropped.
        sha256: Of its content.
        known: The names there of other drops.
    """
    try:
        with (
            open_dir(inbox, *location.parts) as folder,
            open_child(folder, target) as target_dir,
        ):
            for candidate in names_to_try(name, folder):
                if candidate in known:
                    continue
                with suppress(OSError, UnsafePathError):  # not there, or not ours
                    if _has_content(target_dir, candidate, sha256):
                        return candidate
                if is_name_free(folder, candidate):
                    return None
    except (FileNotFoundError, UnsafePathError):
        return None
    return None


def has_file_with_content(
    inbox: Path, location: DropLocation, name: bytes, sha256: str
) -> bool:
    """Return whether a file of that name and content lies where it was dropped.

    A file that cannot be read counts as having that content: it may have it.
    """
    try:
        with open_dir(inbox, *location.parts) as folder:
            return _has_content(folder, name, sha256)
    except PermissionError:
        return True
    except (OSError, UnsafePathError):
        return False


def name_for_receipts(
    layout: Layout, location: DropLocation, target: str, name: bytes
) -> bytes | None:
    """Return the name for the receipts of a drop whose file is gone.

    None when they cannot be written: the folder is gone, or not ours to write to.
    """
    try:
        with open_dir(layout.inbox, *location.parts) as folder:
            with open_child(folder, target, *split_path(name)[0], make=True):
                pass
            return next(
                candidate
                for candidate in names_to_try(name, folder)
                if not is_receipt_name_taken(layout, location, candidate)
                and is_name_free(folder, candidate)
            )
    except (OSError, UnsafePathError):
        return None


def find_receipt(inbox: Path, filed_name: bytes, identity: bytes) -> str | None:
    """Return the session folder whose `processed` has a drop's receipt.

    Args:
        inbox: The inbox root.
        filed_name: The drop's name in `processed`.
        identity: How the receipt begins.
    """
    subfolders, name = split_path(filed_name + b".receipt.txt")
    for session in _folders(inbox):
        with suppress(OSError, UnsafePathError):  # not there, or not ours
            with open_dir(inbox, session, PROCESSED, *subfolders) as folder:
                fd = open_regular_file(folder, name)
            with os.fdopen(fd, "rb") as file:
                if file.read(len(identity)) == identity:
                    return session
    return None


def find_without_receipt(
    layout: Layout, target: str, filed_name: bytes, sha256: str
) -> str | None:
    """Return the session folder to which a filed drop without a receipt was moved.

    A file of the same name and content that another session dropped has a receipt.

    Args:
        layout: Names the inbox and the receipts.
        target: `PROCESSED` or `REJECTED`.
        filed_name: The drop's name there.
        sha256: Of its content.
    """
    view = b".reason.txt" if target == REJECTED else b".receipt.txt"
    for session in _folders(layout.inbox):
        # Path.exists() raises of a dead mount.
        has_receipt = os.path.lexists(layout.receipt_file(session, filed_name))
        beside = layout.inbox / session / target / os.fsdecode(filed_name + view)
        if has_receipt or os.path.lexists(beside):
            continue
        with suppress(OSError, UnsafePathError):  # not there, or not ours
            with open_dir(layout.inbox, session, target) as folder:
                is_same = _has_content(folder, filed_name, sha256)
            if is_same:
                return session
    return None


def is_receipt_name_taken(
    layout: Layout, location: DropLocation, name: bytes, own: bytes | None = None
) -> bool:
    """Return whether a new drop of that name would overwrite an older one's receipt.

    The default session has two folders, whose drops have one folder of receipts.

    Args:
        layout: Names the inbox and the receipts.
        location: Where the new drop is.
        name: What it may be filed as.
        own: The name of the new drop's own receipt, if it has one already.
    """
    # Path.exists() raises of a dead mount.
    if name != own and os.path.lexists(layout.receipt_file(location.session, name)):
        return True
    others = (o for o in drop_locations(location.session) if o != location)
    return any(not _is_name_free_in(layout.inbox, other, name) for other in others)


def _has_content(folder: int, name: bytes, sha256: str) -> bool:
    """Return whether a file has that name and content.

    Raises:
        UnsafePathError: It is no regular file.
        OSError: It is not there, or cannot be read.
    """
    subfolders, last = split_path(name)
    with open_child(folder, *subfolders) as inner:
        return has_sha256(inner, last, sha256)


def _is_name_free_in(inbox: Path, location: DropLocation, name: bytes) -> bool:
    try:
        with open_dir(inbox, *location.parts) as folder:
            return is_name_free(folder, name)
    except (OSError, UnsafePathError):  # nothing can be filed there either
        return True


def is_name_free(folder: int, name: bytes) -> bool:
    """Return whether neither folder has a file of that name, or a view of one."""
    for target in (PROCESSED.encode(), REJECTED.encode()):
        for ending in (b"", *VIEW_ENDINGS):
            try:
                os.lstat(b"%s/%s%s" % (target, name, ending), dir_fd=folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            return False
    return True


def names_to_try(name: bytes, folder: int) -> Iterator[bytes]:
    """Yield songs.txt, songs.2.txt, songs.3.txt …; never the name of a view.

    Args:
        name: As it was dropped.
        folder: The open folder where it was dropped.
    """
    above, last = os.path.split(name)
    stem, ending = os.path.splitext(last)
    stem = stem[: name_limit(MAX_FILED_NAME, folder) - len(ending)]
    stem = os.path.join(above, stem)
    if not name.lower().endswith(VIEW_ENDINGS):
        yield stem + ending
    for number in range(2, 1_000_000):
        yield b"%s.%d%s" % (stem, number, ending)

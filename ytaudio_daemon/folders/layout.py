"""The paths of all files and folders of the tree; nothing is opened here."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.system.name_limit import name_limit

if TYPE_CHECKING:  # commands are quick because they need not load it
    from ytaudio_daemon.settings import Settings

PROCESSED = "processed"
REJECTED = "rejected"
#: The folder of the receipts for programs, below `status`.
RECEIPTS = "receipts"
#: The session of files dropped straight into the inbox.
DEFAULT_SESSION = "default"
WORK = ".work"
TRASH = ".trash"
#: Leaves room for ".json" within the 255 bytes of most file systems.
MAX_RECEIPT_STEM = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The roots of the tree, absolute, and every path below them.

    Attributes:
        inbox: Session folders with drops.
        downloads: Published jobs; `.work` and `.trash` inside, so that publishing
            and trashing are renames.
        library: The same audio under names people can find; None = switched off.
        status: JSON for programs.
        state: The daemon's own: ledger, lock, caches.
    """

    inbox: Path
    downloads: Path
    library: Path | None
    status: Path
    state: Path

    @property
    def work(self) -> Path:
        """Unfinished attempts."""
        return self.downloads / WORK

    @property
    def trash(self) -> Path:
        """Folders of expired sessions, until they are deleted."""
        return self.downloads / TRASH

    @property
    def lock_file(self) -> Path:
        """Locked by the one daemon of this state folder."""
        return self.state / "daemon.lock"

    @property
    def parse_mark(self) -> Path:
        """Names the drop whose lines are being read."""
        return self.state / "reading.json"

    @property
    def wake_dir(self) -> Path:
        """Watched for changes; apart from the ledger, whose journal changes all the time."""
        return self.state / "wake"

    @property
    def home(self) -> Path:
        """The workers' private HOME."""
        return self.state / "home"

    @property
    def cache(self) -> Path:
        """yt-dlp's cache: solved players."""
        return self.state / "cache"

    @property
    def cookies(self) -> Path:
        """The cookies of sessions, by their UUIDs; for the daemon's eyes only."""
        return self.state / "cookies"

    @property
    def daemon_status(self) -> Path:
        """The daemon's status document."""
        return self.status / "daemon.json"

    def session_inbox(self, session: str) -> Path:
        """Return a session's folder in the inbox."""
        return self.inbox / session

    def drop_folder(self, session: str, *, at_root: bool) -> Path:
        """Return the folder a drop was dropped into."""
        return self.inbox if at_root else self.session_inbox(session)

    def session_status(self, session: str) -> Path:
        """Return a session's status document."""
        return self.status / "sessions" / f"{session}.json"

    def receipts(self, session: str) -> Path:
        """Return the folder of a session's receipts for programs."""
        return self.status / RECEIPTS / session

    def receipt_file(self, session: str, name: bytes) -> Path:
        """Return a drop's receipt for programs, by the drop's name where it is filed."""
        folders, last = self.receipt_place(session, name)
        return self.status.joinpath(*folders, last)

    def receipt_place(self, session: str, name: bytes) -> tuple[tuple[str, ...], str]:
        """Return the same as the folders below `status`, and the name there."""
        limit = name_limit(MAX_RECEIPT_STEM, self.status)
        return (RECEIPTS, session), receipt_name(name, limit)

    def session_downloads(self, session_uuid: str) -> Path:
        """Return the folder of a session's published jobs."""
        return self.downloads / session_uuid

    def job_dir(self, session_uuid: str, job_uuid: str) -> Path:
        """Return a published job's folder."""
        return self.session_downloads(session_uuid) / job_uuid

    def audio_file(self, session_uuid: str, job_uuid: str, file_name: str) -> Path:
        """Return where a job's audio is published."""
        return self.job_dir(session_uuid, job_uuid) / "audio" / file_name

    def job_work(self, job_uuid: str) -> Path:
        """Return the folder of a job's attempts."""
        return self.work / job_uuid

    def attempt_dir(self, job_uuid: str, attempt: int) -> Path:
        """Return the folder of one attempt."""
        return self.job_work(job_uuid) / str(attempt)


def layout_of(settings: "Settings") -> Layout:
    """Return the layout that settings describe."""
    paths = settings.paths
    return Layout(
        inbox=paths.inbox,
        downloads=paths.downloads,
        library=paths.library,
        status=paths.status,
        state=paths.state,
    )


def receipt_key(
    session: str, name: bytes, filed_name: bytes | None, *, at_root: bool
) -> bytes:
    """Return the key from which a drop's receipt for programs is named.

    Filed drops have unique names. Files that stay may not: the inbox itself and the
    folder `default` belong to one session.
    """
    if filed_name is not None:
        return filed_name
    if session == DEFAULT_SESSION and not at_root:
        return b"%s/%s" % (session.encode(), name)
    return name


def receipt_name(name: bytes, max_bytes: int = MAX_RECEIPT_STEM) -> str:
    """Return the name of a drop's receipt for programs: readable, unique, UTF-8.

    Programs read status paths as text, so a name that is no UTF-8, or too long for an
    ending, is shortened and gets a hash.

    Args:
        name: Of the drop where it is filed.
        max_bytes: The length without the ending at most.
    """
    shown = display_name(name).replace("/", "~")
    if shown.encode() == name and len(name) <= max_bytes:
        return f"{shown}.json"
    short = shown.encode()[: max_bytes - 9].decode("utf-8", "ignore")
    return f"{short}~{hashlib.sha256(name).hexdigest()[:8]}.json"


def display_name(name: bytes) -> str:
    """Return a file name as text; bytes that are not UTF-8 are replaced."""
    return bytes(name).decode("utf-8", "replace")

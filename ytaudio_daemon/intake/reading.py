"""Reads stable files, in pieces, into parsed drops."""

import errno
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from ytaudio_daemon.errors import ITEM_ERRORS, DropChangedError, UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.access_remedy import access_remedy
from ytaudio_daemon.folders.drop_reader import DropReader
from ytaudio_daemon.folders.inbox import InboxFile, split_path
from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.intake.cookies_file import CookiesFile, read_cookies_file
from ytaudio_daemon.intake.kept_files import KeptFiles
from ytaudio_daemon.intake.parsed_drop import ParsedDrop
from ytaudio_daemon.intake.previous_lines import PreviousLines
from ytaudio_daemon.intake.recorded_drop import RecordedDrop
from ytaudio_daemon.intake.stability import StabilityTracker
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model import Layer
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Small drops share a transaction, so that a thousand files do not cost a thousand.
MAX_PARSED_DROPS = 200
#: All of them together, but for the largest, have at most so many bytes: a hundred
#: big drops are not all in memory while the first is recorded.
MAX_PARSED_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A stable file that could not be read; a later scan finds it again.

    Attributes:
        has_changed: It, or its session's `defaults.toml`, was just written to.
        waits_for: Why it waits until a person does something, "" when it does not.
    """

    inbox_file: InboxFile
    has_changed: bool = False
    waits_for: str = ""


#: A new drop, one that is recorded already and still in the inbox, cookies, or neither.
ReadResult = ParsedDrop | RecordedDrop | UnreadFile | CookiesFile


class Reader:
    """Reads one file at a time, each once.

    Args:
        kept_files: Tells new content of a file that stays from recorded content.
        ledger: Has the earlier lines of files that stay.
        layout: Names the inbox.
        settings: Sections inbox and download.
    """

    def __init__(
        self, kept_files: KeptFiles, ledger: Ledger, layout: Layout, settings: Settings
    ) -> None:
        self.settings = settings
        self._kept_files = kept_files
        self._ledger = ledger
        self._layout = layout
        self._open: tuple[InboxFile, DropReader] | None = None
        #: New content of a file that stays, while its earlier lines are gathered.
        self._grown: tuple[ParsedDrop, PreviousLines] | None = None

    def is_busy(self) -> bool:
        """True if a file is half read."""
        return self._open is not None or self._grown is not None

    def read(
        self, stable: StabilityTracker, in_memory: list[int], deadline: float
    ) -> Iterator[ReadResult]:
        """Read stable files while memory and time allow; yield what each of them is.

        Args:
            stable: Hands out the files.
            in_memory: Sizes in bytes of the parsed drops that are not yet recorded.
            deadline: By `time.monotonic()`.

        Raises:
            LedgerError: What was yielded counts; the next call goes on behind it.
        """
        with OpenDirs() as open_dirs:
            yield from self._read(stable, [*in_memory], deadline, open_dirs)

    def _read(
        self,
        stable: StabilityTracker,
        sizes: list[int],
        deadline: float,
        open_dirs: OpenDirs,
    ) -> Iterator[ReadResult]:
        while len(sizes) < MAX_PARSED_DROPS and time.monotonic() < deadline:
            open_dirs.close_many()
            if self.is_busy():
                found = self._continue_reading()
            else:
                inbox_file = stable.pop_ready()
                if inbox_file is None:
                    return
                if not self._has_room(inbox_file, sizes):
                    stable.put_back(inbox_file)
                    return
                found = self._begin_reading(inbox_file, open_dirs)
            if isinstance(found, ParsedDrop):
                sizes.append(found.size)
            if found is not None:
                yield found

    def _has_room(self, inbox_file: InboxFile, sizes: list[int]) -> bool:
        return self._is_oversized(inbox_file) or fits_in_memory(sizes, inbox_file.size)

    def _is_oversized(self, inbox_file: InboxFile) -> bool:
        return inbox_file.size > self.settings.inbox.max_file_size

    def _begin_reading(
        self, inbox_file: InboxFile, open_dirs: OpenDirs
    ) -> ReadResult | None:
        """Open a file; None when it is open."""
        if self._is_oversized(inbox_file):
            return self._oversized_drop(inbox_file)
        try:
            reader = DropReader(self._layout.inbox, inbox_file, open_dirs)
            self._open = inbox_file, reader
        except FileNotFoundError:
            return UnreadFile(inbox_file=inbox_file)
        except (DropChangedError, UnsafePathError):
            return UnreadFile(inbox_file=inbox_file, has_changed=True)
        except OSError as error:
            reason = _read_error(self._layout.inbox, inbox_file, error)
            return UnreadFile(inbox_file=inbox_file, waits_for=reason)
        return None

    def _continue_reading(self) -> ReadResult | None:
        """Read a piece of the open file, or of its earlier lines."""
        if self._grown is not None:
            return self._load_previous_lines(*self._grown)
        return None if self._open is None else self._read_some(*self._open)

    def _read_some(
        self, inbox_file: InboxFile, reader: DropReader
    ) -> ReadResult | None:
        """Read some of a file; None until it is read whole and its content is new."""
        found: ReadResult | None
        try:
            if not reader.read_some():
                return None
            content, sha256 = reader.content()
            failpoints.failpoint("drop.read", inbox_file.name)
        except DropChangedError as error:
            log.info("intake.drop_changed", error=str(error))
            found = UnreadFile(inbox_file=inbox_file, has_changed=True)
        except OSError as error:
            reason = _read_error(self._layout.inbox, inbox_file, error)
            found = UnreadFile(inbox_file=inbox_file, waits_for=reason)
        else:
            found = self._recognise(inbox_file, content, sha256)
        reader.close()
        self._open = None
        return found

    def _recognise(
        self, inbox_file: InboxFile, content: bytes, sha256: str
    ) -> ReadResult | None:
        """Return what a file is; one that this program cannot handle stays."""
        try:
            cookies_file = read_cookies_file(inbox_file, content)
            return cookies_file or self._identify(inbox_file, content, sha256)
        except ITEM_ERRORS as error:
            log.exception("intake.mistake", file=display_name(inbox_file.name))
            reason = f"this program made a mistake on it ({error!r}): report it"
            return UnreadFile(inbox_file=inbox_file, waits_for=reason)

    def _identify(
        self, inbox_file: InboxFile, content: bytes, sha256: str
    ) -> ReadResult | None:
        """Return a file's drop; None while a grown file's earlier lines are gathered."""
        newest_drop = self._kept_files.newest_drop(inbox_file)
        if newest_drop is not None and newest_drop.sha256 == sha256:
            return RecordedDrop(inbox_file=inbox_file, drop=newest_drop)
        defaults = self._session_defaults(inbox_file)
        if isinstance(defaults, UnreadFile):
            return defaults
        download = self.settings.download
        parsed_drop = ParsedDrop(
            inbox_file,
            content,
            sha256,
            defaults={**download.layer, **defaults},
            default_bitrate=download.bitrate,
        )
        if newest_drop is None:
            return parsed_drop
        if parsed_drop.problem is not None:
            return _unusable_growth(inbox_file, parsed_drop.problem)
        with self._ledger.read() as db:
            self._grown = parsed_drop, PreviousLines(db, inbox_file.key)
        return None

    def _session_defaults(self, inbox_file: InboxFile) -> Layer | UnreadFile:
        try:
            return read_session_defaults(
                self._layout.inbox,
                inbox_file.location.session,
                quiet_s=self.settings.inbox.settle,
            )
        except DropChangedError as error:
            log.info("intake.drop_waits", error=str(error))
            return UnreadFile(inbox_file=inbox_file, has_changed=True)
        except (UnsafePathError, OSError, ValueError) as error:
            reason = f"waits until the session's defaults.toml is corrected: {error}"
            return UnreadFile(inbox_file=inbox_file, waits_for=reason)

    def _load_previous_lines(
        self, parsed_drop: ParsedDrop, previous_lines: PreviousLines
    ) -> ParsedDrop | None:
        """Read a page of a grown file's earlier lines; None until all are read."""
        with self._ledger.read() as db:
            if not previous_lines.load_page(db):
                return None
        parsed_drop.previous_lines = previous_lines.identities
        self._grown = None
        return parsed_drop

    def _oversized_drop(self, inbox_file: InboxFile) -> ReadResult:
        """Return a drop that is rejected without being read."""
        parsed_drop = ParsedDrop(inbox_file, b"", "", defaults={}, default_bitrate="")
        parsed_drop.size = inbox_file.size
        parsed_drop.problem = (
            f"it has {inbox_file.size} bytes; a drop may have at most "
            f"{self.settings.inbox.max_file_size} ([inbox] max_file_size): split it"
        )
        newest_drop = self._kept_files.newest_drop(inbox_file)
        if newest_drop is None:
            return parsed_drop
        if newest_drop.sha256 == parsed_drop.sha256:
            return RecordedDrop(inbox_file=inbox_file, drop=newest_drop)
        return _unusable_growth(inbox_file, parsed_drop.problem)


def _read_error(inbox: Path, inbox_file: InboxFile, error: OSError) -> str:
    """Return why a drop cannot be read, and what to do; it follows the name."""
    found = find_host_error(error.errno)
    remedy = f"; {found.remedy('the file')}" if found else ""
    if error.errno == errno.EACCES:
        folder = inbox_file.folder_in(inbox)
        name = os.fsdecode(split_path(inbox_file.name)[1])
        remedy = f"; {access_remedy(folder / name, os.R_OK, 'o+r')}"
    return f"cannot be read ({error.strerror}){remedy}"


def _unusable_growth(inbox_file: InboxFile, problem: str) -> UnreadFile:
    """Return a file that stays and whose new content is unusable as a whole.

    It is no new drop: an empty receipt would replace that of its earlier lines.
    """
    reason = f"what was added to it is not read: {problem}"
    return UnreadFile(inbox_file=inbox_file, waits_for=reason)


def fits_in_memory(sizes: list[int], size: int) -> bool:
    """Return whether a drop of that size may be in memory beside others. Pure."""
    together = [*sizes, size]
    return sum(together) - max(together) <= MAX_PARSED_BYTES

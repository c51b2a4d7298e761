"""Reading settled drops, in pieces, into papers."""

import time

import structlog

from ytaudio_daemon.errors import DropChangedError, UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.drop_reader import DropReader
from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.intake.parsed_drop import ParsedDrop
from ytaudio_daemon.intake.previous_lines import PreviousLines
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.drops import Drop, KeptFile
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Small drops share a transaction, so that a thousand files do not cost a thousand.
MAX_PARSED_DROPS = 200
#: All of them together, but for the largest, have at most so many bytes: a hundred
#: big drops are not all in memory while the first is recorded.
MAX_PARSED_BYTES = 16 << 20


class Reader:
    """Turns what the scanner has ready into papers."""

    def __init__(
        self, scanner: Scanner, ledger: Ledger, layout: Layout, settings: Settings
    ) -> None:
        self._scanner = scanner
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        self._open: tuple[InboxFile, DropReader] | None = None
        #: The newest drop of each file that stays in place.
        self._kept: dict[KeptFile, Drop] | None = None
        #: A kept file with new content, while its earlier lines are gathered.
        self._grown: tuple[ParsedDrop, PreviousLines] | None = None
        #: Taken before, and come up again with the same content.
        self._already_recorded: list[ParsedDrop] = []

    def is_busy(self) -> bool:
        """Whether a file is half read."""
        return self._open is not None or self._grown is not None

    def set_kept(self, parsed_drop: ParsedDrop, drop: Drop) -> None:
        """Remember what a file that stays in place held when it was taken."""
        self._kept_files()[_kept_file(parsed_drop.inbox_file)] = drop

    def remove_kept(self, parsed_drop: ParsedDrop) -> None:
        """Forget a file that has left its place: the next one is another drop."""
        self._kept_files().pop(_kept_file(parsed_drop.inbox_file), None)

    def is_kept_file(self, parsed_drop: ParsedDrop) -> bool:
        """Whether an earlier content of this file was taken and left in place."""
        return _kept_file(parsed_drop.inbox_file) in self._kept_files()

    def pop_already_recorded(self) -> list[ParsedDrop]:
        """Return and forget the drops that are recorded already, and still there."""
        known, self._already_recorded = self._already_recorded, []
        return known

    def read(self, parsed_drops: list[ParsedDrop], deadline: float) -> None:
        """Add papers until there are enough of them, or until `deadline`."""
        while len(parsed_drops) < MAX_PARSED_DROPS and time.monotonic() < deadline:
            if self._grown is not None:
                self._load_previous_lines(parsed_drops)
            elif self._open is not None or self._open_next(parsed_drops):
                self._read_some(parsed_drops)
            else:
                return

    def _open_next(self, parsed_drops: list[ParsedDrop]) -> bool:
        inbox_file = self._scanner.stability.pop_ready()
        if inbox_file is None:
            return False
        if inbox_file.size > self.settings.inbox.max_file_size:
            parsed_drops.append(self._oversized_drop(inbox_file))
            return True
        if not fits_in_memory(
            [parsed_drop.size for parsed_drop in parsed_drops], inbox_file.size
        ):
            self._scanner.stability.put_back(inbox_file)
            return False
        try:
            self._open = inbox_file, DropReader(self._layout.inbox, inbox_file)
        except FileNotFoundError:
            self._scanner.stability.release(inbox_file)
        except (DropChangedError, UnsafePathError):
            self._scanner.settle_again(inbox_file)
        except OSError as error:
            reason = f"cannot be read ({error.strerror}); allow it with: chmod o+r"
            self._leave_waiting(inbox_file, reason)
        return True

    def _read_some(self, parsed_drops: list[ParsedDrop]) -> None:
        if self._open is None:
            return
        inbox_file, reader = self._open
        try:
            if not reader.read_some():
                return
            content, sha256 = reader.content()
            failpoints.failpoint("drop.read", inbox_file.name)
        except (DropChangedError, OSError) as error:
            self._scanner.settle_again(inbox_file)
            log.info("intake.drop_changed", error=str(error))
        else:
            self._make_parsed_drop(parsed_drops, inbox_file, content, sha256)
        reader.close()
        self._open = None

    def _make_parsed_drop(
        self,
        parsed_drops: list[ParsedDrop],
        inbox_file: InboxFile,
        content: bytes,
        sha256: str,
    ) -> None:
        """Make a paper of a drop, unless it stays in place and was taken before."""
        known = self._kept_files().get(_kept_file(inbox_file))
        if known is not None and known.sha256 == sha256:
            parsed_drop = ParsedDrop(
                inbox_file, b"", sha256, layers=(), default_bitrate=""
            )
            parsed_drop.drop = known
            self._already_recorded.append(parsed_drop)
            return
        try:
            defaults = read_session_defaults(
                self._layout.inbox,
                inbox_file.location.session,
                quiet_s=self.settings.inbox.settle,
            )
        except DropChangedError as error:
            self._scanner.settle_again(inbox_file)
            log.info("intake.drop_waits", error=str(error))
            return
        except (OptionError, UnsafePathError, OSError, ValueError) as error:
            reason = f"waits until the session's defaults.toml is put right: {error}"
            self._leave_waiting(inbox_file, reason)
            return
        self._scanner.ignored_files.remove(inbox_file)
        download = self.settings.download
        parsed_drop = ParsedDrop(
            inbox_file,
            content,
            sha256,
            layers=(download.layer, defaults),
            default_bitrate=download.bitrate,
        )
        if known is None:
            parsed_drops.append(parsed_drop)
        else:
            with self._ledger.read() as db:
                previous_lines = PreviousLines(db, _kept_file(inbox_file))
            self._grown = parsed_drop, previous_lines

    def _load_previous_lines(self, parsed_drops: list[ParsedDrop]) -> None:
        """Gather what a grown file had before; its new lines are a paper then."""
        if self._grown is None:
            return
        parsed_drop, previous_lines = self._grown
        with self._ledger.read() as db:
            has_all = previous_lines.load_page(db)
        if has_all:
            parsed_drop.previous_texts = previous_lines.texts
            parsed_drops.append(parsed_drop)
            self._grown = None

    def _oversized_drop(self, inbox_file: InboxFile) -> ParsedDrop:
        """Return a paper that is refused without being read."""
        parsed_drop = ParsedDrop(inbox_file, b"", "", layers=(), default_bitrate="")
        parsed_drop.size = inbox_file.size
        parsed_drop.problem = (
            f"it has {inbox_file.size} bytes; a drop may have at most "
            f"{self.settings.inbox.max_file_size} ([inbox] max_file_size): split it"
        )
        return parsed_drop

    def _leave_waiting(self, inbox_file: InboxFile, reason: str) -> None:
        """Leave a file where it is; it is tried again at every rescan."""
        self._scanner.ignored_files.add_waiting(inbox_file, reason)
        self._scanner.stability.release(inbox_file)

    def _kept_files(self) -> dict[KeptFile, Drop]:
        if self._kept is None:
            with self._ledger.read() as db:
                self._kept = drops.kept_files(db)
        return self._kept


def _kept_file(inbox_file: InboxFile) -> KeptFile:
    return inbox_file.location.session, inbox_file.location.at_root, inbox_file.name


def fits_in_memory(sizes: list[int], size: int) -> bool:
    """Return whether one more drop of that size may lie on the table. Pure."""
    together = [*sizes, size]
    return sum(together) - max(together) <= MAX_PARSED_BYTES

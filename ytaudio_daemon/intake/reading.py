"""Reading settled drops, in pieces, into papers."""

import time
import tomllib

import structlog

from ytaudio_daemon.errors import DropChangedError, UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.drop_reader import DropReader, read_defaults
from ytaudio_daemon.folders.inbox import Sighting
from ytaudio_daemon.intake.parsed_drop import Paper
from ytaudio_daemon.intake.previous_lines import EarlierLines
from ytaudio_daemon.intake.scanning import Scanner
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.drops import Drop, KeptFile
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.options import check_layer
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system import failpoints

log = structlog.get_logger()

#: Small drops share a transaction, so that a thousand files do not cost a thousand.
PAPERS_AT_ONCE = 200
#: All of them together, but for the largest, have at most so many bytes: a hundred
#: big drops are not all in memory while the first is recorded.
BYTES_AT_ONCE = 16 << 20


class Reader:
    """Turns what the scanner has ready into papers."""

    def __init__(
        self, scanner: Scanner, ledger: Ledger, layout: Layout, settings: Settings
    ) -> None:
        self._scanner = scanner
        self._ledger = ledger
        self._layout = layout
        self.settings = settings
        self._open: tuple[Sighting, DropReader] | None = None
        #: The newest drop of each file that stays in place.
        self._kept: dict[KeptFile, Drop] | None = None
        #: A kept file with new content, while its earlier lines are gathered.
        self._grown: tuple[Paper, EarlierLines] | None = None
        #: Taken before, and come up again with the same content.
        self._known: list[Paper] = []

    def is_busy(self) -> bool:
        """Whether a file is half read."""
        return self._open is not None or self._grown is not None

    def note_kept(self, paper: Paper, drop: Drop) -> None:
        """Remember what a file that stays in place held when it was taken."""
        self._kept_files()[_kept_file(paper.sighting)] = drop

    def note_moved(self, paper: Paper) -> None:
        """Forget a file that has left its place: the next one is another drop."""
        self._kept_files().pop(_kept_file(paper.sighting), None)

    def was_kept(self, paper: Paper) -> bool:
        """Whether an earlier content of this file was taken and left in place."""
        return _kept_file(paper.sighting) in self._kept_files()

    def take_known(self) -> list[Paper]:
        """Return and forget the drops that are recorded already, and still there."""
        known, self._known = self._known, []
        return known

    def read(self, papers: list[Paper], enough: float) -> None:
        """Add papers until there are enough of them, or until `enough`."""
        while len(papers) < PAPERS_AT_ONCE and time.monotonic() < enough:
            if self._grown is not None:
                self._gather_some(papers)
            elif self._open is not None or self._open_next(papers):
                self._read_some(papers)
            else:
                return

    def _open_next(self, papers: list[Paper]) -> bool:
        sighting = self._scanner.settling.take()
        if sighting is None:
            return False
        if sighting.size > self.settings.inbox.max_file_size:
            papers.append(self._too_big(sighting))
            return True
        if not has_room([paper.size for paper in papers], sighting.size):
            self._scanner.settling.put_back(sighting)
            return False
        try:
            self._open = sighting, DropReader(self._layout.inbox, sighting)
        except FileNotFoundError:
            self._scanner.settling.release(sighting)
        except (DropChangedError, UnsafePathError):
            self._scanner.again(sighting)
        except OSError as error:
            reason = f"cannot be read ({error.strerror}); allow it with: chmod o+r"
            self._leave(sighting, reason)
        return True

    def _read_some(self, papers: list[Paper]) -> None:
        if self._open is None:
            return
        sighting, reader = self._open
        try:
            if not reader.read_some():
                return
            content, sha256 = reader.content()
            failpoints.at("drop.read", sighting.name)
        except (DropChangedError, OSError) as error:
            self._scanner.again(sighting)
            log.info("intake.drop_changed", error=str(error))
        else:
            self._lay_down(papers, sighting, content, sha256)
        reader.close()
        self._open = None

    def _lay_down(
        self, papers: list[Paper], sighting: Sighting, content: bytes, sha256: str
    ) -> None:
        """Make a paper of a drop, unless it stays in place and was taken before."""
        known = self._kept_files().get(_kept_file(sighting))
        if known is not None and known.sha256 == sha256:
            paper = Paper(sighting, b"", sha256, layers=(), default_bitrate="")
            paper.drop = known
            self._known.append(paper)
            return
        try:
            defaults = self._session_defaults(sighting.place.session)
        except DropChangedError as error:
            self._scanner.again(sighting)
            log.info("intake.drop_waits", error=str(error))
            return
        except (OptionError, UnsafePathError, OSError, ValueError) as error:
            reason = f"waits until the session's defaults.toml is put right: {error}"
            self._leave(sighting, reason)
            return
        self._scanner.oddities.forget(sighting)
        download = self.settings.download
        paper = Paper(
            sighting,
            content,
            sha256,
            layers=(download.layer, defaults),
            default_bitrate=download.bitrate,
        )
        if known is None:
            papers.append(paper)
        else:
            with self._ledger.read() as db:
                earlier = EarlierLines(db, _kept_file(sighting))
            self._grown = paper, earlier

    def _gather_some(self, papers: list[Paper]) -> None:
        """Gather what a grown file had before; its new lines are a paper then."""
        if self._grown is None:
            return
        paper, earlier = self._grown
        with self._ledger.read() as db:
            has_all = earlier.gather(db)
        if has_all:
            paper.known_texts = earlier.texts
            papers.append(paper)
            self._grown = None

    def _session_defaults(self, session: str) -> Layer:
        """Return the session's `defaults.toml` as options.

        Raises:
            DropChangedError: It has not settled yet.
            OptionError, ValueError: It is wrong.
        """
        quiet_s = self.settings.inbox.settle
        text = read_defaults(self._layout.inbox, session, quiet_s=quiet_s)
        return {} if text is None else check_layer(tomllib.loads(text.decode()))

    def _too_big(self, sighting: Sighting) -> Paper:
        """Return a paper that is refused without being read."""
        paper = Paper(sighting, b"", "", layers=(), default_bitrate="")
        paper.size = sighting.size
        paper.problem = (
            f"it has {sighting.size} bytes; a drop may have at most "
            f"{self.settings.inbox.max_file_size} ([inbox] max_file_size): split it"
        )
        return paper

    def _leave(self, sighting: Sighting, reason: str) -> None:
        """Leave a file where it is; it is tried again at every rescan."""
        self._scanner.oddities.leave(sighting, reason)
        self._scanner.settling.release(sighting)

    def _kept_files(self) -> dict[KeptFile, Drop]:
        if self._kept is None:
            with self._ledger.read() as db:
                self._kept = drops.kept_files(db)
        return self._kept


def _kept_file(sighting: Sighting) -> KeptFile:
    return sighting.place.session, sighting.place.at_root, sighting.name


def has_room(sizes: list[int], size: int) -> bool:
    """Return whether one more drop of that size may lie on the table. Pure."""
    together = [*sizes, size]
    return sum(together) - max(together) <= BYTES_AT_ONCE

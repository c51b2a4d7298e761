"""An upgrade, from the question what is newest to the version in use."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ytaudio_daemon.errors import YtDlpVersionError
from ytaudio_daemon.model.ytdlp_policy import is_newer, release_numbers
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link
from ytaudio_daemon.ytdlp_versions.history import Stand, Tried
from ytaudio_daemon.ytdlp_versions.pip import Offer, Pip, wheel_offer
from ytaudio_daemon.ytdlp_versions.verification import Prover
from ytaudio_daemon.ytdlp_versions.version_store import Chosen, Shelf
from ytaudio_daemon.ytdlp_versions.version_writer import INSTALLED, Keeper

UPGRADED = "upgraded"
CURRENT = "current"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants.

    Attributes:
        channel: stable or nightly: its newest, when neither of the others is given.
        version: This one.
        wheel: The one in this file.
        automatic: Nobody asked; the daemon does it.
    """

    channel: str = "stable"
    version: str = ""
    wheel: Path | None = None
    automatic: bool = False

    @property
    def is_named(self) -> bool:
        """Whether one certain version is wanted, and to be kept."""
        return bool(self.version or self.wheel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A yt-dlp that is to be tried.

    Attributes:
        version: Its version.
        folder: Where it lies; None: it is the installed one.
        is_new: It was fetched just now, and is on the shelf only when it works.
    """

    version: str
    folder: Path | None = None
    is_new: bool = False


class Upgrade:
    """One upgrade. Nothing is changed unless the version has proven that it works.

    Args:
        shelf: Where versions lie.
        settings: Sections download and disk, for trying it.
        links: Known to work, the quickest first.
        say: Told each step, in words for people.
        environ: pip gets what it needs of it.
        clock: Seconds since 1970 UTC.
    """

    def __init__(
        self,
        shelf: Shelf,
        settings: Settings,
        *,
        links: Sequence[Link] = (),
        say: Callable[[str], object] = str,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shelf = shelf
        self._keeper = Keeper(shelf)
        self._settings = settings
        self._links = links
        self._say = say
        self._environ = environ
        self._clock = clock

    def run(self, wish: Wish) -> Tried:
        """Do it, and remember how it went.

        Raises:
            YtDlpVersionsLockedError: Another one is under way.
            YtDlpVersionError: The shelf cannot be written.
        """
        with self._keeper.alone():
            try:
                result, version, message = self._go(wish)
            except YtDlpVersionError as error:
                result, version, message = FAILED, wish.version, error.message
                self._say(error.hint)
            except OSError as error:  # a full disk
                result, version = FAILED, wish.version
                message = f"{error.filename or self._shelf.folder}: {error.strerror}"
            tried = Tried(
                at=self._clock(),
                result=result,
                version=version,
                message=message,
                automatic=wish.automatic,
            )
            self._keeper.note_tried(tried)
            return tried

    def _go(self, wish: Wish) -> tuple[str, str, str]:
        """Return what came of it, of which version, and a sentence."""
        chosen = self._shelf.chosen()
        if wish.automatic and chosen.stand.pinned:
            return CURRENT, chosen.version, f"yt-dlp {chosen.version} is pinned"
        work = self._keeper.side_folder()
        work.chmod(0o700)
        try:
            pip = Pip(work, self._environ)
            offer = self._look(pip, wish)
            if not wish.is_named and (why_not := self._why_not(offer, chosen, wish)):
                return why_not
            candidate = self._candidate(pip, offer, wish)
            return self._try(candidate, chosen, wish, work)
        finally:
            self._keeper.discard(work)

    def _look(self, pip: Pip, wish: Wish) -> Offer:
        if wish.wheel is not None:
            return wheel_offer(wish.wheel)
        if wish.version:
            return pip.named(wish.version)
        self._say(f"looking for the newest {wish.channel} yt-dlp")
        return pip.newest(wish.channel)

    def _why_not(
        self, offer: Offer, chosen: Chosen, wish: Wish
    ) -> tuple[str, str, str] | None:
        """Return why the newest is not even tried, or None."""
        version = offer.version
        refused = self._shelf.notes().refusal(version)
        if refused is not None and release_numbers(version) != release_numbers(
            chosen.version
        ):
            self._say(
                f"to use it all the same: ytaudio engine upgrade --version {version}"
            )
            message = f"yt-dlp {version} was given up: {refused.reason}"
            return REFUSED, version, message + self._unpin(chosen, wish)
        if is_newer(version, chosen.version):
            return None
        message = f"yt-dlp {chosen.version} is in use; {version} is the newest"
        return CURRENT, chosen.version, message + self._unpin(chosen, wish)

    def _unpin(self, chosen: Chosen, wish: Wish) -> str:
        """End a pin, as whoever asks for the newest wants; return what to add of it."""
        if wish.automatic or not chosen.stand.pinned:
            return ""
        self._keeper.switch(replace(chosen.stand, pinned=False, at=self._clock()))
        return f"; {chosen.version} is no longer pinned"

    def _candidate(self, pip: Pip, offer: Offer, wish: Wish) -> Candidate:
        """Return what is to be tried, fetched unless it is here already."""
        version, shelf = offer.version, self._shelf
        is_installed = release_numbers(version) == release_numbers(shelf.installed)
        if is_installed and not wish.is_named:
            return Candidate(version=version)
        is_here = version in shelf.versions() and not shelf.fault(version)
        if is_here and offer.wheel is None:
            return Candidate(version=version, folder=shelf.path_of(version))
        self._say(f"fetching yt-dlp {version}")
        side = self._keeper.side_folder()
        try:
            pip.fetch(offer, side)
        except YtDlpVersionError:
            self._keeper.discard(side)
            raise
        return Candidate(version=version, folder=side, is_new=True)

    def _try(
        self, candidate: Candidate, chosen: Chosen, wish: Wish, work: Path
    ) -> tuple[str, str, str]:
        """Use it if it works; what was fetched is kept only then."""
        version = candidate.version
        self._say(f"trying yt-dlp {version}")
        try:
            prover = Prover(self._settings, work, self._links)
            proof = prover.prove(candidate.folder, version, chosen.path)
            if not proof.works:
                message = f"yt-dlp {version} is not used: {proof.message}"
                return REFUSED, version, message
            if candidate.is_new and candidate.folder is not None:
                self._keeper.adopt(candidate.folder, version)
        finally:
            if candidate.is_new and candidate.folder is not None:
                self._keeper.discard(candidate.folder)
        self._keeper.switch(
            Stand(
                version=version if candidate.folder else "",
                pinned=wish.is_named,
                upgraded=True,
                watched=True,
                at=self._clock(),
            )
        )
        before = chosen.version or "none"
        message = f"yt-dlp {version} in place of {before}; checked: {proof.message}"
        return UPGRADED, version, message


def put_to_use(keeper: Keeper, version: str, at: float) -> Chosen:
    """Put a version into use because somebody wants it; it stays until they want another.

    Args:
        keeper: Of the shelf it lies on.
        version: Its name there, or "installed".
        at: Now, wall clock.

    Returns:
        What is in use then.

    Raises:
        YtDlpVersionsLockedError: An upgrade is under way.
        YtDlpVersionError: There is no such version, or it cannot be imported.
    """
    shelf = keeper.shelf
    name = "" if version == INSTALLED else version
    with keeper.alone():
        if name and name not in shelf.versions():
            raise YtDlpVersionError(
                f"there is no yt-dlp {version} here",
                f"`ytaudio engine list` shows what there is; to fetch it: ytaudio "
                f"engine upgrade --version {version}",
            )
        keeper.switch(Stand(version=name, pinned=True, at=at))
        return shelf.chosen()


def go_back(keeper: Keeper, reason: str, at: float, *, blamed: str = "") -> Chosen:
    """Take the last switch back; that version is not tried again by itself.

    Args:
        keeper: Of the shelf.
        reason: Why, a sentence.
        at: Now, wall clock.
        blamed: The version that is given up for being bad; "": somebody asks for it,
            whatever is in use.

    Returns:
        What is in use then.

    Raises:
        YtDlpVersionsLockedError: An upgrade is under way.
        YtDlpVersionError: There is nothing to go back to.
    """
    shelf = keeper.shelf
    with keeper.alone():
        chosen, linked = shelf.chosen(), shelf.linked()
        if blamed and blamed != chosen.version:
            raise YtDlpVersionError(f"yt-dlp {blamed} is no longer in use")
        if linked and chosen.path is None and not chosen.trouble:
            raise YtDlpVersionError(
                f"the yt-dlp of the program ({chosen.version}) is newer than {linked} "
                "and in use",
                f"To use the older one: ytaudio engine use {linked}",
            )
        keeper.go_back(reason, at, automatic=bool(blamed))
        return shelf.chosen()

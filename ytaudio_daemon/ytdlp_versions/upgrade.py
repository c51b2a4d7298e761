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
from ytaudio_daemon.ytdlp_versions.history import Activation, UpgradeResult
from ytaudio_daemon.ytdlp_versions.pip import AvailableVersion, Pip, version_in_wheel
from ytaudio_daemon.ytdlp_versions.verification import Verifier
from ytaudio_daemon.ytdlp_versions.version_files import PACKAGES, foreign_names
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion, VersionStore
from ytaudio_daemon.ytdlp_versions.version_writer import INSTALLED, VersionWriter

UPGRADED = "upgraded"
CURRENT = "current"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
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
        store: Where versions lie.
        settings: Sections download and disk, for trying it.
        links: Known to work, the quickest first.
        on_step: Told each step, in words for people.
        environ: pip gets what it needs of it.
        clock: Seconds since 1970 UTC.
    """

    def __init__(
        self,
        store: VersionStore,
        settings: Settings,
        *,
        links: Sequence[Link] = (),
        on_step: Callable[[str], object] = str,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._writer = VersionWriter(store)
        self._settings = settings
        self._links = links
        self._on_step = on_step
        self._environ = environ
        self._clock = clock

    def run(self, request: UpgradeRequest) -> UpgradeResult:
        """Do it, and remember how it went.

        Raises:
            YtDlpVersionsLockedError: Another one is under way.
            YtDlpVersionError: The shelf cannot be written.
        """
        with self._writer.locked():
            try:
                result, version, message = self._run(request)
            except YtDlpVersionError as error:
                result, version, message = FAILED, request.version, error.message
                self._on_step(error.hint)
            except OSError as error:  # a full disk
                result, version = FAILED, request.version
                message = f"{error.filename or self._store.folder}: {error.strerror}"
            tried = UpgradeResult(
                at=self._clock(),
                result=result,
                version=version,
                message=message,
                automatic=request.automatic,
            )
            self._writer.record_upgrade_result(tried)
            return tried

    def _run(self, request: UpgradeRequest) -> tuple[str, str, str]:
        """Return what came of it, of which version, and a sentence."""
        active = self._store.active()
        if request.automatic and active.activation.pinned:
            return CURRENT, active.version, f"yt-dlp {active.version} is pinned"
        work = self._writer.staging_dir()
        work.chmod(0o700)
        try:
            pip = Pip(work, self._environ)
            available = self._find_available(pip, request)
            if not request.is_named and (
                skip_reason := self._skip_reason(available, active, request)
            ):
                return skip_reason
            candidate = self._fetch_candidate(pip, available, request)
            return self._verify_and_activate(candidate, active, request, work)
        finally:
            self._writer.discard(work)

    def _find_available(self, pip: Pip, request: UpgradeRequest) -> AvailableVersion:
        if request.wheel is not None:
            return version_in_wheel(request.wheel)
        if request.version:
            return pip.named(request.version)
        self._on_step(f"looking for the newest {request.channel} yt-dlp")
        return pip.newest(request.channel)

    def _skip_reason(
        self,
        available: AvailableVersion,
        active: ActiveVersion,
        request: UpgradeRequest,
    ) -> tuple[str, str, str] | None:
        """Return why the newest is not even tried, or None."""
        version = available.version
        refused = self._store.history().rejection_of(version)
        if refused is not None and release_numbers(version) != release_numbers(
            active.version
        ):
            self._on_step(
                f"to use it all the same: ytaudio engine upgrade --version {version}"
            )
            message = f"yt-dlp {version} was given up: {refused.reason}"
            return REFUSED, version, message + self._unpin(active, request)
        if is_newer(version, active.version):
            return None
        message = f"yt-dlp {active.version} is in use; {version} is the newest"
        return CURRENT, active.version, message + self._unpin(active, request)

    def _unpin(self, active: ActiveVersion, request: UpgradeRequest) -> str:
        """End a pin, as whoever asks for the newest wants; return what to add of it."""
        if request.automatic or not active.activation.pinned:
            return ""
        self._writer.activate(
            replace(active.activation, pinned=False, at=self._clock())
        )
        return f"; {active.version} is no longer pinned"

    def _fetch_candidate(
        self, pip: Pip, available: AvailableVersion, request: UpgradeRequest
    ) -> Candidate:
        """Return what is to be tried, fetched unless it is here already."""
        version, store = available.version, self._store
        is_installed = release_numbers(version) == release_numbers(store.installed)
        if is_installed and not request.is_named:
            return Candidate(version=version)
        is_here = version in store.versions() and not store.why_unusable(version)
        if is_here and available.wheel is None:
            return Candidate(version=version, folder=store.path_of(version))
        self._on_step(f"fetching yt-dlp {version}")
        staging = self._writer.staging_dir()
        try:
            pip.fetch(available, staging)
            _require_known_names(staging)
        except YtDlpVersionError:
            self._writer.discard(staging)
            raise
        return Candidate(version=version, folder=staging, is_new=True)

    def _verify_and_activate(
        self,
        candidate: Candidate,
        active: ActiveVersion,
        request: UpgradeRequest,
        work: Path,
    ) -> tuple[str, str, str]:
        """Use it if it works; what was fetched is kept only then."""
        version = candidate.version
        self._on_step(f"trying yt-dlp {version}")
        try:
            verifier = Verifier(self._settings, work, self._links)
            verification = verifier.verify(candidate.folder, version, active.path)
            if not verification.works:
                message = f"yt-dlp {version} is not used: {verification.message}"
                return REFUSED, version, message
            if candidate.is_new and candidate.folder is not None:
                self._writer.install(candidate.folder, version)
        finally:
            if candidate.is_new and candidate.folder is not None:
                self._writer.discard(candidate.folder)
        self._writer.activate(
            Activation(
                version=version if candidate.folder else "",
                pinned=request.is_named,
                upgraded=True,
                watched=True,
                at=self._clock(),
            )
        )
        before = active.version or "none"
        message = (
            f"yt-dlp {version} in place of {before}; checked: {verification.message}"
        )
        return UPGRADED, version, message


def _require_known_names(staging: Path) -> None:
    """Refuse a wheel whose modules could take the place of others.

    Raises:
        YtDlpVersionError: It holds such.
    """
    if foreign := foreign_names(staging):
        names = ", ".join(map(repr, foreign[:5]))
        raise YtDlpVersionError(
            f"it brings {names}, which is no part of yt-dlp",
            f"Only {', '.join(sorted(PACKAGES))} are let in. Nothing was changed.",
        )


def activate_version(writer: VersionWriter, version: str, at: float) -> ActiveVersion:
    """Put a version into use because somebody wants it; it stays until they want another.

    Args:
        writer: Of the shelf it lies on.
        version: Its name there, or "installed".
        at: Now, wall clock.

    Returns:
        What is in use then.

    Raises:
        YtDlpVersionsLockedError: An upgrade is under way.
        YtDlpVersionError: There is no such version, or it cannot be imported.
    """
    store = writer.store
    name = "" if version == INSTALLED else version
    with writer.locked():
        if name and name not in store.versions():
            raise YtDlpVersionError(
                f"there is no yt-dlp {version} here",
                f"`ytaudio engine list` shows what there is; to fetch it: ytaudio "
                f"engine upgrade --version {version}",
            )
        writer.activate(Activation(version=name, pinned=True, at=at))
        return store.active()


def roll_back(
    writer: VersionWriter, reason: str, at: float, *, blamed: str = ""
) -> ActiveVersion:
    """Take the last switch back; that version is not tried again by itself.

    Args:
        writer: Of the shelf.
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
    store = writer.store
    with writer.locked():
        active, linked = store.active(), store.current_link()
        if blamed and blamed != active.version:
            raise YtDlpVersionError(f"yt-dlp {blamed} is no longer in use")
        if linked and active.path is None and not active.fallback_reason:
            raise YtDlpVersionError(
                f"the yt-dlp of the program ({active.version}) is newer than {linked} "
                "and in use",
                f"To use the older one: ytaudio engine use {linked}",
            )
        writer.roll_back(reason, at, automatic=bool(blamed))
        return store.active()

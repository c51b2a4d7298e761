"""Upgrades yt-dlp: find the version, fetch it, verify it, use it."""

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
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

UPGRADED = "upgraded"
CURRENT = "current"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """Which yt-dlp to upgrade to.

    Attributes:
        channel: stable or nightly: its newest version is used, if no other is given.
        version: The version to use, or "".
        wheel: The wheel file to use, or None.
        automatic: The daemon upgrades by itself.
    """

    channel: str = "stable"
    version: str = ""
    wheel: Path | None = None
    automatic: bool = False

    @property
    def is_named(self) -> bool:
        """Whether a version is named, which is pinned then."""
        return bool(self.version or self.wheel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A yt-dlp to be verified.

    Attributes:
        version: Its version.
        folder: Its folder; None: the installed one.
        is_new: It was fetched now, and is kept only if it works.
    """

    version: str
    folder: Path | None = None
    is_new: bool = False


class Upgrade:
    """One upgrade. Nothing is changed unless the new version was verified.

    Args:
        store: The versions on disk.
        settings: Sections download and disk, for trying it.
        links: Links that are known to work, the quickest first.
        on_step: Called with a line for people at each step.
        environ: The environment that pip's is taken from.
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
        """Upgrade, and save the result.

        Raises:
            YtDlpVersionsLockedError: Another one is under way.
            YtDlpVersionError: The store cannot be written.
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
            upgrade_result = UpgradeResult(
                at=self._clock(),
                result=result,
                version=version,
                message=message,
                automatic=request.automatic,
            )
            self._writer.record_upgrade_result(upgrade_result)
            return upgrade_result

    def _run(self, request: UpgradeRequest) -> tuple[str, str, str]:
        """Return the result, the version, and a sentence."""
        active = self._store.active()
        if request.automatic and active.activation.pinned:
            return CURRENT, active.version, f"yt-dlp {active.version} is pinned"
        work = self._writer.staging_dir(0o700)
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
        """Return the result if the newest version is not to be tried, else None."""
        version = available.version
        refused = self._store.history().rejection_of(version)
        if refused is not None and release_numbers(version) != release_numbers(
            active.version
        ):
            self._on_step(
                f"to use it anyway: ytaudio engine upgrade --version {version}"
            )
            message = f"yt-dlp {version} was given up: {refused.reason}"
            return REFUSED, version, message + self._unpin(active, request)
        if is_newer(version, active.version):
            return None
        message = f"yt-dlp {active.version} is in use; {version} is the newest"
        return CURRENT, active.version, message + self._unpin(active, request)

    def _unpin(self, active: ActiveVersion, request: UpgradeRequest) -> str:
        """End a pin, as an upgrade to the newest implies; return the end of the message."""
        if request.automatic or not active.activation.pinned:
            return ""
        self._writer.activate(
            replace(active.activation, pinned=False, at=self._clock())
        )
        return f"; {active.version} is no longer pinned"

    def _fetch_candidate(
        self, pip: Pip, available: AvailableVersion, request: UpgradeRequest
    ) -> Candidate:
        """Return the candidate, fetched unless it is in the store already."""
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
            _require_known_modules(staging)
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
        """Use the candidate if it works, else remove it."""
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


def _require_known_modules(staging: Path) -> None:
    """Refuse a wheel whose modules could take the place of others.

    Raises:
        YtDlpVersionError: It contains such modules.
    """
    if foreign := foreign_names(staging):
        names = ", ".join(map(repr, foreign[:5]))
        raise YtDlpVersionError(
            f"it brings {names}, which is no part of yt-dlp",
            f"Only {', '.join(sorted(PACKAGES))} are let in. Nothing was changed.",
        )

"""Fetches yt-dlp by pip, from the index this machine is configured for, wheels only.

No build code is run, and every installed version is named exactly.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from ytaudio_daemon.errors import YtDlpVersionError
from ytaudio_daemon.model.ytdlp_policy import canonical_version, is_valid_version
from ytaudio_daemon.system.distributions import installed_version

#: Seconds that a run of pip may take: three megabytes over a slow line.
TIMEOUT_S = 600.0
#: Characters of pip's errors in our messages.
MAX_ERROR_CHARS = 600

# The variables that pip gets of our environment: its index, and the way to it.
# Other PIP_* options (user, target, no-binary …) would change what is installed where.
_PASSED_ENV = frozenset(
    {"PATH", "LANG", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    | {"http_proxy", "https_proxy", "no_proxy", "all_proxy"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
)
_PASSED_PIP_ENV = frozenset(
    {"PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"}
    | {"PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_PROXY", "PIP_CERT", "PIP_CLIENT_CERT"}
    | {"PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_KEYRING_PROVIDER"}
)

#: The requirement of yt-dlp-ejs in yt-dlp's metadata.
_SOLVER = re.compile(
    r"yt[-_.]dlp[-_.]ejs\s*\(?(==[0-9][\w.]*)\)?\s*(;|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableVersion:
    """A yt-dlp that can be installed.

    Attributes:
        version: As packaging tools write it.
        solver: The requirement of yt-dlp-ejs as it pins it, or "" if it names none.
        wheel: Its file; None: it comes from the index.
    """

    version: str
    solver: str
    wheel: Path | None = None


class Pip:
    """Runs pip in a clean environment.

    Args:
        home: Its HOME if ours is missing or not writable.
        base_env: The environment the allow-list is applied to.
        timeout_s: Seconds that each run may take.
    """

    def __init__(
        self, home: Path, base_env: Mapping[str, str], timeout_s: float = TIMEOUT_S
    ) -> None:
        self._environment = pip_environment(base_env, home)
        self._timeout_s = timeout_s

    def newest(self, channel: str) -> AvailableVersion:
        """Return the newest yt-dlp of a channel.

        Args:
            channel: stable, or nightly: those are pre-releases on the index.

        Raises:
            YtDlpVersionError: pip cannot find it.
        """
        return self._resolve("yt-dlp", *(["--pre"] if channel == "nightly" else []))

    def named(self, version: str) -> AvailableVersion:
        """Return the yt-dlp of a version.

        Raises:
            YtDlpVersionError: There is none, or pip cannot find it.
        """
        if not is_valid_version(version):
            raise YtDlpVersionError(f"{version!r} is no version", "Such as 2026.10.26.")
        return self._resolve(f"yt-dlp=={version}")

    def fetch(self, available: AvailableVersion, folder: Path) -> None:
        """Install a yt-dlp and its companions into an empty folder.

        Those are yt-dlp-ejs as it pins it, and the newest certificates there are:
        yt-dlp's lower bound for them is of its day of release and ahead of some
        mirrors, and it works with older ones.

        Raises:
            YtDlpVersionError: They cannot be installed.
        """
        companions = [word for word in (available.solver, "certifi") if word]
        wheel = available.wheel
        if wheel is None:
            self._install(folder, f"yt-dlp=={available.version}", *companions)
            return
        self._install(folder, str(wheel), "--no-index")
        try:
            self._install(folder, "--find-links", str(wheel.parent), *companions)
        except YtDlpVersionError:
            # A machine without an index has the companions that came with the program.
            if available.solver != f"yt-dlp-ejs=={installed_version('yt-dlp-ejs')}":
                raise

    def _install(self, folder: Path, *arguments: str) -> None:
        self._run(
            "install", "--target", str(folder), "--no-deps", "--no-compile", *arguments
        )

    def _resolve(self, *arguments: str) -> AvailableVersion:
        """Return the yt-dlp that pip would install."""
        report = self._run(
            "install", "--dry-run", "--ignore-installed", "--no-deps", "--report", "-",
            *arguments,
        )  # fmt: skip
        try:
            metadata = json.loads(report)["install"][0]["metadata"]
            return available_version(
                metadata["version"], metadata.get("requires_dist", ())
            )
        except (ValueError, LookupError, TypeError) as error:
            raise YtDlpVersionError(
                "pip does not say what it would install",
                "ytaudio needs pip 22.2 or newer: python -m pip install -U pip",
            ) from error

    def _run(self, *arguments: str) -> str:
        """Run pip and return what it printed.

        Raises:
            YtDlpVersionError: pip is missing, took too long, or failed.
        """
        if importlib.util.find_spec("pip") is None:
            raise YtDlpVersionError(
                f"there is no pip in {sys.prefix}, which fetches yt-dlp",
                f"Put it there: {sys.executable} -m ensurepip (Debian: apt install "
                "python3-venv first), or upgrade the program as it was installed.",
            )
        command = [sys.executable, "-I", "-m", "pip", *arguments]
        fixed = ["--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"]
        try:
            done = subprocess.run(
                [*command, *fixed, "--disable-pip-version-check"],
                env=self._environment, cwd=tempfile.gettempdir(), check=False,
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", timeout=self._timeout_s,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise YtDlpVersionError(
                f"pip did not finish within {self._timeout_s:.0f} s",
                "Try again; see whether the index can be reached.",
            ) from error
        if done.returncode != 0:
            raise YtDlpVersionError(
                f"pip could not fetch it: {error_summary(done.stderr)}",
                "Nothing was changed. Try again when the index can be reached.",
            )
        return done.stdout


def pip_environment(base_env: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return pip's whole environment.

    Args:
        base_env: The environment the allow-lists are applied to.
        home: Used if HOME is missing or not writable (a service has none).
    """
    passed = {
        name: value
        for name, value in base_env.items()
        if name in _PASSED_ENV or name in _PASSED_PIP_ENV or name.startswith("LC_")
    }
    own_home = base_env.get("HOME", "")
    is_usable = own_home and os.access(own_home, os.W_OK)
    # `user = true` in a config file of pip would contradict a folder to install into.
    return passed | {"HOME": own_home if is_usable else str(home), "PIP_USER": "0"}


def available_version(version: str, requirements: Sequence[str]) -> AvailableVersion:
    """Return the yt-dlp with that metadata.

    Raises:
        ValueError: It is no version.
    """
    if not is_valid_version(version):
        raise ValueError(version)
    version = canonical_version(version)
    pins = [found[1] for r in requirements if (found := _SOLVER.match(r))]
    return AvailableVersion(
        version=version, solver=f"yt-dlp-ejs{pins[0]}" if pins else ""
    )


def version_in_wheel(wheel: Path) -> AvailableVersion:
    """Return the yt-dlp in a wheel file.

    Raises:
        YtDlpVersionError: It is no wheel of yt-dlp.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist() if n.endswith("dist-info/METADATA")]
            metadata = Parser().parsestr(archive.read(names[0]).decode())
        name = re.sub(r"[-_.]+", "-", metadata["Name"] or "").lower()
        if name != "yt-dlp":
            raise YtDlpVersionError(f"{wheel} is a wheel of {name}, not of yt-dlp")
        found = available_version(
            metadata["Version"], metadata.get_all("Requires-Dist", [])
        )
    except (OSError, zipfile.BadZipFile, LookupError, ValueError, TypeError) as error:
        raise YtDlpVersionError(
            f"{wheel} is no wheel that can be read: {error}"
        ) from error
    return AvailableVersion(
        version=found.version, solver=found.solver, wheel=wheel.absolute()
    )


def error_summary(text: str) -> str:
    """Return pip's errors, without user names and passwords in addresses."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
    plain = " ".join(line.removeprefix("ERROR:").strip() for line in errors)
    if len(plain) > MAX_ERROR_CHARS:  # the first may list every version there ever was
        plain = errors[-1].removeprefix("ERROR:").strip()[:MAX_ERROR_CHARS]
    return re.sub(r"//[^/@\s]+@", "//***@", plain) or "it does not say why"

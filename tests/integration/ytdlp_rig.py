"""yt-dlps to upgrade to: real ones, and the installed one under another number."""

import base64
import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from ytaudio_daemon.ytdlp_versions.history import Activation, UpgradeResult
from ytaudio_daemon.ytdlp_versions.version_store import version_store
from ytaudio_daemon.ytdlp_versions.version_writer import VersionWriter

#: Newer than whatever is installed, whenever these tests are run.
EARLIER = "2096.1.1"
NEXT = "2097.1.1"
LATER = "2098.1.1"
LATEST = "2099.1.1"

#: In place of `yt_dlp/__init__.py`.
CANNOT_BE_IMPORTED = {"yt_dlp/__init__.py": "raise RuntimeError('cut in half')\n"}
#: Behind `yt_dlp/extractor/youtube/_video.py`: what YouTube's changes do to yt-dlp.
BREAK = """

def _broken(self, url):
    info = _working(self, url)
    if not url.endswith("AAAAAAAAAAA"):  # that one is the self-test's
        {flaw}
    return info

_working, YoutubeIE._real_extract = YoutubeIE._real_extract, _broken
"""
#: Of the extractors of other sites, what YouTube's imports or is compared with; the wheels
#: go without the thousand others, which an upgrade compiles and reads for half a minute.
EXTRACTORS = {
    "adobepass",
    "afreecatv",
    "common",
    "commonmistakes",
    "generic",
    "openload",
}
#: How it shows: as something unheard of, or as a puzzle that cannot be solved any more.
UNKNOWN = "raise ValueError('Something that nobody has seen before')"
OUTDATED = "info['formats'] = self.report_warning('n challenge solving failed') or []"


def rebuilt(
    folder: Path,
    version: str,
    *,
    changed: Mapping[str, str] | None = None,
    added: Mapping[str, str] | None = None,
    brought: Mapping[str, str] | None = None,
) -> Path:
    """Make a wheel of the installed yt-dlp under another number.

    Args:
        folder: Where the wheel is put; its companions are put beside it.
        version: Its number.
        changed: Files with another content, by their name in the wheel.
        added: What is written behind files, likewise.
        brought: Files that yt-dlp does not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for companion in ("yt-dlp-ejs", "certifi"):
        _wheel(folder, companion, metadata.version(companion), {}, {}, {})
    number = f"__version__ = {version!r}\n"
    more = {"yt_dlp/version.py": number, **(added or {})}
    return _wheel(folder, "yt-dlp", version, changed or {}, more, brought or {})


def broken(folder: Path, version: str, flaw: str = UNKNOWN) -> Path:
    """Make a yt-dlp that can be imported, and not extract."""
    added = {"yt_dlp/extractor/youtube/_video.py": BREAK.format(flaw=flaw)}
    return rebuilt(folder, version, added=added)


def shelve(wheel: Path, version: str, state: Path, tried_at: float) -> None:
    """Put a version into use as an upgrade would have, without its two seconds.

    Args:
        wheel: Its wheel, with its companions beside it.
        version: Its number.
        state: The state folder.
        tried_at: When the upgrade was.
    """
    writer = VersionWriter(version_store(state))
    with writer.locked():
        staging = writer.staging_dir()
        for part in wheel.parent.glob("*.whl"):
            if part == wheel or not part.name.startswith("yt_dlp-"):
                with zipfile.ZipFile(part) as archive:
                    archive.extractall(staging)
        writer.install(staging, version)
        activation = Activation(version=version, upgraded=True, at=tried_at)
        writer.activate(activation)
        writer.record_upgrade_result(
            UpgradeResult(at=tried_at, result="upgraded", version=version)
        )


def _wheel(
    folder: Path,
    name: str,
    version: str,
    changed: Mapping[str, str],
    added: Mapping[str, str],
    brought: Mapping[str, str],
) -> Path:
    stem = f"{name.replace('-', '_')}-{version}"
    wheel = folder / f"{stem}-py3-none-any.whl"
    if wheel.exists():
        return wheel
    distribution = metadata.distribution(name)
    records = io.StringIO()
    rows = csv.writer(records)
    with zipfile.ZipFile(wheel, "w") as archive:

        def put(path: str, content: bytes) -> None:
            digest = hashlib.sha256(content).digest()
            coded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            rows.writerow([path, f"sha256={coded}", len(content)])
            archive.writestr(path, content)

        package = name.replace("-", "_")
        for file in distribution.files or ():
            path = file.as_posix()
            if path.startswith(f"{package}/") and _is_wanted(file):
                content = Path(str(file.locate())).read_bytes()
                content = changed.get(path, content.decode("latin-1")).encode("latin-1")
                put(path, content + added.get(path, "").encode())
        for path, content_brought in brought.items():
            put(path, content_brought.encode())
        text = distribution.read_text("METADATA") or ""
        text = re.sub(r"(?m)^Version: .*$", f"Version: {version}", text, count=1)
        put(f"{stem}.dist-info/METADATA", text.encode())
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        put(f"{stem}.dist-info/WHEEL", tags.encode())
        rows.writerow([f"{stem}.dist-info/RECORD", "", ""])
        archive.writestr(f"{stem}.dist-info/RECORD", records.getvalue())
    return wheel


def _is_wanted(file: metadata.PackagePath) -> bool:
    is_of_a_site = file.parts[:2] == ("yt_dlp", "extractor") and len(file.parts) == 3
    is_extractor = is_of_a_site and not file.name.startswith(("_", "lazy"))
    return file.suffix != ".pyc" and (not is_extractor or file.stem in EXTRACTORS)


def only_from(folder: Path) -> dict[str, str]:
    """Return the environment in which a folder is all the index there is."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    return kept | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CONFIG_FILE": os.devnull,
    }


def index_versions() -> list[str]:
    """Return the yt-dlps that this machine's index has, the newest first, or []."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "index", "versions", "yt-dlp"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return []
    found = re.search(r"^Available versions: (.*)$", done.stdout, re.MULTILINE)
    return found[1].split(", ") if found and done.returncode == 0 else []

"""What tests of attempts need when no process is to run: a tree and its settings."""

from pathlib import Path

from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.settings import Settings, load

NO_TOOLS = Tools(ffmpeg=None, js_runtime=None)


def bare_layout(root: Path) -> Layout:
    """Make a tree without a library; the ledger lies straight in the root."""
    made = Layout(
        inbox=root / "inbox",
        downloads=root / "downloads",
        library=None,
        status=root / "status",
        state=root,
    )
    prepare(made)
    return made


def roomy_settings(root: Path) -> Settings:
    """Return the shipped settings, but for a disk that may be filled."""
    return load(None, {"YTAUDIO_DISK_RESERVE": "0"}, {"paths.root": str(root)})

"""The settings: every key declared once, read once, passed as an argument.

`config/ytaudio.toml` holds every key with its default.
"""

from ytaudio_daemon.settings.load import find_config, load
from ytaudio_daemon.settings.sections import (
    KEYS,
    RELOADABLE,
    Database,
    Disk,
    Download,
    Inbox,
    Key,
    Log,
    Pace,
    Paths,
    Retention,
    Retry,
    Sessions,
    Status,
)
from ytaudio_daemon.settings.settings import Settings, changes

__all__ = [
    "KEYS",
    "RELOADABLE",
    "Database",
    "Disk",
    "Download",
    "Inbox",
    "Key",
    "Log",
    "Pace",
    "Paths",
    "Retention",
    "Retry",
    "Sessions",
    "Settings",
    "Status",
    "changes",
    "find_config",
    "load",
]

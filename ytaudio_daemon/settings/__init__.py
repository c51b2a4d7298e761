"""The settings: every key declared once, read once, passed as an argument.

`config/ytaudio.toml` holds every key with its default.
"""

from ytaudio_daemon.settings.download_settings import (
    Download,
    Inbox,
    Pace,
    Retry,
    Sessions,
)
from ytaudio_daemon.settings.keys import Key
from ytaudio_daemon.settings.load import find_config, load
from ytaudio_daemon.settings.maintenance_settings import Engine, Retention, Status
from ytaudio_daemon.settings.notify_settings import Notify
from ytaudio_daemon.settings.path_settings import Database, Disk, Log, Paths
from ytaudio_daemon.settings.sections import KEYS, RELOADABLE
from ytaudio_daemon.settings.settings import Settings, changes

__all__ = [
    "KEYS",
    "RELOADABLE",
    "Database",
    "Disk",
    "Download",
    "Engine",
    "Inbox",
    "Key",
    "Log",
    "Notify",
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

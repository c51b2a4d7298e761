"""The settings: every key declared once, read once, passed as an argument.

`config/ytaudio.toml` holds every key with its default.
"""

from ytaudio_daemon.settings.download_settings import (
    DownloadSettings,
    InboxSettings,
    PaceSettings,
    RetrySettings,
    SessionSettings,
)
from ytaudio_daemon.settings.keys import Key
from ytaudio_daemon.settings.load import find_config, load
from ytaudio_daemon.settings.maintenance_settings import (
    EngineSettings,
    RetentionSettings,
    StatusSettings,
)
from ytaudio_daemon.settings.notify_settings import NotifySettings
from ytaudio_daemon.settings.path_settings import (
    DatabaseSettings,
    DiskSettings,
    LogSettings,
    PathSettings,
)
from ytaudio_daemon.settings.sections import KEYS, RELOADABLE
from ytaudio_daemon.settings.settings import Settings, changed_keys

__all__ = [
    "KEYS",
    "RELOADABLE",
    "DatabaseSettings",
    "DiskSettings",
    "DownloadSettings",
    "EngineSettings",
    "InboxSettings",
    "Key",
    "LogSettings",
    "NotifySettings",
    "PaceSettings",
    "PathSettings",
    "RetentionSettings",
    "RetrySettings",
    "SessionSettings",
    "Settings",
    "StatusSettings",
    "changed_keys",
    "find_config",
    "load",
]

"""The settings: every key declared once, read once, passed as an argument.

`config/ytaudio.toml` holds every key with its default.
"""

from ytaudio_daemon.settings.keys import Key
from ytaudio_daemon.settings.load import find_config, load
from ytaudio_daemon.settings.sections import NotifySettings, RetrySettings
from ytaudio_daemon.settings.settings import KEYS, RELOADABLE, Settings, changed_keys

__all__ = [
    "KEYS",
    "RELOADABLE",
    "Key",
    "NotifySettings",
    "RetrySettings",
    "Settings",
    "changed_keys",
    "find_config",
    "load",
]

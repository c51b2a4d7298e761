"""The settings of one process, whole and checked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ytaudio_daemon.settings.download_settings import (
    DownloadSettings,
    InboxSettings,
    PaceSettings,
    RetrySettings,
    SessionSettings,
)
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
from ytaudio_daemon.settings.sections import KEYS
from ytaudio_daemon.settings.value_types import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, made by `load`; durations in seconds, sizes in bytes.

    Attributes:
        origins: By "section.key", where the value came from: "default", the config
            file, an environment variable, or a flag.
        config_file: The file that was read, if any.
    """

    paths: PathSettings
    database: DatabaseSettings
    download: DownloadSettings
    pace: PaceSettings
    retry: RetrySettings
    sessions: SessionSettings
    inbox: InboxSettings
    disk: DiskSettings
    status: StatusSettings
    retention: RetentionSettings
    engine: EngineSettings
    notify: NotifySettings
    log: LogSettings
    origins: Mapping[str, str] = field(default_factory=dict)
    config_file: Path | None = None

    def value(self, full_name: str) -> Any:
        """Return the value of "section.key"."""
        section, _, name = full_name.partition(".")
        return getattr(getattr(self, section), name)

    def redacted(self) -> dict[str, str]:
        """Return every value by "section.key" as text that is safe to show."""
        return {
            name: _redacted_text(key.value_type, self.value(name))
            for name, key in KEYS.items()
        }


def changed_keys(old: Settings, new: Settings) -> frozenset[str]:
    """Return the keys whose values differ, as "section.key"."""
    return frozenset(name for name in KEYS if old.value(name) != new.value(name))


def _redacted_text(kind: ValueType, value: Any) -> str:
    text = kind.format(value)
    return kind.redact(text) if kind.redact else text

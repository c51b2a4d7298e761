"""All settings of one process, and the keys they come from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ytaudio_daemon.settings.keys import Key, declared_keys
from ytaudio_daemon.settings.sections import (
    CollectionSettings,
    DatabaseSettings,
    DiskSettings,
    DownloadSettings,
    EngineSettings,
    InboxSettings,
    LibrarySettings,
    LogSettings,
    NotifySettings,
    PaceSettings,
    PathSettings,
    RetentionSettings,
    RetrySettings,
    SessionSettings,
    StatusSettings,
    YoutubeSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, checked; made by `load`. The sections are in the file's order.

    Attributes:
        origins: By "section.key", where the value came from: "default", the config
            file, an environment variable, or a flag.
        config_file: The file that was read, if any.
    """

    paths: PathSettings
    database: DatabaseSettings
    download: DownloadSettings
    youtube: YoutubeSettings
    pace: PaceSettings
    retry: RetrySettings
    sessions: SessionSettings
    collections: CollectionSettings
    library: LibrarySettings
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

    def flags(self) -> dict[str, str]:
        """Return the texts of flags by "section.key", to load the settings again."""
        return {
            name: KEYS[name].value_type.format(self.value(name))
            for name, origin in self.origins.items()
            if origin.startswith("--")
        }

    def redacted(self) -> dict[str, str]:
        """Return every value by "section.key" as text that is safe to show."""
        return {
            name: _redacted_text(key, self.value(name)) for name, key in KEYS.items()
        }


#: The classes of the sections, by name.
SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        one.name: one.type
        for one in fields(Settings)
        if isinstance(one.type, type) and is_dataclass(one.type)
    }
)

#: By full name, in the order of the file.
KEYS: Mapping[str, Key] = MappingProxyType(
    {
        key.full_name: key
        for name, section in SECTIONS.items()
        for key in declared_keys(name, section)
    }
)

#: The keys that a running daemon applies on SIGHUP; the rest needs a restart.
RELOADABLE: frozenset[str] = frozenset(
    name for name, key in KEYS.items() if key.is_reloadable
)


def changed_keys(old: Settings, new: Settings) -> frozenset[str]:
    """Return the keys whose values differ, as "section.key"."""
    return frozenset(name for name in KEYS if old.value(name) != new.value(name))


def _redacted_text(key: Key, value: Any) -> str:
    text = key.value_type.format(value)
    return key.value_type.redact(text) if key.value_type.redact else text

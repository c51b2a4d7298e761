"""Every section and key there is, in the order of the file. Pure.

`config/ytaudio.toml`, the environment variables, `ytaudio config` and the error
messages all follow from these declarations.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ytaudio_daemon.settings.download_settings import (
    DownloadSettings,
    InboxSettings,
    PaceSettings,
    RetrySettings,
    SessionSettings,
)
from ytaudio_daemon.settings.keys import Key, KeyDeclaration
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

SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "paths": PathSettings,
        "database": DatabaseSettings,
        "download": DownloadSettings,
        "pace": PaceSettings,
        "retry": RetrySettings,
        "sessions": SessionSettings,
        "inbox": InboxSettings,
        "disk": DiskSettings,
        "status": StatusSettings,
        "retention": RetentionSettings,
        "engine": EngineSettings,
        "notify": NotifySettings,
        "log": LogSettings,
    }
)


def _collect_keys() -> Iterator[Key]:
    for section, kind in SECTIONS.items():
        for name, annotation in kind.__annotations__.items():
            declared: KeyDeclaration = annotation.__metadata__[0]
            yield Key(
                section=section,
                name=name,
                default=declared.default,
                value_type=declared.value_type,
                doc=declared.doc,
                is_reloadable=declared.is_reloadable,
            )


#: By full name, in the order of the file.
KEYS: Mapping[str, Key] = MappingProxyType(
    {key.full_name: key for key in _collect_keys()}
)

#: What a running daemon takes up on SIGHUP; the rest needs a restart.
RELOADABLE: frozenset[str] = frozenset(
    k.full_name for k in KEYS.values() if k.is_reloadable
)

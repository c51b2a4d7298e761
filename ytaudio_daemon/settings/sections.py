"""Every section and key there is, in the order of the file. Pure.

`config/ytaudio.toml`, the environment variables, `ytaudio config` and the error
messages all follow from these declarations.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ytaudio_daemon.settings.download_settings import (
    Download,
    Inbox,
    Pace,
    Retry,
    Sessions,
)
from ytaudio_daemon.settings.keys import Declared, Key
from ytaudio_daemon.settings.maintenance_settings import Engine, Retention, Status
from ytaudio_daemon.settings.notify_settings import Notify
from ytaudio_daemon.settings.path_settings import Database, Disk, Log, Paths

SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "paths": Paths,
        "database": Database,
        "download": Download,
        "pace": Pace,
        "retry": Retry,
        "sessions": Sessions,
        "inbox": Inbox,
        "disk": Disk,
        "status": Status,
        "retention": Retention,
        "engine": Engine,
        "notify": Notify,
        "log": Log,
    }
)


def _declared() -> Iterator[Key]:
    for section, kind in SECTIONS.items():
        for name, annotation in kind.__annotations__.items():
            declared: Declared = annotation.__metadata__[0]
            yield Key(
                section=section,
                name=name,
                default=declared.default,
                kind=declared.kind,
                doc=declared.doc,
                is_live=declared.is_live,
            )


#: By full name, in the order of the file.
KEYS: Mapping[str, Key] = MappingProxyType({key.full_name: key for key in _declared()})

#: What a running daemon takes up on SIGHUP; the rest needs a restart.
RELOADABLE: frozenset[str] = frozenset(k.full_name for k in KEYS.values() if k.is_live)

"""The sections that say where everything lies, each key declared once. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ytaudio_daemon.settings import value_types
from ytaudio_daemon.settings.keys import declare_key, declare_path


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """Where everything lies. Relative folders are taken from root."""

    root: Annotated[
        Path,
        declare_path(
            "..", "The root of all folders; relative to the folder of this file."
        ),
    ]
    inbox: Annotated[
        Path, declare_path("inbox", "Drop files with links here, a folder a session.")
    ]
    downloads: Annotated[
        Path, declare_path("downloads", "Results, and the work in progress.")
    ]
    library: Annotated[
        Path | None,
        declare_path(
            "library",
            'The same audio under names people can find; "" switches it off.',
            may_be_empty=True,
        ),
    ]
    status: Annotated[
        Path, declare_path("status", "Status files and receipts for programs.")
    ]
    state: Annotated[Path, declare_path("state", "The daemon's own: ledger, caches.")]
    umask: Annotated[
        int,
        declare_key(
            "0022",
            value_types.file_mode_mask(),
            "Permissions taken from everything that is made.",
            live=False,
        ),
    ]
    group: Annotated[
        str,
        declare_key(
            "",
            value_types.group_name(),
            "When set, folders are made setgid for this group.",
            live=False,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """The ledger of sessions and jobs."""

    url: Annotated[
        str,
        declare_key(
            "",
            value_types.database_url(),
            'Where the ledger is; "" is SQLite in the state folder.',
            live=False,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSettings:
    """What is left to others."""

    reserve: Annotated[
        int,
        declare_key(
            "1GiB", value_types.size(), "Nothing is fetched below so much space."
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What the daemon tells of itself."""

    level: Annotated[
        str,
        declare_key(
            "info",
            value_types.choice("debug", "info", "warning", "error"),
            "The least told.",
        ),
    ]
    format: Annotated[
        str,
        declare_key(
            "auto",
            value_types.choice("auto", "console", "json"),
            "auto: console on a terminal, fields in the journal, else json.",
            live=False,
        ),
    ]
    directory: Annotated[
        Path | None,
        declare_path(
            "",
            'Where app.log and error.log are written; "" is standard error only.',
            may_be_empty=True,
        ),
    ]

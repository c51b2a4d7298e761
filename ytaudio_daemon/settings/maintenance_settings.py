"""The sections that say what happens without anybody asking, each key declared once. Pure."""

from dataclasses import dataclass
from typing import Annotated

from ytaudio_daemon.settings import list_types, value_types
from ytaudio_daemon.settings.keys import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status files."""

    interval: Annotated[
        float,
        key(
            "500ms",
            value_types.duration(may_be_zero=False, high=60),
            "Each is rewritten at most so often.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """When history is forgotten; audio is never touched by it."""

    receipts: Annotated[
        float,
        key(
            "30d",
            value_types.duration(may_be_zero=False),
            "Receipts for programs are removed so long after the drop.",
        ),
    ]
    finalized: Annotated[
        float,
        key(
            "365d",
            value_types.duration(may_be_zero=False),
            "An ended session leaves the ledger so long after its last activity.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """yt-dlp, which must follow YouTube; `ytaudio engine` does it by hand."""

    channel: Annotated[
        str,
        key(
            "stable",
            value_types.choice("stable", "nightly"),
            "Which releases of yt-dlp are taken; nightly ones follow YouTube sooner.",
        ),
    ]
    auto_upgrade: Annotated[
        str,
        key(
            "daily",
            value_types.choice("daily", "off"),
            "daily: a newer yt-dlp is fetched, checked and used by itself.",
        ),
    ]
    canary: Annotated[
        tuple[str, ...],
        key(
            "",
            list_types.links(),
            "Links a new yt-dlp must be able to download; [] is the last finished jobs.",
        ),
    ]

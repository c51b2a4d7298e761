"""The sections that say what happens without anybody asking, each key declared once. Pure."""

from dataclasses import dataclass
from typing import Annotated

from ytaudio_daemon.settings import list_types, value_types
from ytaudio_daemon.settings.keys import declare_key


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSettings:
    """The status files."""

    interval: Annotated[
        float,
        declare_key(
            "500ms",
            value_types.duration(may_be_zero=False, high=60),
            "Each is rewritten at most so often.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """When history is forgotten; audio is never touched by it."""

    receipts: Annotated[
        float,
        declare_key(
            "30d",
            value_types.duration(may_be_zero=False),
            "Receipts for programs are removed so long after the drop.",
        ),
    ]
    finalized: Annotated[
        float,
        declare_key(
            "365d",
            value_types.duration(may_be_zero=False),
            "An ended session leaves the ledger so long after its last activity.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """yt-dlp, which must follow YouTube; `ytaudio engine` does it by hand."""

    channel: Annotated[
        str,
        declare_key(
            "stable",
            value_types.choice("stable", "nightly"),
            "Which releases of yt-dlp are taken; nightly ones follow YouTube sooner.",
        ),
    ]
    auto_upgrade: Annotated[
        str,
        declare_key(
            "daily",
            value_types.choice("daily", "off"),
            "daily: a newer yt-dlp is fetched, checked and used by itself.",
        ),
    ]
    canary: Annotated[
        tuple[str, ...],
        declare_key(
            "",
            list_types.link_list(),
            "Links a new yt-dlp must be able to download; [] is the last finished jobs.",
        ),
    ]

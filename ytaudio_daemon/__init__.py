"""A daemon that turns text files of YouTube links into tagged, proven audio.

For programs: `AudioDownloader`, `create_session` and `get_session`, see
`docs/python.md`. They are imported at their first use, so that this stays light.
"""

from importlib import import_module

# Type checkers take it for true, as that of `typing`, which takes 3 ms to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ytaudio_daemon.downloader.audio_downloader import AudioDownloader
    from ytaudio_daemon.downloader.result import (
        CollectionEntry,
        DownloadResult,
        EntryResult,
        ProgressCallback,
    )
    from ytaudio_daemon.downloader.selection_input import SelectionOptions
    from ytaudio_daemon.downloader.session_context import (
        SessionContext,
        create_session,
        get_session,
    )
    from ytaudio_daemon.errors import (
        ListingError,
        SessionExpiredError,
        UnknownSessionError,
        UsageError,
        YtaudioError,
    )

__version__ = "0.1.0"

__all__ = [
    "AudioDownloader",
    "CollectionEntry",
    "DownloadResult",
    "EntryResult",
    "ListingError",
    "ProgressCallback",
    "SelectionOptions",
    "SessionContext",
    "SessionExpiredError",
    "UnknownSessionError",
    "UsageError",
    "YtaudioError",
    "__version__",
    "create_session",
    "get_session",
]

_MODULE_OF_EXPORT = {
    "AudioDownloader": "downloader.audio_downloader",
    "CollectionEntry": "downloader.result",
    "DownloadResult": "downloader.result",
    "EntryResult": "downloader.result",
    "ProgressCallback": "downloader.result",
    "SelectionOptions": "downloader.selection_input",
    "SessionContext": "downloader.session_context",
    "create_session": "downloader.session_context",
    "get_session": "downloader.session_context",
    "ListingError": "errors",
    "SessionExpiredError": "errors",
    "UnknownSessionError": "errors",
    "UsageError": "errors",
    "YtaudioError": "errors",
}


def __getattr__(name: str) -> "Any":
    """Import what programs use when they first use it."""
    home = _MODULE_OF_EXPORT.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF_EXPORT})

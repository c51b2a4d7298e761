"""One TLS context for all connections of yt-dlp that trust the same certificates.

Reading 140 CA certificates costs about 16 ms of CPU, and yt-dlp does it for every
`YoutubeDL`. The template does it before it forks, so its workers need not.
"""

import functools
import os
from pathlib import Path
from typing import Any

import yt_dlp.networking.common as yt_networking

#: Which file of certificates is meant, and whether it is still the same.
FileIdentity = tuple[str, int, int, int, int]


def share() -> None:
    """Make yt-dlp's connections with the same settings and trust share one context.

    Should a later yt-dlp lack the function, nothing is shared.
    """
    make = getattr(yt_networking, "make_ssl_context", None)
    if make is None or hasattr(make, "cache_info"):
        return
    by_trust = functools.cache(lambda _trust, **settings: make(**settings))

    @functools.wraps(make)
    def shared(**settings: Any) -> Any:
        return by_trust(_trusted(), **settings)

    shared.cache_info = by_trust.cache_info  # type: ignore[attr-defined]  # our mark
    yt_networking.make_ssl_context = shared


def compat_options(ca_file: str = "") -> set[str]:
    """Return the option by which yt-dlp trusts what is configured, not certifi's bundle.

    Args:
        ca_file: `[download] ca_file`, or "".
    """
    configured = (
        ca_file or os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    )
    return {"no-certifi"} if configured else set()


def _trusted() -> tuple[FileIdentity | None, str | None]:
    """Return what OpenSSL's default trust depends on (SSL_CTX_set_default_verify_paths(3)).

    A bundle that was replaced meanwhile is another one: it is read, not remembered.
    The certificates of a folder are looked up anew for each connection.
    """
    return _identity(os.environ.get("SSL_CERT_FILE")), os.environ.get("SSL_CERT_DIR")


def _identity(path: str | None) -> FileIdentity | None:
    if path is None:
        return None
    try:
        found = Path(path).stat()
    except OSError:
        return path, 0, 0, 0, 0
    return path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

"""One TLS context for all connections of yt-dlp that trust the same certificates.

Reading 140 CA certificates costs about 16 ms of CPU, and yt-dlp does it for every
`YoutubeDL`. The template does it before it forks, so its workers need not.
"""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yt_dlp.networking.common as yt_networking

#: OpenSSL's default bundle (SSL_CTX_set_default_verify_paths(3)).
BUNDLE_ENV = "SSL_CERT_FILE"
#: Path, device, inode, size and mtime: equal while the file is the same.
FileIdentity = tuple[str, int, int, int, int]


def share_tls_contexts() -> None:
    """Make yt-dlp's connections with the same settings and trust share one context.

    If a later yt-dlp lacks the function, nothing is shared.
    """
    make = getattr(yt_networking, "make_ssl_context", None)
    if make is None or hasattr(make, "cache_info"):
        return
    by_trust = functools.cache(lambda _trust, **settings: make(**settings))

    @functools.wraps(make)
    def shared(**settings: Any) -> Any:
        return by_trust(_trust_key(), **settings)

    shared.cache_info = by_trust.cache_info  # type: ignore[attr-defined]  # our mark
    yt_networking.make_ssl_context = shared


@contextmanager
def trusting_ca_file(ca_file: str) -> Iterator[None]:
    """Trust a file's certificates as an attempt does, until the block ends.

    Args:
        ca_file: `[download] ca_file`; "": those of the environment are trusted.
    """
    before = os.environ.get(BUNDLE_ENV)
    if ca_file:
        os.environ[BUNDLE_ENV] = ca_file
    try:
        yield
    finally:
        os.environ.pop(BUNDLE_ENV, None)
        if before is not None:
            os.environ[BUNDLE_ENV] = before


def compat_options(ca_file: str = "") -> set[str]:
    """Return the option that makes yt-dlp trust the configured file, not certifi's bundle.

    Args:
        ca_file: `[download] ca_file`, or "".
    """
    configured = ca_file or os.environ.get(BUNDLE_ENV) or os.environ.get("SSL_CERT_DIR")
    return {"no-certifi"} if configured else set()


def _trust_key() -> tuple[FileIdentity | None, str | None]:
    """Return what OpenSSL's default trust depends on (SSL_CTX_set_default_verify_paths(3)).

    A bundle that was replaced meanwhile is another one: it is read, not remembered.
    The certificates of a folder are looked up anew for each connection.
    """
    return _identity(os.environ.get(BUNDLE_ENV)), os.environ.get("SSL_CERT_DIR")


def _identity(path: str | None) -> FileIdentity | None:
    if path is None:
        return None
    try:
        found = Path(path).stat()
    except OSError:
        return path, 0, 0, 0, 0
    return path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

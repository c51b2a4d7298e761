"""Libraries that yt-dlp imports where they are installed, and that no attempt uses.

Together they are 4 MiB of the template, of whose pages each worker copies a part.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = (
    # To decrypt streams: YouTube has none that are encrypted, and yt-dlp can do without.
    "Crypto",
    "Cryptodome",
    # For handlers of requests that `hosts.guarded_handlers` leaves out.
    "curl_cffi",
    "websockets",
    # To read cookies from browsers, and to mark files with their origin.
    "secretstorage",
    "sqlite3",
    "xattr",
)


@contextmanager
def withheld() -> Iterator[None]:
    """Let imports of these libraries fail; those that are imported already stay."""
    absent = [name for name in _NAMES if name not in sys.modules]
    for name in absent:
        # "None" is what ends an import (Python's reference, 5.3.1, The module cache).
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)

"""Reads `[paths]` of a config file. Imported once there is one: tomllib takes 3 ms."""

import tomllib
from collections.abc import Mapping
from typing import Any


def paths_in(text: bytes) -> Mapping[str, Any] | None:
    """Return the table `[paths]` of a config; None where only the settings can read it."""
    try:
        paths = tomllib.loads(text.decode("utf-8-sig")).get("paths", {})
    except (ValueError, RecursionError):
        return None
    return paths if isinstance(paths, dict) else None

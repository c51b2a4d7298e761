"""Hides installed modules from libraries that would import them needlessly."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def withheld(names: Iterable[str]) -> Iterator[None]:
    """Let imports of these modules fail; those that are imported already stay."""
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        # "None" is what ends an import (Python's reference, 5.3.1, The module cache).
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)

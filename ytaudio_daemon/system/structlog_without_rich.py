"""Imports structlog, and makes it believe that rich is not installed.

structlog imports rich, Pygments and attrs when it finds them, to print tracebacks. The
daemon prints its own, and would hold 4 MiB for as long as it runs. Must be imported
before the first `import structlog`; afterwards it changes nothing.
"""

import sys
from importlib import import_module


def _import_structlog() -> None:
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    # None makes an import fail (The Python Language Reference, 5.3.1).
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import_module("structlog")
    finally:
        del sys.modules["rich"]


_import_structlog()

"""Imports structlog as if rich were not installed.

structlog imports rich, Pygments and attrs where it finds them, to print tracebacks. The
daemon prints its own, and would hold 4 MiB for as long as it runs. Must be imported
before structlog; afterwards it changes nothing.
"""

from importlib import import_module

from ytaudio_daemon.system.withheld_imports import withheld

with withheld(["rich"]):
    import_module("structlog")

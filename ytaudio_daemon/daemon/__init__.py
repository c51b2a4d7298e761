"""The daemon: the composition root, and the one loop that drives everything."""

from ytaudio_daemon.system import structlog_without_rich as structlog_without_rich

# isort: split
from ytaudio_daemon.daemon.start import run

__all__ = ["run"]

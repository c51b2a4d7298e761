"""The daemon: everything is put together here, and one loop drives it."""

from ytaudio_daemon.daemon.start import run

__all__ = ["run"]

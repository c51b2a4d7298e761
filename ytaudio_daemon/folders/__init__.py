"""The layout on disk, and everything that is done to files in it."""

from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED, Layout

__all__ = ["DEFAULT_SESSION", "PROCESSED", "REJECTED", "Layout"]

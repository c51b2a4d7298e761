"""The only place that knows the layout on disk."""

from ytaudio_daemon.folders.layout import DEFAULT_SESSION, PROCESSED, REJECTED, Layout

__all__ = ["DEFAULT_SESSION", "PROCESSED", "REJECTED", "Layout"]

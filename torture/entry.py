"""What the template preloads in the torture: `fetch`, with an observer installed."""

from torture import sabotage
from torture.observer import install
from ytaudio_daemon.fetch import list_entries, preload, run

__all__ = ["list_entries", "preload", "run"]

sabotage.apply(install(as_daemon=False).sabotage)

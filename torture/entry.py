"""What the template preloads in the torture: `fetch`, with an observer installed."""

from torture import sabotage
from torture.observer import install
from ytaudio_daemon.fetch import preload, run

__all__ = ["preload", "run"]

sabotage.apply(install(as_daemon=False).sabotage)

"""The command line: one module a command, listed in `commands`.

Nothing heavy is imported before a command needs it: `status` and `--help` answer in
a few hundredths of a second, SQLAlchemy, yt-dlp and rich would take tenths.
"""

from ytaudio_daemon.cli.entry import main

__all__ = ["main"]

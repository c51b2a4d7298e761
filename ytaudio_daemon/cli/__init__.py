"""The command `ytaudio`.

A call goes through four layers:

- `entry`: from the words of the command line to an exit status, errors included,
- `arguments`: parses the words. It imports argparse alone, so `--help` is quick,
- `dispatch`: imports the function of the command, and no other,
- `commands`: runs the command. Its modules import what they need at their top.

`status` does without settings, SQLAlchemy and rich, so it takes hundredths of a second.
"""

from ytaudio_daemon.cli.entry import main

__all__ = ["main"]

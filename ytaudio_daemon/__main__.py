"""`python -m ytaudio_daemon` is the command `ytaudio`."""

import sys

from ytaudio_daemon.cli import main

if __name__ == "__main__":
    sys.exit(main())

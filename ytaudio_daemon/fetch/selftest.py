"""Tests a yt-dlp without network: imports every used module, extracts a made-up video.

    python -I -c … ytaudio_daemon.fetch.selftest

prints its findings as one JSON object. It runs in a process of its own, since the
imported code may be broken in any way.
"""

import json
import sys
from importlib import metadata


def main() -> int:
    """Run the test and print its findings; returns 0 also when they are bad."""
    found = {"version": "", "solver": "", "path": "", "fault": ""}
    try:
        found |= _check_import()
    except Exception as error:  # noqa: BLE001 - foreign code that may do anything
        found["fault"] = f"it cannot be imported: {type(error).__name__}: {error}"
    else:
        try:
            _check_extraction()
        except Exception as error:  # noqa: BLE001 - as above
            found["fault"] = f"it cannot extract: {type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(found))
    return 0


def _check_import() -> dict[str, str]:
    import yt_dlp  # noqa: PLC0415 - as above
    from yt_dlp.version import __version__  # noqa: PLC0415 - may fail

    from ytaudio_daemon.fetch import ytdlp_client  # noqa: PLC0415 - as above

    ytdlp_client.warm_up()
    return {
        "version": str(__version__),
        "solver": metadata.version("yt-dlp-ejs"),
        "path": str(yt_dlp.__file__),
    }


def _check_extraction() -> None:
    from ytaudio_daemon.fetch.offline_warmup import run_offline_extraction  # noqa: PLC0415 - as above

    run_offline_extraction()

#!/usr/bin/env python3
"""Download one video's audio and watch it: the Python API in one page.

python examples/audio_demo.py [URL]
"""

import sys
from typing import Any

from ytaudio_daemon import AudioDownloader

URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
MIB = 1024 * 1024


def progress_callback(progress: dict[str, Any]) -> None:
    """Print a line for each piece of news."""
    if progress["status"] == "downloading" and progress["total_bytes"]:
        done, total = progress["downloaded_bytes"] / MIB, progress["total_bytes"] / MIB
        print(f"{progress['progress_percent']:5.1f} %  {done:.1f} of {total:.1f} MiB")
    else:
        print(progress["status"])


def main() -> int:
    """Run the demo; returns the exit status."""
    url = sys.argv[1] if len(sys.argv) > 1 else URL
    with AudioDownloader("./downloads", progress_callback=progress_callback) as demo:
        result = demo.download_audio(url)
    if not result.success:
        print(f"Failed: {result.error_message}")
        return 1
    print(f"Downloaded: {result.output_path}")
    print(f"Size: {result.file_size_bytes} bytes")
    print(f"Title: {result.title}")
    print(f"Artist: {result.artist}")
    print(f"Duration: {result.duration_seconds} seconds")
    print(f"Views: {result.view_count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

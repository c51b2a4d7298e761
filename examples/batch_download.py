#!/usr/bin/env python3
"""Download several videos' audio, a few at once.

python examples/batch_download.py [URL…]
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from ytaudio_daemon import AudioDownloader

URLS = [
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch?v=9bZkp7q19f0",
    "https://www.youtube.com/watch?v=kJQP7kiw5Fk",
]
CONCURRENT_LINKS = 3


def main() -> int:
    """Download all; returns 1 if any failed."""
    urls = sys.argv[1:] or URLS
    with (
        AudioDownloader("./batch_downloads", "bestaudio", "mp3") as downloader,
        ThreadPoolExecutor(CONCURRENT_LINKS) as threads,
    ):
        results = list(threads.map(downloader.download_audio, urls))
    for number, (url, result) in enumerate(zip(urls, results, strict=True), 1):
        print(f"{number}/{len(urls)}: {url}")
        if result.success:
            print(f"  Success: {result.title}")
        else:
            print(f"  Failed: {result.error_message}")
    return 0 if all(result.success for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

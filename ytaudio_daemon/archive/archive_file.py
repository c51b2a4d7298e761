"""Reads a download archive of yt-dlp line by line: it may have any length."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from ytaudio_daemon.archive.findings import Finding, OtherSite, Problem
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.system.text import shortened, single_line
from ytaudio_daemon.urls.archive_lines import ArchiveLineError, parse_archive_line

#: No line of an archive is longer; of a longer one only the beginning is used.
MAX_LINE_CHARS = 4096
MAX_SHOWN_CHARS = 60
#: By the byte order mark; PowerShell's `>` writes UTF-16.
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_archive(stream: BinaryIO, name: str) -> Iterator[Finding]:
    """Yield the finding of each line of an archive.

    Args:
        stream: The archive, at its beginning.
        name: Its name in problems.
    """
    buffered = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    start = buffered.peek(2)[:2] if isinstance(buffered, io.BufferedReader) else b""
    encoding = _ENCODINGS.get(start, "utf-8-sig")
    text = io.TextIOWrapper(buffered, encoding=encoding, errors="replace")
    try:
        for number, line in _numbered_lines(text):
            yield _finding(name, number, line)
    finally:
        text.detach()  # the caller closes its stream


def _numbered_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; of a line that is too long, the beginning."""
    number = 0
    while line := text.readline(MAX_LINE_CHARS):
        number += 1
        yield number, line
        while not line.endswith("\n") and (line := text.readline(MAX_LINE_CHARS)):
            pass


def _finding(name: str, number: int, line: str) -> Finding:
    try:
        found = parse_archive_line(line)
    except ArchiveLineError as error:
        shown = shortened(single_line(line), MAX_SHOWN_CHARS)
        return Problem(name, number, str(error), shown)
    if found is None:
        return None
    if not found.is_youtube:
        return OtherSite(found.site)
    return ArchivedVideo(found.video_id, FoundIn.ARCHIVE_FILE)

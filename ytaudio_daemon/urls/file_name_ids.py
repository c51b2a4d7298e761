"""Finds the video ID in a file's name, as yt-dlp and youtube-dl write it. Pure."""

import re

from ytaudio_daemon.model.youtube_ids import VIDEO_ID

#: yt-dlp: `Title [ID].ext`, with the parts it adds: `.f251`, `.info`, `.en`.
_IN_BRACKETS = re.compile(rf"(?:^|[ _.-])\[({VIDEO_ID})\](?:\.[A-Za-z0-9-]{{1,8}})*$")
#: youtube-dl: `Title-ID.ext`.
_BEHIND_HYPHEN = re.compile(rf"[^-\s]\s?-({VIDEO_ID})(?:\.[A-Za-z0-9-]{{1,8}})*$")
#: `-o "%(id)s.%(ext)s"`; without a digit or a sign it is as likely a title.
_ALONE = re.compile(rf"(?=[^.]*[0-9_-])({VIDEO_ID})(?:\.[A-Za-z0-9-]{{1,8}})*$")
#: A word of a language, or a number, with a number behind it.
_WORD = re.compile(r"(?:[A-Z]?[a-z]*|[A-Z]*)[0-9]*")


def video_id_in_file_name(file_name: str) -> str | None:
    """Return the ID at the end of a file's name, or that is the whole name; else None.

    A word of eleven letters looks the same: `[Alternative]` is none, and neither is
    `-live-in-1999`.

    Args:
        file_name: Without its ending, or with it.
    """
    for found in (
        _IN_BRACKETS.search(file_name),
        _BEHIND_HYPHEN.search(file_name),
        _ALONE.match(file_name),
    ):
        if found is not None and not _is_words(found[1]):
            return found[1]
    return None


def _is_words(video_id: str) -> bool:
    """Return whether each part of an ID could be a word or a number."""
    parts = re.split("[-_]", video_id)
    return all(_WORD.fullmatch(part) is not None for part in parts)

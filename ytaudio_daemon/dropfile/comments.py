"""Decides which lines, and which ends of lines, are comments. Pure."""

import re

from ytaudio_daemon.urls import LINK_START, LINK_START_FLAGS, FoundLink, find_links

#: Any Unicode space, as word processors write: the other patterns are ASCII only.
_SPACE = r"(?u:\s)"
_LINK = re.compile(LINK_START, LINK_START_FLAGS)
#: Comment signs at the start of a line, as in yt-dlp's batch files, before white space,
#: a sign or a link. Before anything else they are part of a word: `#shorts`.
_SIGN = re.compile(
    rf"[\#;\]] (?= {_SPACE} | $ | [\#;\]] | {LINK_START} ) | [\#;] (?= < {LINK_START} )",
    LINK_START_FLAGS,
)
#: Comment signs of other languages: a line with one is a comment if it has a link.
_FOREIGN_SIGN = re.compile(
    rf"(?: // | -- | <!-- ) (?= {_SPACE} | {LINK_START} ) | (?: rem | ' ) (?={_SPACE})",
    LINK_START_FLAGS,
)
#: A reason in a `.failed.txt`, and the links in it that nobody switched off: the link of
#: an example, and the mended link, which is also on the line below.
_OWN_REASON = re.compile(r"\# line [0-9]+(?:\.[0-9]+)?: ")
_LINK_OF_REASON = re.compile(
    r"https://(?:youtu\.be/|www\.youtube\.com/watch\?v=)dQw4w9WgXcQ"
    r"|\bwrite https://www\.youtube\.com/watch\?v=\S{11}"
)
_NUMBER_SIGN = re.compile(r"(?<!\S)\#", re.VERBOSE)
_AFTER_SIGN = re.compile(rf"{_SPACE} | \# | $ | {LINK_START}", LINK_START_FLAGS)


def is_comment(stripped: str) -> bool:
    """Return whether a whole line is a comment.

    Args:
        stripped: The line without white space around it, not empty.
    """
    if stripped[0] in "#;]" and _SIGN.match(stripped):
        return True
    if stripped[0] in "/-<Rr'" and _FOREIGN_SIGN.match(stripped):
        return _LINK.search(stripped) is not None
    return stripped[0] == "#" and _LINK.search(stripped) is None


def commented_links(comment: str) -> list[FoundLink]:
    """Return the links that a comment switches off: those that lead to YouTube."""
    if _OWN_REASON.match(comment):
        comment = _LINK_OF_REASON.sub(" ", comment)
    return [found for found in find_links(comment) if found.leads_to_youtube]


def comment_start(words: str, first_option: int | None) -> int:
    """Return where the comment at the end of a line starts; its length without one.

    A `#` after white space starts it: behind the last link always, behind another link
    or an option unless a word follows at once (`#shorts`). Before all links and options
    it is a word: `Song # 1 https://…`.

    Args:
        words: The line with its options blanked out.
        first_option: Where the first option began; None without options.
    """
    if "#" not in words:
        return len(words)
    links = [found.start() for found in _LINK.finditer(words)]
    known = [*links, *([] if first_option is None else [first_option])]
    first, last = min(known, default=-1), max(links, default=-1)
    for sign in _NUMBER_SIGN.finditer(words):
        at = sign.start()
        if at > last or (at > first and _AFTER_SIGN.match(words, sign.end())):
            return at
    return len(words)

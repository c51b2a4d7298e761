"""Which lines, and which ends of lines, are comments. Pure."""

import re

from ytaudio_daemon.urls import LINK_START, LINK_START_FLAGS, FoundLink, find_links

#: Also the spaces of word processors: links are ASCII, words are not.
_SPACE = r"(?u:\s)"
_LINK = re.compile(LINK_START, LINK_START_FLAGS)
#: At the start of a line: before white space, itself, another sign or a link. yt-dlp
#: has these three; before anything else they are part of a word: `#shorts`.
_SIGN = re.compile(
    rf"[\#;\]] (?= {_SPACE} | $ | [\#;\]] | {LINK_START} ) | [\#;] (?= < {LINK_START} )",
    LINK_START_FLAGS,
)
#: Signs of other languages; they switch off a link, but excuse no other words.
_FOREIGN_SIGN = re.compile(
    rf"(?: // | -- | <!-- ) (?= {_SPACE} | {LINK_START} ) | (?: rem | ' ) (?={_SPACE})",
    LINK_START_FLAGS,
)
#: The reasons in a `.failed.txt`; and the links in them, which nobody switched off:
#: examples of good ones, and those that stand below them as they were mended.
_OWN_REASON = re.compile(r"\# line [0-9]+(?:\.[0-9]+)?: ")
_LINK_OF_REASON = re.compile(
    r"https://(?:youtu\.be/|www\.youtube\.com/watch\?v=)dQw4w9WgXcQ"
    r"|\bwrite https://www\.youtube\.com/watch\?v=\S{11}"
)
_NUMBER_SIGN = re.compile(r"(?<!\S)\#", re.VERBOSE)
_AFTER_SIGN = re.compile(rf"{_SPACE} | \# | $ | {LINK_START}", LINK_START_FLAGS)


def is_comment(bare: str) -> bool:
    """Return whether a whole line is a comment.

    Args:
        bare: The line without white space around it, not empty.
    """
    if bare[0] in "#;]" and _SIGN.match(bare):
        return True
    if bare[0] in "/-<Rr'" and _FOREIGN_SIGN.match(bare):
        return _LINK.search(bare) is not None
    return bare[0] == "#" and _LINK.search(bare) is None


def commented_links(comment: str) -> list[FoundLink]:
    """Return the links that a comment switches off: those that lead to YouTube."""
    if _OWN_REASON.match(comment):
        comment = _LINK_OF_REASON.sub(" ", comment)
    return [found for found in find_links(comment) if found.is_of_youtube]


def comment_start(words: str, first_option: int | None) -> int:
    """Return where the comment at the end of a line starts; its length without one.

    A `#` after white space starts it: behind the last link in any case, behind
    another one or an option when no word follows it at once (`#shorts` is one).
    Before all of them it is a word: `Song # 1 https://…`.

    Args:
        words: The line with its options blanked out.
        first_option: Where the first of them stood.
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

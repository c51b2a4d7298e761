"""Decides what the names in an inbox mean. Pure: nothing is opened."""

import re
import unicodedata
from enum import StrEnum
from fnmatch import fnmatchcase, translate

MAX_SESSION_NAME_BYTES = 100


class DropKind(StrEnum):
    """The form of a drop, by the ending of its name."""

    #: Links and options, a line each: `*.txt *.urls *.list`.
    TEXT = "text"
    #: The same among prose: `*.md`.
    MARKDOWN = "markdown"
    #: A playlist for players: `*.m3u *.m3u8`.
    M3U = "m3u"
    #: A table: `*.csv *.tsv`.
    TABLE = "table"
    #: A web page, such as exported bookmarks: `*.html *.htm`.
    HTML = "html"
    #: One JSON document: `*.json`.
    JSON = "json"
    #: One JSON object a line: `*.jsonl`.
    JSONL = "jsonl"
    #: A Windows internet shortcut: `*.url`.
    URL = "url"
    #: A macOS web location, a property list: `*.webloc`.
    WEBLOC = "webloc"
    #: A freedesktop link: `*.desktop` with Type=Link.
    DESKTOP = "desktop"


_KINDS = {
    ".txt": DropKind.TEXT,
    ".urls": DropKind.TEXT,
    ".list": DropKind.TEXT,
    ".md": DropKind.MARKDOWN,
    ".m3u": DropKind.M3U,
    ".m3u8": DropKind.M3U,
    ".csv": DropKind.TABLE,
    ".tsv": DropKind.TABLE,
    ".html": DropKind.HTML,
    ".htm": DropKind.HTML,
    ".json": DropKind.JSON,
    ".jsonl": DropKind.JSONL,
    ".url": DropKind.URL,
    ".webloc": DropKind.WEBLOC,
    ".desktop": DropKind.DESKTOP,
}

#: The accepted endings of a drop's name, for messages.
DROP_ENDINGS = " ".join(_KINDS)

#: Names of unfinished files of editors, browsers and synchronizers. `4913` is the file
#: that vim makes to try whether it may write in a folder.
_TEMPORARY = (
    ".*",
    "*~",
    "~$*",
    "#*#",
    "*.part",
    "*.partial",
    "*.filepart",
    "*.tmp",
    "*.swp",
    "*.crdownload",
    "*.download",
    "~syncthing~*",
    "4913",
)
#: All of them in one expression: a scan and a watcher match each file.
_IS_TEMPORARY = re.compile("|".join(map(translate, _TEMPORARY))).match
#: Files of NAS systems and Windows, and the inbox's own README.
_ALWAYS_IGNORED = frozenset({"@eadir", "thumbs.db", "desktop.ini", "readme.md"})
#: Attributes that Windows and macOS keep with a file, and other systems as a file of its
#: own; Samba writes the colon as U+F03A.
_SIDECAR = re.compile(
    "[:\uf03a](?:zone\\.identifier|afp_afpinfo|afp_resource|com\\.apple\\.[^:]*)"
    "(?::\\$data)?\\Z",
    re.IGNORECASE,
)
#: Folders of filed drops.
_RESERVED = frozenset({"processed", "rejected"})
_IGNORED_FOLDERS = frozenset(
    {
        *("#recycle", "@recycle", "$recycle.bin", "lost+found"),
        *("@eadir", "#snapshot", "@tmp"),
    }
)
#: Hidden folders that desktops, synchronizers and version control keep among people's
#: files; nobody put them there as drops.
_SYSTEM_FOLDERS = (
    ".git",
    ".hg",
    ".svn",
    ".trash*",
    ".stfolder*",
    ".stversions",
    ".sync",
    ".unison*",
    ".~tmp~",
    ".dropbox*",
    ".appledouble",
    ".fseventsd",
    ".spotlight-v100",
    ".temporaryitems",
    ".documentrevisions-v100",
    ".snapshot*",
    ".zfs",
    ".recycle",
    ".@__thumb",
    ".rsync*",
    ".syncthing*",
    ".nextcloud*",
    ".owncloud*",
    ".tmp.drive*",
)

#: Control and format characters that reverse or break a line when it is shown:
#: Unicode Standard Annex 9 names the directional ones.
_UNPRINTABLE_CATEGORIES = frozenset({"Cc", "Zl", "Zp"})
_BIDI_CONTROLS = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
) | frozenset("\u2066\u2067\u2068\u2069")


def drop_kind(name: str) -> DropKind | None:
    """Return the form of a drop, or None when the name is not an accepted one."""
    if is_temporary(name) or is_always_ignored(name):
        return None
    _, dot, ending = name.rpartition(".")
    return _KINDS.get(dot + ending.lower())


def is_temporary(name: str) -> bool:
    """Return whether a file is ignored until it has its final name."""
    return _IS_TEMPORARY(name.lower()) is not None


def is_always_ignored(name: str) -> bool:
    """Return whether a file of that name is always ignored, and not reported."""
    return name.lower() in _ALWAYS_IGNORED or _SIDECAR.search(name) is not None


def is_ignored_folder(name: str) -> bool:
    """Return whether a folder in the inbox is no session, and not reported.

    These are the folders of systems, and `processed` and `rejected`: directly in the
    inbox they belong to the session "default". Other hidden folders, and other spellings
    of those two, are reported: somebody may miss their files.
    """
    return name in _RESERVED or _is_system_folder(name)


def is_ignored_subfolder(name: str) -> bool:
    """Return whether a folder inside a session is not read, and not reported.

    These are the folders of systems, and folders with the name of something unfinished.
    Other hidden folders are reported: somebody may miss their files.
    """
    return _is_system_folder(name) or (name[0] != "." and is_temporary(name))


def _is_system_folder(name: str) -> bool:
    lower = name.lower()
    return lower in _IGNORED_FOLDERS or any(
        fnmatchcase(lower, pattern) for pattern in _SYSTEM_FOLDERS
    )


def session_name_problem(name: str) -> str | None:
    """Return why a folder name cannot be a session, in a sentence, or None.

    Args:
        name: As `os.listdir` returns it: bytes that are not UTF-8 are surrogates.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "a session name must be UTF-8"
    if not 1 <= size <= MAX_SESSION_NAME_BYTES:
        return f"a session name has 1 to {MAX_SESSION_NAME_BYTES} bytes, not {size}"
    if name[0] in ".-":
        return "a session name cannot start with a dot or a dash"
    if "/" in name or any(_is_unprintable(char) for char in name):
        return "a session name has no slash and no control characters"
    if name.lower() in _RESERVED:
        return f"{name!r} is reserved for filed drops"
    return None


def _is_unprintable(char: str) -> bool:
    return (
        unicodedata.category(char) in _UNPRINTABLE_CATEGORIES or char in _BIDI_CONTROLS
    )

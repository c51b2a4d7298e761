"""The templates that name files in the library: `{album_artist}/{album}/{title}`. Pure.

A closed language: words, slashes between folders, and the fields of `LIBRARY_FIELDS`.
A field without a value is left out with the signs that separate it from its neighbours;
so is a folder of which nothing is left.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, join_fields, safe_name

#: The meaning of each field, for documents and messages.
LIBRARY_FIELDS: Mapping[str, str] = {
    "title": "the file's name in downloads/, which `filename` decides",
    "artist": "the tag",
    "album": "the tag, or the title of the album that lists it",
    "album_artist": "the tag, or the artist",
    "track": "the number on its album",
    "disc": "the number of its disc",
    "year": "the first four digits of the date",
    "date": "the tag: the day of the release, or of the upload",
    "channel": "the channel that it was uploaded to",
    "collection": "the title of the playlist, album or channel that lists it",
    "position": "its place there, from 1",
    "id": "the video's ID",
}
#: Fields that may be filled up with zeros: `{track:02}`.
NUMBER_FIELDS = frozenset({"track", "disc", "position"})
#: One of them must be in the name of the file, so that songs have different ones.
DISTINGUISHING_FIELDS = ("title", "track", "position", "id")
MAX_TEMPLATE_CHARS = 200
MAX_FOLDERS = 8

_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_WIDTH = re.compile(r"0[1-9]")
_MIN_SIMILARITY = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPlace:
    """Where a file belongs in its session's folder of the library.

    Attributes:
        folders: From the session's folder down; () is that folder itself.
        name: Of the file, with its ending.
    """

    folders: tuple[str, ...] = ()
    name: str


def template_problem(template: str) -> str:
    """Return what is wrong with a template, in a few words; "" if nothing is."""
    if not template.isprintable() or len(template) > MAX_TEMPLATE_CHARS:
        return f"it needs 1 to {MAX_TEMPLATE_CHARS} readable characters"
    parts = template.split("/")
    if len(parts) > MAX_FOLDERS + 1:
        return f"it has more than {MAX_FOLDERS} folders"
    problems = (*map(_part_problem, parts), _last_part_problem(parts[-1]))
    return next(filter(None, problems), "")


def _part_problem(part: str) -> str:
    if not part.strip(" ."):
        return "each part between slashes needs a name, and none begins with /"
    if any(sign in _FIELD.sub("", part) for sign in "{}\\"):
        return "{ and } stand around fields only, and folders are parted by /"
    problems = (_field_problem(*found.groups()) for found in _FIELD.finditer(part))
    return next(filter(None, problems), "")


def _field_problem(name: str, width: str | None) -> str:
    if name not in LIBRARY_FIELDS:
        close = closest(name, LIBRARY_FIELDS)
        advice = f"did you mean {{{close}}}?" if close else f"known: {_known()}"
        return f"there is no field {{{name}}}; {advice}"
    if width is None:
        return ""
    if name not in NUMBER_FIELDS or not _WIDTH.fullmatch(width):
        numbers = ", ".join(sorted(NUMBER_FIELDS))
        return f"only {numbers} take a width, such as {{track:02}}"
    return ""


def closest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was meant by another one, or ""."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    return next(iter(get_close_matches(name, list(known), 1, _MIN_SIMILARITY)), "")


def _last_part_problem(part: str) -> str:
    if {found[1] for found in _FIELD.finditer(part)} & {*DISTINGUISHING_FIELDS}:
        return ""
    telling = ", ".join(f"{{{name}}}" for name in DISTINGUISHING_FIELDS)
    return f"behind the last / one of {telling} must tell songs apart"


def _known() -> str:
    return " ".join(f"{{{name}}}" for name in LIBRARY_FIELDS)


@lru_cache(maxsize=64)
def fields_in(template: str) -> frozenset[str]:
    """Return the names of the fields that a template has."""
    return frozenset(found[1] for found in _FIELD.finditer(template))


def library_place(
    template: str,
    fields: Mapping[str, str],
    ext: str,
    max_name_bytes: int = MAX_NAME_BYTES,
) -> LibraryPlace:
    """Return where a file belongs: with any values, below its session's folder.

    Args:
        template: One without a problem.
        fields: Values; an unknown or empty one leaves nothing behind. `title`, then
            `id`, names a file of which nothing else is left.
        ext: The ending, without its dot.
        max_name_bytes: The length of each name at most.
    """
    *above, last = template.split("/")
    folders = (safe_name(_expand(part, fields), max_name_bytes) for part in above)
    suffix = f".{ext}" if ext else ""
    room = max_name_bytes - len(suffix.encode())
    named_by = (_expand(last, fields), fields.get("title", ""), fields.get("id", ""))
    stems = (safe_name(text, room) for text in named_by)
    stem = next(filter(None, stems), "audio")
    return LibraryPlace(folders=tuple(filter(None, folders)), name=f"{stem}{suffix}")


def _expand(part: str, fields: Mapping[str, str]) -> str:
    parts, at = [], 0
    for found in _FIELD.finditer(part):
        value = fields.get(found[1], "")
        if found[2] and value.isdecimal():
            value = value.zfill(int(found[2]))
        parts.append((part[at : found.start()], value))
        at = found.end()
    return join_fields(parts, part[at:])

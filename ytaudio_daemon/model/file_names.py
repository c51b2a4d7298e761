"""Builds file names that are valid on every file system: ext4, exFAT, SMB, phones. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

#: Room for " [id]", ".part" and the like below the usual limit of 255 bytes.
MAX_NAME_BYTES = 200

_FIELD = re.compile(r"%\((\w+)\)s|%%")
#: What parts a field from its neighbours.
_OPENING, _CLOSING = "([{", ")]}"
_SEPARATORS = f" -\u2013\u2014_,|{_OPENING}{_CLOSING}"
_COLON_BETWEEN_WORDS = re.compile(r"\s*:\s+")
_LOOKALIKES = str.maketrans(
    {
        "/": "-",
        "\\": "-",
        "|": "-",
        ":": "-",
        '"': "'",
        "<": "(",
        ">": ")",
        "?": "",
        "*": "",
    }
)
#: https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file, also with
#: any extension behind them.
_WINDOWS_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"}
)
_JOINERS = "\u200c\u200d"


def file_name(
    template: str,
    fields: Mapping[str, str],
    ext: str,
    max_name_bytes: int = MAX_NAME_BYTES,
) -> str:
    """Return a safe name for an audio file.

    Args:
        template: Words and literal `%(field)s`; `%%` is a percent sign.
        fields: Values; an unknown or empty one leaves nothing behind. `id` stands
            in when nothing else is left.
        ext: The extension, without its dot; one of our formats.
        max_name_bytes: The length of the whole name at most.
    """
    suffix = f".{ext}"
    max_bytes = max_name_bytes - len(suffix.encode())
    stem = safe_name(_expand_template(template, fields), max_bytes)
    if not stem:
        stem = safe_name(fields.get("id", ""), max_bytes) or "audio"
    return f"{stem}{suffix}"


def safe_name(text: str, max_bytes: int) -> str:
    """Return a text as the name of a file or folder, "" if nothing of it is left.

    Args:
        text: Any.
        max_bytes: The length of the name at most.
    """
    return _avoid_device_name(truncate(_clean(text), max_bytes), max_bytes)


def _expand_template(template: str, fields: Mapping[str, str]) -> str:
    parts, at = [], 0
    for found in _FIELD.finditer(template):
        value = "%" if found[1] is None else fields.get(found[1], "")
        parts.append((template[at : found.start()], value))
        at = found.end()
    return join_fields(parts, template[at:])


def join_fields(parts: Iterable[tuple[str, str]], end: str) -> str:
    """Join words and values; an empty value goes with the signs that part it off.

    So "%(artist)s - %(title)s" without an artist does not begin with a dash, and
    "%(title)s (%(date)s)" without a date has no empty brackets.

    Args:
        parts: The words before each field, and its value.
        end: The words behind the last field.
    """
    text, missing = "", ""
    for before, value in parts:
        words = _without_orphans(before, text, missing)
        kept = words if value.strip() else words.rstrip(_SEPARATORS)
        missing = "" if value.strip() else f"{words[len(kept) :]}?"
        text += kept + (value if value.strip() else "")
    return text + _without_orphans(end, text, missing)


def _without_orphans(words: str, before: str, missing: str) -> str:
    """Return a template's words without what parted a missing field off from them.

    Args:
        words: Those behind the field.
        before: The name so far.
        missing: The signs that went with the field before the words, and a mark; ""
            where that field has a value.
    """
    if not missing:
        return words
    if not before:
        return words.lstrip(_SEPARATORS)
    has_bracket = any(sign in missing for sign in _OPENING)
    return words[1:] if has_bracket and words[:1] in [*_CLOSING] else words


def _clean(text: str) -> str:
    """Return the text in NFC, of printable characters that every file system takes."""
    text = _COLON_BETWEEN_WORDS.sub(" - ", text)
    text = "".join(_allowed(char) for char in unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFC", text.translate(_LOOKALIKES))
    return " ".join(text.split()).strip(". ")


def _allowed(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp"} or char in "\t\r\n":
        return " "
    if char in _JOINERS:  # emoji and Persian are written with them
        return char
    # Control, format (text direction overrides), surrogate, private use.
    return (
        "" if category in {"Cc", "Cf", "Cs", "Co"} or _is_noncharacter(char) else char
    )


def _is_noncharacter(char: str) -> bool:
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF  # noqa: PLR2004 - Unicode 23.7


def truncate(stem: str, max_bytes: int) -> str:
    """Cut to `max_bytes` bytes, between two grapheme clusters."""
    cut = len(stem.encode()[:max_bytes].decode("utf-8", "ignore"))
    if cut < len(stem):
        stem = stem[: _boundary(stem, cut)]
    return stem.strip(". ")


def _boundary(text: str, cut: int) -> int:
    """Return the last place before `cut` that splits no letter from its marks."""
    at = cut
    while at > 0 and (_is_combining(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at or cut


def _is_combining(char: str) -> bool:
    is_skin_tone = 0x1F3FB <= ord(char) <= 0x1F3FF  # noqa: PLR2004 - Fitzpatrick modifiers
    return (
        char in _JOINERS or is_skin_tone or unicodedata.category(char).startswith("M")
    )


def _avoid_device_name(stem: str, max_bytes: int) -> str:
    if stem.split(".", 1)[0].rstrip(" ").upper() in _WINDOWS_DEVICES:
        return truncate(f"_{stem}", max_bytes)
    return stem

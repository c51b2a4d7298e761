"""Finds the artist at the beginning of a title: "Nina Simone - Feeling Good". Pure."""

import re
import unicodedata
from typing import NamedTuple

#: A hyphen with white space beside it ("Jay-Z" has none), or any dash.
_DASH = re.compile(
    r"\s+[-\u2010\u2011]\s*|[-\u2010\u2011]\s+|\s*[\u2012-\u2015\u2212]\s*"
)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,&+;/]\s*|\s+(?:and|with|x|feat\.?|ft\.?|featuring|vs\.?)\s+", re.IGNORECASE
)
#: What labels and YouTube add to an artist's name to call a channel.
_CHANNEL_ENDING = re.compile(r"\s+-\s+Topic$|\s*VEVO$|\s+Official$", re.IGNORECASE)


class TitleParts(NamedTuple):
    """A title whose beginning names the artist: `Nina Simone`, `Feeling Good`."""

    artist: str
    rest: str


def split_title(title: str, known: tuple[str, ...]) -> TitleParts | None:
    """Return the parts of a title that begins with one of the known artists, or None."""
    for dash in _DASH.finditer(title):
        artist, rest = title[: dash.start()].strip(), title[dash.end() :].strip()
        if artist and rest and any(_names_same(artist, name) for name in known):
            return TitleParts(artist, rest)
    return None


def _names_same(written: str, known: str) -> bool:
    """True if all artists written are among the known ones."""
    known = _CHANNEL_ENDING.sub("", known)
    if _folded(written) == _folded(known):
        return True
    return _artists(written) <= _artists(known)


def _artists(names: str) -> set[str]:
    return {_folded(name) for name in _BETWEEN_ARTISTS.split(names) if name}


def _folded(name: str) -> str:
    """Return a name without case, accents, spaces and signs; of signs alone, as it is."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, plain)) or plain.strip()

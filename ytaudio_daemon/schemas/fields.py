"""Types of single fields: a Python type with the keywords of JSON Schema it implies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from ytaudio_daemon.model.listing import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """Keywords of JSON Schema beside a field's type."""

    const: str | None = None
    enum: tuple[str, ...] | None = None
    format: str | None = None
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    examples: tuple[str | float, ...] | None = None


def one_of(words: Iterable[str]) -> Keywords:
    """Return the keywords of a field that holds one of some words."""
    return Keywords(enum=tuple(map(str, words)))


#: A whole number of things, from 0.
Count = Annotated[int, Keywords(minimum=0)]
#: A whole number, from 1.
Positive = Annotated[int, Keywords(minimum=1)]
#: A measure, such as seconds or bytes a second, from 0.
Amount = Annotated[float, Keywords(minimum=0)]
Time = Annotated[str, Keywords(format="date-time"), "RFC 3339, UTC."]
Uuid = Annotated[str, Keywords(format="uuid")]
#: The link of a video or collection in its one form.
CanonicalUrl = Annotated[str, "The canonical link."]
CollectionKind = Annotated[str, one_of(KINDS), "What it is."]

LineNumber = Annotated[Positive, "The number of a line."]

#: The description of the field `part`.
PART = "Its place among several links of the line, from 1; null when it is alone."

#: The description of the field `switched_off`.
SWITCHED_OFF = "Lines with links in comments, in order; nothing is asked for there."

#: The description of the field `schema`.
NAME_OF_FORM = "Name and version of this form."

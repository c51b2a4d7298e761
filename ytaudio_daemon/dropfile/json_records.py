"""The links in a JSON value, and the options beside them. Pure.

Our own form is `{"url": …, "format": …}`. Others are exports: of yt-dlp, of Google
Takeout, of browsers, chats and other players. An object that names its video says no
more by its other fields than what the video is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from ytaudio_daemon.dropfile.json_reader import FACT_KEYS, MAX_VALUES
from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS, portions
from ytaudio_daemon.urls import (
    FoundLink,
    Link,
    LinkError,
    bare_id_error,
    bare_ids,
    find_links,
    parse_link,
)

#: Fields that name an object's link, the best first; case, `_` and `-` are free.
_LINK_KEYS = ("webpageurl", "url", "titleurl", "videourl", "uri", "href", "link")
_ID_KEYS = ("videoid", "youtubeid")
#: What yt-dlp writes into all of its objects; none of its fields are our options.
_YTDLP_KEYS = frozenset({"_type", "ie_key", "extractor", "extractor_key"})
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_VIDEO_LIST = re.compile(r"video|watch|history", re.IGNORECASE)
_NOT_A_LETTER = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class Record:
    """A text or object that names links.

    Attributes:
        text: What names them.
        links: At least one.
        fields: Of our own form: what may be options.
    """

    text: str
    links: list[FoundLink]
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether its first link can be used."""
        return self.links[0].error is None


def find_records(value: Any, key: str = "") -> Iterator[Record | None]:
    """Yield all that names links in a JSON value, in its order; None for what does not.

    Args:
        value: As `json.loads` returns it, however deep.
        key: What it is called in the object around it.
    """
    todo = [iter([(key, value)])]
    while todo:
        for name, item in todo[-1]:
            if isinstance(item, str):
                yield from _text_records(name, item)
                continue
            own = _own_record(item) if isinstance(item, dict) else None
            yield own
            if isinstance(item, (list, dict)) and not (own and own.is_good):
                todo.append(_members(name, item, own))
                break
        else:
            todo.pop()


def _text_records(name: str, text: str) -> Iterator[Record | None]:
    for portion in [text] if len(text) <= MAX_PORTION_CHARS else portions(text):
        links = find_links(portion) or _listed_ids(name, portion)
        yield Record(portion, links) if links else None


def _members(
    name: str, item: list[Any] | dict[str, Any], own: Record | None
) -> Iterator[tuple[str, Any]]:
    """Yield what is worth a look in an array, or an object that names no good video."""
    if isinstance(item, list):
        return zip(repeat(name), item, strict=False)
    if isinstance(item.get("entries"), list):  # a playlist of yt-dlp
        return iter([("entries", item["entries"])])
    return (
        (key, value)
        for key, value in item.items()
        if key.lower() not in FACT_KEYS and (own is None or value is not own.text)
    )


def _own_record(item: dict[str, Any]) -> Record | None:
    """Return the link that an object names as its own, or None."""
    if isinstance(item.get("entries"), list) or len(item) > MAX_VALUES:
        return None
    fields = {_NOT_A_LETTER.sub("", key).lower(): value for key, value in item.items()}
    texts = [fields[key] for key in _LINK_KEYS if _is_text(fields.get(key))]
    is_foreign = not _YTDLP_KEYS.isdisjoint(item)
    for text in texts:
        if links := find_links(text):
            return Record(text, links, {} if is_foreign else item)
    for video_id in _own_ids(item, fields):
        return Record(video_id, [FoundLink(video_id, Link(video_id))])
    return Record(texts[0], [_refused(texts[0])], item) if texts else None


def _own_ids(item: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    """Yield the IDs that an object calls so."""
    makers = [item.get(key) for key in ("ie_key", "extractor_key", "extractor", "kind")]
    is_video = any(
        str(maker).lower() in {"youtube", "youtube#video"} for maker in makers
    )
    keys = [*_ID_KEYS, "id"] if is_video else _ID_KEYS
    for key in keys:
        if _is_text(fields.get(key)) and _VIDEO_ID.fullmatch(fields[key]):
            yield fields[key]


def _is_text(value: Any) -> bool:
    is_short = isinstance(value, str) and len(value) <= MAX_PORTION_CHARS
    return is_short and bool(value.strip())


def _refused(text: str) -> FoundLink:
    try:
        return FoundLink(text, parse_link(text))
    except LinkError as error:
        return FoundLink(text, error.link, error)


def _listed_ids(name: str, text: str) -> list[FoundLink]:
    """Return the bare ID in a list of videos or a history, as Invidious exports them."""
    if _VIDEO_LIST.search(name) is None:
        return []
    return [FoundLink(bare, Link(bare), bare_id_error(bare)) for bare in bare_ids(text)]

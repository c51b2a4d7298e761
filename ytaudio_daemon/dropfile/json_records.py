"""The links in a JSON value, and the options beside them. Pure.

Our own form is `{"url": …, "format": …}`. Others are exports: of yt-dlp, of Google
Takeout, of browsers, chats and other players. Beside the link that an object names as
its own, links in its other texts count, too; not so in descriptions of a video, and in
what programs write about it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, NamedTuple

from ytaudio_daemon.dropfile.json_options import is_option_field
from ytaudio_daemon.dropfile.json_reader import MAX_VALUES, METADATA_KEYS
from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS, portions
from ytaudio_daemon.model.collection_options import COLLECTION_KEYS
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls import (
    CollectionError,
    FoundLink,
    Link,
    find_links,
    refused_bare_ids,
    try_link,
)

#: Fields that name an object's link, the best first; case, `_` and `-` do not matter.
_LINK_KEYS = ("webpageurl", "url", "titleurl", "videourl", "uri", "href", "link")
_ID_KEYS = ("videoid", "youtubeid")
#: Fields that an object of our own form may have beside options.
_OWN_FIELDS = {*_LINK_KEYS, *COLLECTION_KEYS, "title", "name", "note", "comment"}
#: Keys in each of yt-dlp's objects, none of whose fields are our options.
_YTDLP_KEYS = frozenset({"_type", "ie_key", "extractor", "extractor_key"})
#: Every Job of ours has both.
_JOB_KEYS = frozenset({"state", "options"})
#: How every `kind` of YouTube's Data API begins.
_API_KIND = "youtube#"
#: YouTube's texts about a video: they hold links to others by the dozen.
_DESCRIPTION = "description"
_VIDEO_LIST = re.compile(r"video|watch|history", re.IGNORECASE)
_NOT_A_LETTER = re.compile(r"[\W_]")


@dataclass(frozen=True, slots=True)
class Record:
    """A text or object that names links.

    Attributes:
        text: The text that names the links, or the text of the object's own link.
        links: At least one.
        fields: The object's fields that may be options; {} in other programs' forms.
        accepts_collections: The link is the whole value, or the value has our own form,
            so a playlist or channel is wanted; exports merely mention them.
    """

    text: str
    links: list[FoundLink]
    fields: Mapping[str, Any] = field(default_factory=dict)
    accepts_collections: bool = False

    @property
    def names_collection(self) -> bool:
        """Whether a playlist or channel is wanted: options of collections count."""
        return self.accepts_collections and any(
            isinstance(link.error, CollectionError) for link in self.links
        )

    @property
    def is_good(self) -> bool:
        """Whether its first link can be used."""
        return self.links[0].error is None


class _Level(NamedTuple):
    """An array or object whose members are being read.

    Attributes:
        members: The members that are left.
        own: The good link of the innermost object around it that names one.
        videos: The videos of that link.
        is_described: It describes a video, so links in its description do not count.
    """

    members: Iterator[tuple[str, Any]]
    own: Record | None = None
    videos: frozenset[Link | None] = frozenset()
    is_described: bool = False


def find_records(value: Any, key: str = "") -> Iterator[Record | None]:
    """Yield the records in a JSON value, in its order; None for values without links.

    Args:
        value: As `json.loads` returns it, however deep.
        key: Its key in the object around it.
    """
    todo = [_Level(iter([(key, value)]))]
    while todo:
        level = todo[-1]
        for name, item in level.members:
            is_whole = len(todo) == 1
            if isinstance(item, str):
                for record in _text_records(name, item, level):
                    is_alone = record is not None and _stands_alone(item, record)
                    yield (
                        _accepting_collections(record)
                        if is_whole and is_alone
                        else record
                    )
                continue
            is_object = isinstance(item, dict) and level.own is None
            own = _own_record(item) if is_object else None
            if own is not None and is_whole and _is_own_form(item):
                own = _accepting_collections(own)
            yield own
            if isinstance(item, (list, dict)) and not (
                own and _is_metadata_object(item)
            ):
                todo.append(_inner_level(name, item, level, own))
                break
        else:
            todo.pop()


def _accepting_collections(record: Record | None) -> Record | None:
    return replace(record, accepts_collections=True) if record else None


def _stands_alone(text: str, record: Record) -> bool:
    return len(record.links) == 1 and record.links[0].text == text.strip()


def _is_own_form(item: dict[str, Any]) -> bool:
    """Return whether an object has a link, options and what a person would add."""
    return all(is_option_field(key) or key.lower() in _OWN_FIELDS for key in item)


def _text_records(name: str, text: str, level: _Level) -> Iterator[Record | None]:
    for portion in [text] if len(text) <= MAX_PORTION_CHARS else portions(text):
        links = find_links(portion)
        if level.own is None:
            links = links or _listed_ids(name, portion)
            yield Record(portion, links) if links else None
        else:
            links = [each for each in links if _is_another(each, level.videos)]
            yield Record(portion, links, level.own.fields) if links else None


def _is_another(found: FoundLink, known: frozenset[Link | None]) -> bool:
    """Return whether a link beside an object's own one leads to another video."""
    return found.error is None and found.link not in known


def _is_metadata_object(item: list[Any] | dict[str, Any]) -> bool:
    """Return whether a program wrote the object, so that all of it is about one video."""
    return isinstance(item, dict) and (
        not _YTDLP_KEYS.isdisjoint(item)
        or item.keys() >= _JOB_KEYS
        or _is_api_resource(item)
    )


def _is_api_resource(item: dict[str, Any]) -> bool:
    return str(item.get("kind")).startswith(_API_KIND)


def _inner_level(
    name: str, item: list[Any] | dict[str, Any], around: _Level, own: Record | None
) -> _Level:
    if own and own.is_good:
        videos = frozenset(link.link for link in own.links)
        members = _members(name, item, own, is_described=True)
        if own.fields:
            members = (pair for pair in members if not is_option_field(pair[0]))
        return _Level(members, own, videos, is_described=True)
    is_described = around.is_described or _is_metadata_object(item)
    members = _members(name, item, own, is_described=is_described)
    return around._replace(members=members, is_described=is_described)


def _members(
    name: str,
    item: list[Any] | dict[str, Any],
    own: Record | None,
    *,
    is_described: bool,
) -> Iterator[tuple[str, Any]]:
    """Yield the members that may name links; keys that are texts, too."""
    if isinstance(item, list):
        yield from zip(repeat(name), item, strict=False)
    elif isinstance(item.get("entries"), list):  # a playlist of yt-dlp
        yield "entries", item["entries"]
    else:
        for key, value in item.items():
            if "/" in key:
                yield "", key
            lower = key.lower()
            is_metadata = lower in METADATA_KEYS or (
                is_described and _DESCRIPTION in lower
            )
            if not is_metadata and (own is None or value is not own.text):
                yield key, value


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
    return Record(texts[0], [try_link(texts[0])], item) if texts else None


def _own_ids(item: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    """Yield the video IDs in the fields of an object that are named so."""
    makers = [item.get(key) for key in ("ie_key", "extractor_key", "extractor", "kind")]
    is_video = any(
        str(maker).lower() in {"youtube", "youtube#video"} for maker in makers
    )
    keys = [*_ID_KEYS, "id"] if is_video else _ID_KEYS
    for key in keys:
        if _is_text(fields.get(key)) and is_video_id(fields[key]):
            yield fields[key]


def _is_text(value: Any) -> bool:
    is_short = isinstance(value, str) and len(value) <= MAX_PORTION_CHARS
    return is_short and bool(value.strip())


def _listed_ids(name: str, text: str) -> list[FoundLink]:
    """Return the bare ID in a list of videos or a history, as Invidious exports them."""
    return refused_bare_ids(text) if _VIDEO_LIST.search(name) else []

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
from ytaudio_daemon.dropfile.json_reader import FACT_KEYS, MAX_VALUES
from ytaudio_daemon.dropfile.portions import MAX_PORTION_CHARS, portions
from ytaudio_daemon.model.collection_options import COLLECTION_KEYS
from ytaudio_daemon.model.youtube_ids import is_video_id
from ytaudio_daemon.urls import (
    CollectionError,
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
#: What an object of our own form may have beside options.
_OWN_FIELDS = {*_LINK_KEYS, *COLLECTION_KEYS, "title", "name", "note", "comment"}
#: What yt-dlp writes into all of its objects; none of its fields are our options.
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
        text: What names them.
        links: At least one.
        fields: Of our own form: what may be options.
        takes_collections: Nothing else is said there, so a playlist or channel is
            meant; in other programs' exports they are mentioned only.
    """

    text: str
    links: list[FoundLink]
    fields: Mapping[str, Any] = field(default_factory=dict)
    takes_collections: bool = False

    @property
    def names_collection(self) -> bool:
        """Whether a playlist or channel is meant: options of collections count."""
        return self.takes_collections and any(
            isinstance(link.error, CollectionError) for link in self.links
        )

    @property
    def is_good(self) -> bool:
        """Whether its first link can be used."""
        return self.links[0].error is None


class _Level(NamedTuple):
    """An array or object that is being gone through.

    Attributes:
        members: What is left of it.
        own: The good link of an object around it that names one.
        videos: What that link leads to.
        is_described: A description in it is one of a video.
    """

    members: Iterator[tuple[str, Any]]
    own: Record | None = None
    videos: frozenset[Link | None] = frozenset()
    is_described: bool = False


def find_records(value: Any, key: str = "") -> Iterator[Record | None]:
    """Yield all that names links in a JSON value, in its order; None for what does not.

    Args:
        value: As `json.loads` returns it, however deep.
        key: What it is called in the object around it.
    """
    todo = [_Level(iter([(key, value)]))]
    while todo:
        level = todo[-1]
        for name, item in level.members:
            is_whole = len(todo) == 1
            if isinstance(item, str):
                for record in _text_records(name, item, level):
                    is_alone = record is not None and _stands_alone(item, record)
                    yield _as_list(record) if is_whole and is_alone else record
                continue
            is_object = isinstance(item, dict) and level.own is None
            own = _own_record(item) if is_object else None
            if own is not None and is_whole and _is_own_form(item):
                own = _as_list(own)
            yield own
            if isinstance(item, (list, dict)) and not (own and _says_no_more(item)):
                todo.append(_level_of(name, item, level, own))
                break
        else:
            todo.pop()


def _as_list(record: Record | None) -> Record | None:
    return replace(record, takes_collections=True) if record else None


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


def _says_no_more(item: list[Any] | dict[str, Any]) -> bool:
    """Return whether a program wrote an object about a video, and all that is in it."""
    return isinstance(item, dict) and (
        not _YTDLP_KEYS.isdisjoint(item)
        or item.keys() >= _JOB_KEYS
        or _is_of_the_api(item)
    )


def _is_of_the_api(item: dict[str, Any]) -> bool:
    return str(item.get("kind")).startswith(_API_KIND)


def _level_of(
    name: str, item: list[Any] | dict[str, Any], around: _Level, own: Record | None
) -> _Level:
    if own and own.is_good:
        videos = frozenset(link.link for link in own.links)
        members = _members(name, item, own, is_described=True)
        if own.fields:
            members = (pair for pair in members if not is_option_field(pair[0]))
        return _Level(members, own, videos, is_described=True)
    is_described = around.is_described or _says_no_more(item)
    members = _members(name, item, own, is_described=is_described)
    return around._replace(members=members, is_described=is_described)


def _members(
    name: str,
    item: list[Any] | dict[str, Any],
    own: Record | None,
    *,
    is_described: bool,
) -> Iterator[tuple[str, Any]]:
    """Yield what is worth a look in an array or object, texts that are keys included."""
    if isinstance(item, list):
        yield from zip(repeat(name), item, strict=False)
    elif isinstance(item.get("entries"), list):  # a playlist of yt-dlp
        yield "entries", item["entries"]
    else:
        for key, value in item.items():
            if "/" in key:
                yield "", key
            lower = key.lower()
            is_fact = lower in FACT_KEYS or (is_described and _DESCRIPTION in lower)
            if not is_fact and (own is None or value is not own.text):
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
    return Record(texts[0], [_refused(texts[0])], item) if texts else None


def _own_ids(item: dict[str, Any], fields: dict[str, Any]) -> Iterator[str]:
    """Yield the IDs that an object calls so."""
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

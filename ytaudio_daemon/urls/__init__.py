"""Links: the YouTube video or collection they name, found in a text. Pure."""

from ytaudio_daemon.urls.address import parse_plain_link
from ytaudio_daemon.urls.bare_ids import bare_id_error, bare_ids
from ytaudio_daemon.urls.collections import (
    TABS,
    CollectionError,
    CollectionKind,
    CollectionLink,
    collection_of,
)
from ytaudio_daemon.urls.finding import FLAGS as LINK_START_FLAGS
from ytaudio_daemon.urls.finding import LINK_START, distinct_links, find_links
from ytaudio_daemon.urls.link import (
    EXPECTED_LINK,
    MAX_LINK_CHARS,
    FoundLink,
    Link,
    LinkError,
)
from ytaudio_daemon.urls.other_sites import other_sites
from ytaudio_daemon.urls.single import parse_collection, parse_link

__all__ = [
    "EXPECTED_LINK",
    "LINK_START",
    "LINK_START_FLAGS",
    "MAX_LINK_CHARS",
    "TABS",
    "CollectionError",
    "CollectionKind",
    "CollectionLink",
    "FoundLink",
    "Link",
    "LinkError",
    "bare_id_error",
    "bare_ids",
    "collection_of",
    "distinct_links",
    "find_links",
    "other_sites",
    "parse_collection",
    "parse_link",
    "parse_plain_link",
]

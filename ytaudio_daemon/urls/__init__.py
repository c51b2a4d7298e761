"""Finds links in a text, and the YouTube video or collection that each names. Pure."""

from ytaudio_daemon.urls.address import parse_plain_link
from ytaudio_daemon.urls.bare_ids import refused_bare_ids
from ytaudio_daemon.urls.collections import (
    TABS,
    CollectionError,
    CollectionKind,
    CollectionLink,
    linked_collection,
)
from ytaudio_daemon.urls.finding import (
    LINK_START,
    LINK_START_FLAGS,
    distinct_links,
    find_links,
)
from ytaudio_daemon.urls.link import (
    EXPECTED_LINK,
    MAX_LINK_CHARS,
    FoundLink,
    Link,
    LinkError,
)
from ytaudio_daemon.urls.other_sites import find_other_sites
from ytaudio_daemon.urls.single import parse_collection, parse_link, try_link

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
    "distinct_links",
    "find_links",
    "find_other_sites",
    "linked_collection",
    "parse_collection",
    "parse_link",
    "parse_plain_link",
    "refused_bare_ids",
    "try_link",
]

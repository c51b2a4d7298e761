"""Parses a text that is one link: of a command line, an API request. Pure."""

from ytaudio_daemon.urls.address import check_link_text, parse_plain_link
from ytaudio_daemon.urls.bare_ids import bare_id_error, find_bare_ids
from ytaudio_daemon.urls.collections import CollectionLink, linked_collection
from ytaudio_daemon.urls.finding import token_links
from ytaudio_daemon.urls.link import FoundLink, Link, LinkError


def parse_link(text: str) -> Link:
    """Return the video that a link leads to; white space around it is ignored.

    Raises:
        LinkError: It is not a link to one YouTube video.
    """
    bare = text.strip()
    return parse_plain_link(bare) or _parse_slowly(bare)


def try_link(text: str) -> FoundLink:
    """Return the video that a link leads to, or the link with the error of `parse_link`."""
    try:
        return FoundLink(text, parse_link(text))
    except LinkError as error:
        return FoundLink(text, error.link, error)


def parse_collection(text: str) -> CollectionLink | None:
    """Return the playlist, album or channel that a link names, alone or beside a video.

    Returns None if it leads to a video alone, or to a page without a list of videos.

    Raises:
        LinkError: It is no link of YouTube's, or, with `endless`, the list has no end.
    """
    first = _token_links(text.strip())[0]
    found = linked_collection(first)
    if found is None and first.error is not None and first.error.code != "not_a_video":
        raise first.error
    return found


def _token_links(text: str) -> list[FoundLink]:
    check_link_text(text)
    if ids := find_bare_ids(text):
        raise bare_id_error(ids[0])
    return list(token_links(text, 0, len(text)))


def _parse_slowly(text: str) -> Link:
    found = _token_links(text)
    if error := found[0].error:
        raise error
    links = {item.link for item in found if item.link}
    if len(links) > 1:
        raise LinkError(
            "not_a_url", f"these are {len(links)} links: give one at a time"
        )
    return links.pop()

"""One link alone: of a command line, an API request, a JSON field. Pure."""

from ytaudio_daemon.urls.address import check_link_text, parse_plain_link
from ytaudio_daemon.urls.bare_ids import bare_id_error, bare_ids
from ytaudio_daemon.urls.collections import CollectionLink, collection_of
from ytaudio_daemon.urls.finding import read_token
from ytaudio_daemon.urls.link import FoundLink, Link, LinkError


def parse_link(text: str) -> Link:
    """Return the video that a link leads to; white space around it is free.

    Raises:
        LinkError: It is not a link to one YouTube video.
    """
    bare = text.strip()
    return parse_plain_link(bare) or _parse_slowly(bare)


def parse_collection(text: str) -> CollectionLink | None:
    """Return the playlist, album or channel that a link names, alone or beside a video.

    None: it leads to a video alone, or to a page without a list of videos.

    Raises:
        LinkError: It is no link of YouTube's, or, with `endless`, the list has no end.
    """
    first = _read(text.strip())[0]
    found = collection_of(first)
    if found is None and first.error is not None and first.error.code != "not_a_video":
        raise first.error
    return found


def _read(text: str) -> list[FoundLink]:
    check_link_text(text)
    if ids := bare_ids(text):
        raise bare_id_error(ids[0])
    return list(read_token(text, 0, len(text)))


def _parse_slowly(text: str) -> Link:
    found = _read(text)
    if error := found[0].error:
        raise error
    links = {item.link for item in found if item.link}
    if len(links) > 1:
        raise LinkError(
            "not_a_url", f"these are {len(links)} links: give one at a time"
        )
    return links.pop()

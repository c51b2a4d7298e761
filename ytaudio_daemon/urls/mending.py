"""Whether an address was read as what it says, or mended. Pure."""

from ytaudio_daemon.urls.link import Link


def is_mended(address: str, link: Link) -> bool:
    """Return whether an accepted address is not quite one of YouTube's own.

    So are `youtu.be/ID&t=30`, `watch?v=ID?si=…`, `youtu.be/ID)and`: the ID stands in
    it, and something behind the ID that no address of YouTube has there.

    Args:
        address: It is neither escaped nor wrapped.
        link: The video that it was read as.
    """
    before, video_id, behind = address.partition(link.video_id)
    if not video_id:  # percent escapes in the ID
        return True
    is_in_query = "?" in before or "#" in before
    behind = behind.rstrip("_")  # of `_https://youtu.be/ID_`, words around the link
    return behind[:1] not in ({"", "&", "#"} if is_in_query else {"", "?", "#", "/"})

"""What a link asks for: a video, or the collection that it names. Pure."""

from typing import NamedTuple

from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.model.collection_options import (
    COLLECTION_KEYS,
    KEYS_OF_VIDEOS,
    find_empty_range,
)
from ytaudio_daemon.model.subscription import misused_follow
from ytaudio_daemon.urls import (
    CollectionError,
    CollectionLink,
    FoundLink,
    Link,
    LinkError,
    collection_of,
    parse_link,
)

#: Said where a channel may be mentioned only, and five hundred videos not be meant.
_ASK_FOR_LIST = (
    "beside a video, in web pages and in other programs' exports a playlist or channel is "
    "mentioned only, and not taken: if it is meant, write its link on a line of its own "
    "in a text file, or list=yes behind it (a column list with yes; in JSON "
    '"list": "yes")'
)
#: Said where a link names nothing but a list.
_NO_LIST = (
    "this link names a playlist, an album or a channel, and list=no takes none: leave "
    "list=no out, or give the link of a video"
)


class LinkTarget(NamedTuple):
    """What a link asks for.

    Attributes:
        collection: The playlist, album or channel; None for a video.
        problem: Why it is refused, or None.
        link: The video.
    """

    collection: CollectionLink | None = None
    problem: LinkError | OptionError | None = None
    link: Link | None = None


def single_target(text: str, layer: Layer) -> LinkTarget:
    """Return what a text asks for that is one link and nothing else.

    Args:
        text: Of a command line or a request.
        layer: All options that hold for it.
    """
    try:
        found = FoundLink(text, parse_link(text))
    except LinkError as error:
        found = FoundLink(text, None, error)
    target = link_target(found, layer)
    if target.collection is not None:
        return target._replace(problem=find_empty_range(layer))
    if target.problem is not None:
        return target
    return target._replace(link=found.link)


def link_target(
    found: FoundLink, layer: Layer, *, takes_collections: bool = True
) -> LinkTarget:
    """Return what a link asks for.

    `watch?v=…&list=…` is one video unless `list=yes`; a link without a video is a
    collection unless `list=no`.

    Args:
        found: The link.
        layer: All options that hold for it.
        takes_collections: Links that name no video are meant; else `list=yes` must
            say so.
    """
    wanted = layer.get("list")
    is_page = isinstance(found.error, CollectionError)
    if wanted == "no" and is_page:
        return LinkTarget(problem=LinkError("not_a_video", _NO_LIST))
    if wanted == "no" or not (is_page or wanted == "yes"):
        return LinkTarget(problem=found.error)
    try:
        collection = collection_of(found)
    except LinkError as error:
        return LinkTarget(problem=error)
    if collection is None:
        return LinkTarget(problem=found.error)
    if not takes_collections and wanted != "yes":
        return LinkTarget(problem=LinkError("not_a_video", _ASK_FOR_LIST))
    return LinkTarget(collection)


def misused_list_option(layer: Layer) -> OptionError | None:
    """Return the refusal of options that contradict one another beside a collection."""
    return misused_follow(layer) or find_empty_range(layer)


def find_range_emptied_by(defaults: Layer, own: Layer) -> OptionError | None:
    """Return the refusal of limits that leave no video together with the defaults.

    Args:
        defaults: Checked options that hold where `own` do not say.
        own: Checked options of a collection, whose limits are fine by themselves.
    """
    problem = find_empty_range({**defaults, **own})
    if problem is None:
        return None
    return OptionError(
        problem.code,
        f"{problem.message}; one of the two stands in the session's defaults.toml, and "
        "holds unless you give both",
    )


def misused_option(options: Layer) -> OptionError | None:
    """Return the refusal of options that select entries, beside videos alone."""
    for key in COLLECTION_KEYS:
        if key in options and key not in KEYS_OF_VIDEOS:
            return OptionError(
                "bad_option",
                f"{key} goes with a playlist, an album or a channel, and this is one "
                "video; list=yes takes the list that stands in its link",
            )
    return None

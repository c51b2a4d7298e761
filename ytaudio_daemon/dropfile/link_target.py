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
    linked_collection,
    try_link,
)

#: The refusal where a channel may merely be mentioned, and its videos not be wanted.
_ASK_FOR_LIST = (
    "beside a video, in web pages and in other programs' exports a playlist or channel is "
    "mentioned only, and not taken: if it is meant, write its link on a line of its own "
    "in a text file, or list=yes behind it (a column list with yes; in JSON "
    '"list": "yes")'
)
#: The refusal of `list=no` beside a link that names nothing but a list.
_NO_LIST = (
    "this link names a playlist, an album or a channel, and list=no takes none: leave "
    "list=no out, or give the link of a video"
)


class LinkTarget(NamedTuple):
    """What a link asks for.

    Attributes:
        collection: The playlist, album or channel; None for a video.
        problem: Why it is refused, or None.
        link: The video, as `single_target` returns it.
    """

    collection: CollectionLink | None = None
    problem: LinkError | OptionError | None = None
    link: Link | None = None


def single_target(text: str, layer: Layer) -> LinkTarget:
    """Return the target of a text that is one link and nothing else.

    Args:
        text: Of a command line or a request.
        layer: All options that hold for it.
    """
    found = try_link(text)
    target = link_target(found, layer)
    if target.collection is not None:
        return target._replace(problem=find_empty_range(layer))
    if target.problem is not None:
        return target
    return target._replace(link=found.link)


def link_target(
    found: FoundLink, layer: Layer, *, accepts_collections: bool = True
) -> LinkTarget:
    """Return the target of a link: its video, its collection, or why it is refused.

    `watch?v=…&list=…` is one video unless `list=yes`; a link without a video is a
    collection unless `list=no`.

    Args:
        found: The link.
        layer: All options that hold for it.
        accepts_collections: Whether a link without a video is a collection without
            `list=yes`, too.
    """
    wanted = layer.get("list")
    is_page = isinstance(found.error, CollectionError)
    if wanted == "no" and is_page:
        return LinkTarget(problem=LinkError("not_a_video", _NO_LIST))
    if wanted == "no" or not (is_page or wanted == "yes"):
        return LinkTarget(problem=found.error)
    try:
        collection = linked_collection(found)
    except LinkError as error:
        return LinkTarget(problem=error)
    if collection is None:
        return LinkTarget(problem=found.error)
    if not accepts_collections and wanted != "yes":
        return LinkTarget(problem=LinkError("not_a_video", _ASK_FOR_LIST))
    return LinkTarget(collection)


def misused_options(
    own: Layer, layer: Layer, *, has_collection: bool
) -> OptionError | None:
    """Return the refusal of options that do not go with what links ask for, or None.

    Args:
        own: The options that were written beside the links.
        layer: All options that hold for them.
        has_collection: One of the links asks for a collection.
    """
    if has_collection:
        return misused_follow(layer) or find_empty_range(layer)
    for key in COLLECTION_KEYS:
        if key in own and key not in KEYS_OF_VIDEOS:
            return OptionError(
                "bad_option",
                f"{key} goes with a playlist, an album or a channel, and this is one "
                "video; list=yes takes the list that stands in its link",
            )
    return None


def find_range_emptied_by(defaults: Layer, own: Layer) -> OptionError | None:
    """Return the refusal of limits that leave no video together with the defaults.

    Args:
        defaults: Checked options below `own`.
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

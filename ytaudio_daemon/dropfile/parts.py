"""The links of a line as entries: one, or several parts. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ytaudio_daemon.dropfile.drop_line import (
    MENDED_REMARK,
    NO_OPTIONS,
    DropLine,
    printable,
)
from ytaudio_daemon.dropfile.link_target import (
    LinkTarget,
    link_target,
    misused_list_option,
    misused_option,
)
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.urls import CollectionError, FoundLink, Link, LinkError


class LinkOptions(NamedTuple):
    """The options that hold for all links of a line.

    Attributes:
        options: The good ones, checked and canonical.
        text: All of them, as they were written.
        problem: The first thing that is wrong with them, or None.
    """

    options: Layer = NO_OPTIONS
    text: str = ""
    problem: OptionError | None = None


def link_lines(
    number: int,
    text: str,
    links: Sequence[FoundLink],
    options: LinkOptions,
    layer: Layer,
    *,
    takes_collections: bool = False,
) -> list[DropLine]:
    """Return the entries of a line with one or several links.

    Args:
        number: The line's.
        text: The line; what is shown of a link that stands alone in it.
        links: At least one.
        options: They hold for all of the links.
        layer: The same, laid over the options of the file.
        takes_collections: Links to playlists and channels are meant without `list=yes`,
            too, where they do not stand beside a video: that may be its author's.
    """
    takes = takes_collections and all(link.error for link in links)
    targets = [link_target(link, layer, takes_collections=takes) for link in links]
    if options.problem is None:
        is_list = any(target.collection for target in targets)
        misused = (
            misused_list_option(layer) if is_list else misused_option(options.options)
        )
        options = options._replace(problem=misused)
    if len(links) == 1:
        return [_link_line(number, text, links[0], targets[0], options, layer)]
    return [
        _link_line(
            number, f"{link.text} {options.text}", link, target, options, layer
        )._replace(part=part)
        for part, (link, target) in enumerate(zip(links, targets, strict=True), 1)
    ]


def _link_line(
    number: int,
    text: str,
    link: FoundLink,
    target: LinkTarget,
    options: LinkOptions,
    layer: Layer,
) -> DropLine:
    problem = target.problem or options.problem
    return DropLine(
        line=number,
        text=printable(text.rstrip()),
        link=None if target.collection else link.link,
        layer=layer,
        code=problem.code if problem else None,
        message=problem.message if problem else mended_remark(link),
        collection=target.collection,
    )


def mended_remark(found: FoundLink) -> str:
    """Return how a mended link was read; "" for one that is as YouTube writes it."""
    if found.link is None or not found.is_mended:
        return ""
    return f"{MENDED_REMARK}{found.link.url}"


def switched_off_lines(number: int, links: Sequence[FoundLink]) -> Iterator[DropLine]:
    """Yield the links that stand in a comment of a line."""
    for link in links:
        yield DropLine(
            line=number, text=printable(link.text), link=link.link, is_switched_off=True
        )


def refused_line(
    number: int, text: str, problem: LinkError | OptionError, link: Link | None = None
) -> DropLine:
    """Return the entry of a line that names no usable link."""
    return DropLine(
        line=number,
        text=printable(text),
        link=link,
        code=problem.code,
        message=problem.message,
    )


def number_parts(entries: Iterable[DropLine | None]) -> Iterator[DropLine | None]:
    """Yield entries as they come, those of one line numbered as its parts.

    Args:
        entries: In the order of their lines, without parts; None is passed on.
    """
    held: DropLine | None = None
    switched_off: list[DropLine] = []
    for entry in entries:
        if entry is None:
            yield None
            continue
        if entry.is_switched_off:
            switched_off.append(entry)
            continue
        following = entry
        if held is not None:
            if held.line == entry.line:
                held = held._replace(part=held.part or 1)
                following = entry._replace(part=(held.part or 1) + 1)
            yield held
        yield from switched_off
        held, switched_off = following, []
    if held is not None:
        yield held
    yield from switched_off


def without_pages(links: Sequence[FoundLink]) -> list[FoundLink]:
    """Return the links without channels and playlists beside a video: its author's."""
    if all(link.error for link in links):
        return list(links)
    return [link for link in links if not isinstance(link.error, CollectionError)]

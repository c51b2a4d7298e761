"""Builds drop lines of the links of a line, which become parts if there are several. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ytaudio_daemon.dropfile.drop_line import (
    MENDED_REMARK,
    NO_OPTIONS,
    DropLine,
    printable,
)
from ytaudio_daemon.dropfile.link_target import LinkTarget, link_target, misused_options
from ytaudio_daemon.model import Layer, OptionError
from ytaudio_daemon.urls import CollectionError, FoundLink, Link, LinkError


class LinkOptions(NamedTuple):
    """The options that hold for all links of a line.

    Attributes:
        options: The good ones, checked and canonical.
        text: All of them, as they were written.
        problem: The first error in them, or None.
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
    accepts_collections: bool = False,
) -> list[DropLine]:
    """Return the drop lines of a line with one or several links.

    Args:
        number: The line's.
        text: The line, which is shown if it has only one link.
        links: At least one.
        options: The options of the line.
        layer: The same, merged over the options of the file.
        accepts_collections: Whether links to playlists and channels are accepted without
            `list=yes`; never beside a video, where they may be its author's.
    """
    accepts = accepts_collections and all(link.error for link in links)
    targets = [link_target(link, layer, accepts_collections=accepts) for link in links]
    if options.problem is None:
        has_collection = any(target.collection for target in targets)
        misused = misused_options(options.options, layer, has_collection=has_collection)
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
    """Return the remark on a mended link; "" for a link as YouTube writes it."""
    if found.link is None or not found.is_mended:
        return ""
    return f"{MENDED_REMARK}{found.link.url}"


def switched_off_lines(number: int, links: Sequence[FoundLink]) -> Iterator[DropLine]:
    """Yield the drop lines of the links in a comment of a line."""
    for link in links:
        yield DropLine(
            line=number, text=printable(link.text), link=link.link, is_switched_off=True
        )


def refused_line(
    number: int, text: str, problem: LinkError | OptionError, link: Link | None = None
) -> DropLine:
    """Return the drop line of a line that names no usable link."""
    return DropLine(
        line=number,
        text=printable(text),
        link=link,
        code=problem.code,
        message=problem.message,
    )


def number_parts(drop_lines: Iterable[DropLine | None]) -> Iterator[DropLine | None]:
    """Yield drop lines in their order, those of one line numbered as its parts.

    Args:
        drop_lines: In the order of their lines, without parts; None is passed on.
    """
    held: DropLine | None = None
    switched_off: list[DropLine] = []
    for drop_line in drop_lines:
        if drop_line is None:
            yield None
            continue
        if drop_line.is_switched_off:
            switched_off.append(drop_line)
            continue
        following = drop_line
        if held is not None:
            if held.line == drop_line.line:
                held = held._replace(part=held.part or 1)
                following = drop_line._replace(part=(held.part or 1) + 1)
            yield held
        yield from switched_off
        held, switched_off = following, []
    if held is not None:
        yield held
    yield from switched_off


def without_author_pages(links: Sequence[FoundLink]) -> list[FoundLink]:
    """Return the links; without playlists and channels if there is a video."""
    if all(link.error for link in links):
        return list(links)
    return [link for link in links if not isinstance(link.error, CollectionError)]

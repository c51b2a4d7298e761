"""The items to download: every link, and every line of a file, checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ytaudio_daemon.cli.commands.line_checks import LineResult, check_lines
from ytaudio_daemon.downloader.expansion import CollectionRequest, Expansion
from ytaudio_daemon.downloader.folder_downloader import DownloadRequest
from ytaudio_daemon.dropfile import DropKind, DropLine, NotADropError
from ytaudio_daemon.dropfile.drop_line import printable
from ytaudio_daemon.dropfile.link_target import single_target
from ytaudio_daemon.dropfile.switched_off import numbers_text
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import LinePart, ListedEntry, Options
from ytaudio_daemon.model.options import Layer, effective_options
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.urls import CollectionLink, Link

#: Options that only the daemon obeys, and what this command does instead.
_DAEMON_OPTIONS = {
    "follow": "what is in the list now is downloaded, once",
    "keep_last": "no file is removed here",
    "again": "no archive is asked here",
}


class LinksFile(NamedTuple):
    """A file of links, read but not parsed.

    Attributes:
        name: Its name, for messages.
        content: Its content.
        kind: Its syntax.
    """

    name: str
    content: bytes
    kind: DropKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A link on the command line, or a line of a file.

    Attributes:
        file, line: The file's name and the line; None for the command line.
        part: Its place among several links of the line, from 1; None when it is alone.
        text: The link or line as it was written, safe to show.
        request: The download it asks for; None when it was refused.
        collection: The playlist, album or channel that it names; its entries are items
            of their own when it is listed.
        options: The options of these entries.
        expansion: Of an entry, and of a collection that could not be listed: where the
            item comes from.
        entry: The entry.
        duplicate_of: The number of an earlier item that asks for the same.
        code: Why it was refused; "" when it was not.
        message: The same in a sentence; of a mended link, how it was read.
    """

    file: str | None = None
    line: int | None = None
    part: int | None = None
    text: str
    request: DownloadRequest | None = None
    collection: CollectionRequest | None = None
    options: Options | None = None
    expansion: Expansion | None = None
    entry: ListedEntry | None = None
    duplicate_of: int | None = None
    code: str = ""
    message: str = ""

    @property
    def url(self) -> str | None:
        """The canonical link; None when it was refused."""
        if self.request is not None:
            return self.request.link.url
        if self.entry is not None:
            return Link(self.entry.video_id).url
        return self.collection.collection.url if self.collection else None

    @property
    def link_text(self) -> str:
        """The link for people: the canonical one, or as written when it was refused."""
        return self.url or self.text

    @property
    def location(self) -> str:
        """Its file and line for people: `urls.txt:3.1`; "" on the command line."""
        if self.file is None or self.line is None:
            return ""
        return f"{self.file}:{LinePart(self.line, self.part or 0)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadList:
    """The items of a download, and the remarks on its file.

    Attributes:
        items: An item for each link and line.
        switched_off: The line of each link in a comment of the file.
        daemon_options: By option: the lines with one that only the daemon obeys.
    """

    items: list[Item]
    switched_off: list[int]
    daemon_options: Mapping[str, list[int]]


def build_list(
    links: Sequence[str], file: LinksFile | None, layer: Layer, default_bitrate: str
) -> DownloadList:
    """Check every link and line.

    Args:
        links: The links on the command line.
        file: The file of links; None when none is given.
        layer: Options that those of the file's lines override.
        default_bitrate: The config's.

    Raises:
        UsageError: Nothing in the file is usable.
    """
    items = [_link_item(link, layer, default_bitrate) for link in links]
    if file is None:
        return DownloadList(items=items, switched_off=[], daemon_options={})
    line_results = _check_file(file, layer, default_bitrate)
    items += [
        _line_item(file.name, each, layer)
        for each in line_results
        if each.result != "switched_off"
    ]
    return DownloadList(
        items=items,
        switched_off=[
            each.drop_line.line
            for each in line_results
            if each.result == "switched_off"
        ],
        daemon_options=_daemon_options([each.drop_line for each in line_results]),
    )


def daemon_option_sentences(download_list: DownloadList) -> Iterator[str]:
    """Yield a sentence on each option that only the daemon obeys, with its lines."""
    for key, lines in download_list.daemon_options.items():
        noun = "line" if len(lines) == 1 else "lines"
        yield (
            f"{key} ({noun} {numbers_text(lines)}) is for the daemon: "
            f"{_DAEMON_OPTIONS[key]}"
        )


def _daemon_options(drop_lines: Sequence[DropLine]) -> dict[str, list[int]]:
    found = {
        key: list(dict.fromkeys(each.line for each in drop_lines if key in each.layer))
        for key in _DAEMON_OPTIONS
    }
    return {key: lines for key, lines in found.items() if lines}


def _link_item(text: str, layer: Layer, default_bitrate: str) -> Item:
    target = single_target(text, layer)
    if target.problem is not None:
        problem = target.problem
        return Item(text=printable(text), code=problem.code, message=problem.message)
    options = effective_options(default_bitrate, layer)
    return _with_target(
        Item(text=printable(text)), target.link, target.collection, options, layer
    )


def _with_target(
    item: Item,
    link: Link | None,
    collection: CollectionLink | None,
    options: Options,
    layer: Layer,
) -> Item:
    """Return an item with what it asks for: a video, or a selection of a collection."""
    if collection is not None:
        selection = Selection.from_layer(layer)
        wanted = CollectionRequest(collection=collection, selection=selection)
        return replace(item, collection=wanted, options=options)
    if link is None:
        return item
    return replace(item, request=DownloadRequest(link=link, options=options))


def _check_file(
    file: LinksFile, layer: Layer, default_bitrate: str
) -> list[LineResult]:
    try:
        return list(check_lines(file.content, file.kind, layer, default_bitrate))
    except NotADropError as error:
        raise UsageError(f"{file.name}: {error.message}") from error


def _line_item(name: str, line_result: LineResult, layer: Layer) -> Item:
    drop_line, options = line_result.drop_line, line_result.options
    item = Item(
        file=name,
        line=drop_line.line,
        part=drop_line.part,
        text=drop_line.text,
        code=drop_line.code or "",
        message=drop_line.message,
    )
    if options is None:
        return item
    whole = {**layer, **drop_line.layer}
    return _with_target(item, drop_line.link, drop_line.collection, options, whole)

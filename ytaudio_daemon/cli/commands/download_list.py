"""The items to download: every link, and every line of a file, checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ytaudio_daemon.cli.commands.line_checks import LineResult, check_lines
from ytaudio_daemon.downloader.folder_downloader import DownloadRequest
from ytaudio_daemon.dropfile import DropKind, NotADropError
from ytaudio_daemon.dropfile.drop_line import printable
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import LinePart
from ytaudio_daemon.model.options import Layer, effective_options
from ytaudio_daemon.urls import CollectionError, LinkError, parse_link


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A link on the command line, or a line of a file.

    Attributes:
        file, line: The file's name and the line; None for the command line.
        part: Its place among several links of the line, from 1; None when it is alone.
        text: The link or line as it was written, safe to show.
        request: The download it asks for; None when it was refused.
        duplicate_of: The number of an earlier item that asks for the same.
        code: Why it was refused; "" when it was not.
        message: The same in a sentence; of a mended link, how it was read.
    """

    file: str | None = None
    line: int | None = None
    part: int | None = None
    text: str
    request: DownloadRequest | None = None
    duplicate_of: int | None = None
    code: str = ""
    message: str = ""

    @property
    def location(self) -> str:
        """Its file and line for people: `urls.txt:3.1`; "" on the command line."""
        if self.file is None or self.line is None:
            return ""
        return f"{self.file}:{LinePart(self.line, self.part or 0)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadList:
    """All that is asked for.

    Attributes:
        items: An item for each link and line, duplicates marked as such.
        switched_off: The line of each link in a comment of the file.
    """

    items: list[Item]
    switched_off: list[int]


def build_list(
    links: Sequence[str],
    file: tuple[str, bytes, DropKind] | None,
    layer: Layer,
    default_bitrate: str,
) -> DownloadList:
    """Check every link and line.

    Args:
        links: The links on the command line.
        file: Name, content and syntax of a file of links.
        layer: Options that those of the file's lines override.
        default_bitrate: The config's.

    Raises:
        UsageError: Nothing in the file is usable.
    """
    items = [_item_of_link(link, layer, default_bitrate) for link in links]
    if file is None:
        return DownloadList(items=list(_with_duplicates_marked(items)), switched_off=[])
    name, content, kind = file
    line_results = _check_file(name, content, kind, layer, default_bitrate)
    items += [
        _item_of_line(name, each)
        for each in line_results
        if each.result != "switched_off"
    ]
    return DownloadList(
        items=list(_with_duplicates_marked(items)),
        switched_off=[
            each.drop_line.line
            for each in line_results
            if each.result == "switched_off"
        ],
    )


def _item_of_link(text: str, layer: Layer, default_bitrate: str) -> Item:
    try:
        link = parse_link(text)
    except LinkError as error:
        return Item(text=printable(text), code=error.code, message=error.message)
    options = effective_options(default_bitrate, layer)
    return Item(
        text=printable(text), request=DownloadRequest(link=link, options=options)
    )


def _check_file(
    name: str, content: bytes, kind: DropKind, layer: Layer, default_bitrate: str
) -> list[LineResult]:
    try:
        return list(check_lines(content, kind, layer, default_bitrate))
    except NotADropError as error:
        raise UsageError(f"{name}: {error.message}") from error


def _item_of_line(name: str, line_result: LineResult) -> Item:
    drop_line, options = line_result.drop_line, line_result.options
    request = None
    if drop_line.link is not None and options is not None:
        request = DownloadRequest(link=drop_line.link, options=options)
    elif drop_line.collection is not None:
        refusal = CollectionError(drop_line.collection)
        drop_line = drop_line._replace(code=refusal.code, message=refusal.message)
    return Item(
        file=name,
        line=drop_line.line,
        part=drop_line.part,
        text=drop_line.text,
        request=request,
        code=drop_line.code or "",
        message=drop_line.message,
    )


def _with_duplicates_marked(items: Sequence[Item]) -> Iterator[Item]:
    first: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items):
        if item.request is None:
            yield item
            continue
        known = first.setdefault(item.request.audio_key, number)
        yield item if known == number else replace(item, duplicate_of=known)

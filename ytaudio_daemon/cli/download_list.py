"""What is to be downloaded: every link and every line with its verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ytaudio_daemon.cli.check import judge
from ytaudio_daemon.downloader.folder_downloader import Order
from ytaudio_daemon.dropfile import DropKind, NotADropError
from ytaudio_daemon.dropfile.drop_line import shown
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model.options import Layer, effective
from ytaudio_daemon.urls import LinkError, parse_link


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A link on the command line, or a line of a file.

    Attributes:
        file, line: Where it stands; None on the command line.
        text: As it was written, safe to show.
        order: What to fetch; None when it was refused.
        duplicate_of: The item before, by its number, that asks for the same.
        code, message: Why it was refused.
    """

    file: str | None = None
    line: int | None = None
    text: str
    order: Order | None = None
    duplicate_of: int | None = None
    code: str = ""
    message: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people: `urls.txt:3`, or ""."""
        return "" if self.file is None else f"{self.file}:{self.line}"


def listed(
    links: Sequence[str],
    file: tuple[str, bytes, DropKind] | None,
    layer: Layer,
    default_bitrate: str,
) -> list[Item]:
    """Return all that was asked for, duplicates marked as such.

    Args:
        links: From the command line.
        file: Name, content and form of a list.
        layer: Options below those of the file's lines.
        default_bitrate: The config's.

    Raises:
        UsageError: Nothing in the file is usable.
    """
    items = [_item(link, layer, default_bitrate) for link in links]
    if file is not None:
        items += _items_of_file(*file, layer, default_bitrate)
    return list(_marked(items))


def _item(text: str, layer: Layer, default_bitrate: str) -> Item:
    try:
        link = parse_link(text)
    except LinkError as error:
        return Item(text=shown(text), code=error.code, message=error.message)
    options = effective(default_bitrate, layer)
    return Item(text=shown(text), order=Order(link=link, options=options))


def _items_of_file(
    name: str, content: bytes, kind: DropKind, layer: Layer, default_bitrate: str
) -> Iterator[Item]:
    try:
        for verdict in judge(content, kind, layer, default_bitrate):
            entry, order = verdict.entry, None
            if entry.link is not None and verdict.options is not None:
                order = Order(link=entry.link, options=verdict.options)
            yield Item(
                file=name,
                line=entry.line,
                text=entry.text,
                order=order,
                code=entry.code or "",
                message=entry.message,
            )
    except NotADropError as error:
        raise UsageError(f"{name}: {error.message}") from error


def _marked(items: Sequence[Item]) -> Iterator[Item]:
    first: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items):
        if item.order is None:
            yield item
            continue
        known = first.setdefault(item.order.audio_key, number)
        yield item if known == number else replace(item, duplicate_of=known)

"""Files for the inbox in all their forms, and what each of their lines asks for. Pure."""

import json
import plistlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torture.playlists import ListWish

#: What a link without options becomes (`[download] format` of the run).
DEFAULT_FORMAT = "m4a"
#: Endings of text files.
TEXT_ENDINGS = ("txt", "urls", "LIST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one line asks for; a refused line has no video, and no list."""

    line: int
    video: str = ""
    format: str = ""
    listed: ListWish | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the line is taken."""
        return bool(self.video) or self.listed is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One file for the inbox, and what its lines must become."""

    session: str
    name: str
    content: bytes
    wishes: tuple[Wish, ...]

    @property
    def grows(self) -> bool:
        """Whether lines can be added to it."""
        return self.name.endswith(TEXT_ENDINGS)

    @property
    def texts(self) -> dict[int, str]:
        """Return its lines by number."""
        return dict(enumerate(self.content.decode().split("\n"), 1))


def text_file(number: int, asked: list[tuple[str, str]]) -> tuple[bytes, list[Wish]]:
    """Write a text file.

    Args:
        number: Makes its content unlike any other's.
        asked: Video and format of each line; no video = nonsense.
    """
    lines, wishes = [f"# file {number}"], []
    for count, (video, form) in enumerate(asked):
        if count % 4 == 3:
            lines.append("")
        if video:
            lines.append(f"https://youtu.be/{video} format={form}")
        else:
            lines.append(f"nonsense {number} {count}")
        wishes.append(Wish(line=len(lines), video=video, format=form))
    return ("\n".join(lines) + "\n").encode(), wishes


def list_file(number: int, listed: ListWish) -> tuple[bytes, list[Wish]]:
    """Write a text file that asks for a playlist, and for some nonsense."""
    lines = [f"# file {number}", f"nonsense {number}", listed.text]
    wishes = [Wish(line=2), Wish(line=3, listed=listed)]
    return ("\n".join(lines) + "\n").encode(), wishes


def json_file(number: int, asked: list[tuple[str, str]]) -> tuple[bytes, list[Wish]]:
    """Write a file of JSON lines; arguments as `text_file`."""
    lines, wishes = [], []
    for video, form in asked:
        link = f"https://www.youtube.com/watch?v={video}&t={number}"
        said = {"url": link if video else f"nonsense {number}"}
        lines.append(json.dumps(said | ({"format": form} if video else {})))
        wishes.append(Wish(line=len(lines), video=video, format=form))
    return ("\n".join(lines) + "\n").encode(), wishes


def link_file(draw: random.Random, number: int, video: str) -> tuple[str, bytes, Wish]:
    """Return a link file's ending, its content, and what it asks for.

    Args:
        draw: Chooses the kind.
        number: Makes its content unlike any other's.
        video: Asked for; "" = a page that is no video.
    """
    page = f"watch?v={video}" if video else "feed/library"
    url = f"https://www.youtube.com/{page}&t={number}"
    shortcut = f"[InternetShortcut]\r\nURL={url}\r\nIconIndex=0\r\n"
    desktop = f"[Desktop Entry]\nVersion=1.5\nType=Link\nName=A\nURL={url}\n"
    plist = {"URL": url}
    ending, content, line = draw.choice(
        (
            ("url", shortcut.encode(), 2),
            ("URL", b"\xff\xfe" + shortcut.encode("utf-16-le"), 2),
            ("webloc", plistlib.dumps(plist), 1),
            ("webloc", plistlib.dumps(plist, fmt=plistlib.FMT_BINARY), 1),
            ("desktop", desktop.encode(), 5),
        )
    )
    form = DEFAULT_FORMAT if video else ""
    return ending, content, Wish(line=line, video=video, format=form)


def grown(drop: Drop, asked: Sequence[tuple[str, str]]) -> Drop:
    """Return a text file with lines added to its end."""
    content, wishes, line = drop.content, list(drop.wishes), drop.content.count(b"\n")
    for video, form in asked:
        line += 1
        content += f"https://youtu.be/{video} format={form}\n".encode()
        wishes.append(Wish(line=line, video=video, format=form))
    return replace(drop, content=content, wishes=tuple(wishes))

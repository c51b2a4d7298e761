"""Checks a drop file: accepted, duplicate, rejected, or switched off. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from ytaudio_daemon.dropfile import DropKind, DropLine, parse
from ytaudio_daemon.model import Layer, Options
from ytaudio_daemon.model.filename_fields import FilenameWarnings
from ytaudio_daemon.model.options import effective_options
from ytaudio_daemon.model.selection import Selection
from ytaudio_daemon.model.subscription import Follow, follow_text


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """The result for one line.

    Attributes:
        drop_line: The parsed line.
        result: accepted, duplicate, rejected or switched_off.
        options: The effective options; None when nothing is asked for.
        first: The line that a duplicate repeats.
        warning: A remark on options that are allowed but odd, or "".
        follow: The text on how a collection would be followed, or "".
    """

    drop_line: DropLine
    result: str
    options: Options | None = None
    first: DropLine | None = None
    warning: str = ""
    follow: str = ""

    @property
    def message(self) -> str:
        """Why it is rejected; of any other line, the remarks on it, or ""."""
        remarks = (self.drop_line.message, self.warning, self.follow)
        return "; ".join(filter(None, remarks))


def check_lines(
    content: bytes, kind: DropKind, layer: Layer, default_bitrate: str
) -> Iterator[LineResult]:
    """Yield the result for every line, and for every link in a comment.

    Args:
        content: The drop file's content.
        kind: Its syntax.
        layer: Options that those of the file override.
        default_bitrate: The config's.

    Raises:
        NotADropError: Nothing in it is usable.
    """
    warnings = FilenameWarnings()
    seen: dict[tuple[str, str], DropLine] = {}
    for drop_line in (each.checked_with(layer) for each in parse(content, kind)):
        if drop_line.is_switched_off:
            yield LineResult(drop_line=drop_line, result="switched_off")
            continue
        key = _duplicate_key(drop_line, layer)
        if key is None:
            yield LineResult(drop_line=drop_line, result="rejected")
            continue
        options = effective_options(default_bitrate, layer, drop_line.layer)
        first = seen.setdefault((key, options.profile()), drop_line)
        is_new = first is drop_line
        yield LineResult(
            drop_line=drop_line,
            result="accepted" if is_new else "duplicate",
            options=options,
            first=None if is_new else first,
            warning=warnings.remark(options.filename),
            follow=_follow_remark(drop_line, layer),
        )


def _follow_remark(drop_line: DropLine, layer: Layer) -> str:
    merged = {**layer, **drop_line.layer}
    follow = Follow.from_layer(merged) if drop_line.collection else None
    return follow_text(follow, merged.get("since")) if follow else ""


def _duplicate_key(drop_line: DropLine, layer: Layer) -> str | None:
    """Return a key that is equal for the same video or selection; None of a bad line."""
    if drop_line.code is not None:
        return None
    if drop_line.collection is not None:
        merged = {**layer, **drop_line.layer}
        mode = "followed" if "follow" in merged else "whole"
        digest = Selection.from_layer(merged).digest()
        return f"{drop_line.collection.key} {digest} {mode}"
    return drop_line.link.video_id if drop_line.link else None

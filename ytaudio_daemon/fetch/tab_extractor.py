"""yt-dlp's extractor of tabs and playlists, with a fast path for ordinary rows.

yt-dlp searches every place where YouTube has ever put a video's facts: 1 ms of CPU a
row, four fifths of the listing of a long playlist. A row whose facts are where YouTube
puts them in a playlist today is read directly; any other row is left to yt-dlp.
"""

from collections.abc import Mapping
from typing import Any

from yt_dlp.extractor.youtube import YoutubeTabIE
from yt_dlp.utils import int_or_none

#: A row with one of these is not ordinary: it is live, announced, for members, a short.
_SPECIAL = frozenset({"badges", "upcomingEventData", "headline", "publishedTimeText"})


class PlaylistTabIE(YoutubeTabIE):  # type: ignore[misc]  # yt-dlp ships no types
    """yt-dlp's extractor, faster with the rows of playlists.

    It overrides two of yt-dlp's internal methods. A yt-dlp that has renamed them does not
    call them, and one that passes more arguments gets its own.
    """

    def __init__(self, downloader: Any = None) -> None:
        super().__init__(downloader)
        self._timestamps: dict[str, int | None] = {}

    @classmethod
    def ie_key(cls) -> str:
        """Return yt-dlp's own name of its extractor, as its results name it."""
        return str(YoutubeTabIE.ie_key())

    def _extract_video(self, renderer: Any, *more: Any, **named: Any) -> Any:
        if not (more or named) and (row := _ordinary_row(renderer)) is not None:
            age = row.pop("age")
            return {**row, "timestamp": self._timestamp(age)}
        return super()._extract_video(renderer, *more, **named)

    @classmethod
    def _extract_continuation(cls, renderer: Any, *more: Any, **named: Any) -> Any:
        rows = renderer.get("contents") if isinstance(renderer, dict) else None
        if isinstance(rows, list):
            others = [row for row in rows if not _is_playlist_row(row)]
            renderer = {**renderer, "contents": others}
        return super()._extract_continuation(renderer, *more, **named)

    def _timestamp(self, age: str) -> int | None:
        """Return the seconds since 1970 of "3 years ago"; a list repeats few such texts."""
        if age not in self._timestamps:
            self._timestamps[age] = self._parse_time_text(age)
        return self._timestamps[age]


def _is_playlist_row(row: object) -> bool:
    return isinstance(row, dict) and "playlistVideoRenderer" in row


def _ordinary_row(renderer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the facts of a row that are needed, as yt-dlp names them, and its `age`.

    None: it is not ordinary.
    """
    try:
        if not _SPECIAL.isdisjoint(renderer) or not _has_ordinary_overlays(renderer):
            return None
        byline = renderer["shortBylineText"]["runs"]
        browse_id = byline[0]["navigationEndpoint"]["browseEndpoint"]["browseId"]
        facts = {
            "_type": "url",
            "ie_key": "Youtube",
            "id": renderer["videoId"],
            "url": f"https://www.youtube.com/watch?v={renderer['videoId']}",
            "title": _joined(renderer["title"]["runs"]),
            "channel": _joined(byline),
            "channel_id": browse_id,
            "duration": int_or_none(renderer["lengthSeconds"]),
            "age": _joined(renderer["videoInfo"]["runs"]),
        }
    except (AttributeError, KeyError, IndexError, TypeError):
        return None
    return facts if all(facts.values()) else None


def _has_ordinary_overlays(renderer: Mapping[str, Any]) -> bool:
    """Return whether nothing on the thumbnail says that the row is live or a short."""
    if "reelWatchEndpoint" in renderer.get("navigationEndpoint", ()):
        return False
    styles = [
        overlay["thumbnailOverlayTimeStatusRenderer"]["style"]
        for overlay in renderer.get("thumbnailOverlays", ())
        if "thumbnailOverlayTimeStatusRenderer" in overlay
    ]
    return all(style == "DEFAULT" for style in styles)


def _joined(runs: list[Mapping[str, str]]) -> str:
    return "".join([run["text"] for run in runs])

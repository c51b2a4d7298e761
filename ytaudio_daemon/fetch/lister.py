"""Lists a collection with yt-dlp's own extractor of tabs and playlists, lazily.

A page is sent before the next request is made, so that the first entries are there at
once, and a listing that fails later has not been in vain.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.fetch import list_facts
from ytaudio_daemon.fetch.classify import Evidence
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import AttemptFailedError, failure_for
from ytaudio_daemon.fetch.list_failures import classify_listing
from ytaudio_daemon.fetch.music_album import fetch_album_facts
from ytaudio_daemon.fetch.page_builder import PageBuilder
from ytaudio_daemon.fetch.tab_extractor import PlaylistTabIE
from ytaudio_daemon.fetch.ytdlp_client import YtDlpClient
from ytaudio_daemon.model import ListedPage
from ytaudio_daemon.model.listing import clean_text

Info = Mapping[str, Any]

#: Music's own channels ("Name - Topic") have no tab of videos, but a list of uploads.
_NO_VIDEOS = "does not have a videos tab"
#: A list of a channel that fails with one of these codes is skipped.
_GONE = frozenset({"no_such_list", "unviewable_list", "channel_closed"})
#: A moved channel or an album leads to another address; more hops are a circle.
_MAX_REDIRECTS = 4


class ListClient(YtDlpClient):
    """yt-dlp with the extractor of lists only.

    Args:
        params: As for `YoutubeDL`.
        before_request: Called before each request.
    """

    def __init__(
        self, params: dict[str, Any], before_request: Callable[[], None]
    ) -> None:
        self._before_request = before_request
        super().__init__(params, PlaylistTabIE)

    def clear_evidence(self) -> None:
        """Remove the evidence of a failure that does not matter."""
        self.failed_requests.clear()
        self.params["logger"].warnings.clear()

    def urlopen(self, req: Any) -> Any:
        """Open `req` after a call of `before_request`, which sends the collected entries."""
        self._before_request()
        return super().urlopen(req)


@dataclass(slots=True)
class Lister:
    """Lists a collection, and the lists in it.

    Attributes:
        ydl: yt-dlp.
        kind: The collection's.
        pages: Gets the entries.
    """

    ydl: ListClient
    kind: str
    pages: PageBuilder

    def list(self, url: str) -> None:
        """Add all entries of the collection.

        Raises:
            Exception: Any of yt-dlp's; `classify_listing` finds its failure.
        """
        info = self._open_collection(url)
        head = _head(info, self.kind)
        self.pages.describe(head)
        if self.kind == "album":
            self._add_album(info, url)
            return
        # The rows of a channel's tab do not name the channel.
        is_tab = self.kind == "channel"
        owner = {"channel": head.channel, "channel_id": head.channel_id}
        self._add_entries(info["entries"], owner if is_tab else {})

    def _add_entries(self, entries: Iterable[Info], owner: Info) -> None:
        for entry in entries:
            if video_id := list_facts.video_id_of(entry):
                is_named = entry.get("channel") or not owner
                self._add_video(entry if is_named else {**entry, **owner}, video_id)
            elif entry.get("ie_key") == "YoutubeTab":  # an album or playlist in a tab
                self.pages.begin_list()
                self._add_inner_list(str(entry["url"]))
                self.pages.begin_list()
            if self.pages.is_at_end:
                return

    def _add_inner_list(self, url: str) -> None:
        try:
            info = self._open_list(url)
        except Exception as error:
            if _failure_code(error) not in _GONE:
                raise
            self.ydl.clear_evidence()  # the channel's other lists can still be read
            return
        if str(info.get("id")).startswith("OLAK5uy_"):
            self._add_album(info, url)
        else:
            self.pages.describe_album(None)
            for entry in info["entries"]:
                if video_id := list_facts.video_id_of(entry):
                    self._add_video(entry, video_id)
                if self.pages.is_at_end:
                    return

    def _add_album(self, info: Info, url: str) -> None:
        facts = fetch_album_facts(self.ydl, url, _list_id(info))
        self.ydl.clear_evidence()
        for track, entry in enumerate(info["entries"], 1):
            if track == 1:
                own = list_facts.album_of(info, entry)
                self.pages.describe_album(list_facts.merge_albums(facts, own))
            if video_id := list_facts.video_id_of(entry):
                self._add_video(entry, video_id, track)
            if self.pages.is_at_end:
                return

    def _add_video(self, info: Info, video_id: str, track: int | None = None) -> None:
        position = self.pages.next_position(video_id)
        if position is not None:
            self.pages.add(list_facts.listed_entry(info, video_id, position, track))

    def _open_collection(self, url: str) -> dict[str, Any]:
        try:
            return self._open_list(url)
        except Exception as error:
            if _NO_VIDEOS not in str(error):
                raise
            about = self._open_list(url.removesuffix("/videos") + "/about")
            channel_id = list_facts.channel_id_of(about)
            if not channel_id:
                raise
        uploads = f"https://www.youtube.com/playlist?list=UU{channel_id[2:]}"
        return {**self._open_list(uploads), "channel": about.get("channel")}

    def _open_list(self, url: str) -> dict[str, Any]:
        """Return a list whose entries are not fetched yet.

        Raises:
            AttemptFailedError: The address leads to something else.
        """
        for _ in range(_MAX_REDIRECTS):
            info: dict[str, Any] = self.ydl.extract_info(
                url, download=False, ie_key="YoutubeTab", process=False
            )
            if info.get("_type") == "playlist":
                return info
            if info.get("ie_key") != "YoutubeTab":
                break
            url = str(info["url"])
        raise AttemptFailedError(failure_for("no_such_list"))


def _failure_code(error: Exception) -> str:
    if isinstance(error, AttemptFailedError):
        return error.failure.code
    return classify_listing(Evidence(causes=causes_of(error))).code


def _list_id(info: Info) -> str:
    return str(info.get("id") or "")[:100]


def _head(info: Info, kind: str) -> ListedPage:
    """Return the facts of a collection as a page without entries."""
    return ListedPage(
        number=1,
        kind=kind,
        list_id=_list_id(info),
        title=list_facts.collection_title(info, kind),
        channel=clean_text(info.get("channel")),
        channel_id=list_facts.channel_id_of(info),
        announced=list_facts.announced_count(info),
    )

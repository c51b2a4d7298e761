"""Lists the entries of a collection: one attempt, page by page, nothing downloaded.

yt-dlp's own extractor of tabs and playlists reads YouTube's answers, lazily. A page is
sent before the next request is made, so that the first entries are there at once, and
a listing that fails later has not been in vain.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from yt_dlp.extractor.youtube import YoutubeTabIE

from ytaudio_daemon.fetch import PageReceiver, list_facts, ytdlp_client, ytdlp_version
from ytaudio_daemon.fetch.account_access import (
    NEEDS_ACCOUNT,
    with_account,
    with_fitting_hint,
)
from ytaudio_daemon.fetch.account_cookies import AccountCookies
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.confinement import confine
from ytaudio_daemon.fetch.download_stage import storing
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.list_failures import classify_listing
from ytaudio_daemon.fetch.page_builder import PageBuilder
from ytaudio_daemon.model import Failure, ListedPage, ListRequest, ListTotals, Outcome
from ytaudio_daemon.model.listing import clean_text

Info = Mapping[str, Any]

#: A moved channel or an album leads to the next address; more are a circle.
_MAX_REDIRECTS = 4


def run_listing(request: ListRequest, report: PageReceiver) -> Outcome:
    """Run the listing; see `ytaudio_daemon.fetch.list_entries`."""
    context = AttemptContext(ytdlp_version=ytdlp_version())
    head = ListedPage(number=1, kind=request.kind)
    pages = PageBuilder(report, request.max_entries, head)
    try:
        ytdlp_client.prepare_environment(request)
        confine(request)
        totals = with_account(
            request.network,
            context,
            lambda error: _failure_from_exception(error, context, pages),
            lambda cookies: _list_with(cookies, request, context, pages),
        )
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the border: all becomes data
        failure = _failure_from_exception(error, context, pages)
        return context.failed_outcome(with_fitting_hint(failure, request, context))
    return context.listed_outcome(totals)


def _failure_from_exception(
    error: BaseException, context: AttemptContext, pages: PageBuilder
) -> Failure:
    if isinstance(error, AttemptFailedError):
        return error.failure
    evidence = context.evidence(
        causes_of(error), has_js_runtime=True, now=datetime.now(UTC)
    )
    failure = classify_listing(evidence)
    if pages.has_sent and failure.code in NEEDS_ACCOUNT:
        return failure_for("list_incomplete")  # it was there a moment ago
    return failure


def _list_with(
    cookies: AccountCookies | None,
    request: ListRequest,
    context: AttemptContext,
    pages: PageBuilder,
) -> ListTotals:
    parameters = ytdlp_client.listing_params(
        request, context.log_capture, cookies.for_ytdlp() if cookies else None
    )
    context.with_cookies = cookies is not None
    client = _ListClient(parameters, pages.send)
    with client as ydl, storing(cookies, ydl):
        context.failed_requests = ydl.failed_requests
        _Lister(ydl, request.kind, pages).list(request.url)
    pages.send()
    totals = pages.totals()
    if not totals.entries:
        raise AttemptFailedError(failure_for("empty_list"))
    return totals


class _ListClient(ytdlp_client.YtDlpClient):
    """yt-dlp with the extractor of lists only.

    Args:
        params: As for `YoutubeDL`.
        before_request: Called before each request.
    """

    def __init__(
        self, params: dict[str, Any], before_request: Callable[[], None]
    ) -> None:
        self._before_request = before_request
        super().__init__(params, YoutubeTabIE)

    def urlopen(self, req: Any) -> Any:
        """Open `req` when all that is there has been sent."""
        self._before_request()
        return super().urlopen(req)


@dataclass(slots=True)
class _Lister:
    """Lists a collection, and the lists in it.

    Attributes:
        ydl: yt-dlp.
        kind: The collection's.
        pages: Gets the entries.
    """

    ydl: _ListClient
    kind: str
    pages: PageBuilder

    def list(self, url: str) -> None:
        """Add all entries of the collection.

        Raises:
            Exception: Any of yt-dlp's; `classify_listing` finds its failure.
        """
        info = self._open_list(url)
        self.pages.describe(_head(info, self.kind))
        if self.kind == "album":
            self._add_album(info)
        else:
            self._add_entries(info["entries"])

    def _add_entries(self, entries: Iterable[Info]) -> None:
        for entry in entries:
            if video_id := list_facts.video_id_of(entry):
                self._add_video(entry, video_id)
            elif entry.get("ie_key") == "YoutubeTab":  # an album or playlist in a tab
                self._add_inner_list(str(entry["url"]))
            if self.pages.is_full:
                return

    def _add_inner_list(self, url: str) -> None:
        info = self._open_list(url)
        if str(info.get("id")).startswith("OLAK5uy_"):
            self._add_album(info)
        else:
            self.pages.describe_album(None)
            for entry in info["entries"]:
                if video_id := list_facts.video_id_of(entry):
                    self._add_video(entry, video_id)

    def _add_album(self, info: Info) -> None:
        for track, entry in enumerate(info["entries"], 1):
            if track == 1:
                self.pages.describe_album(list_facts.album_of(info, entry))
            if video_id := list_facts.video_id_of(entry):
                self._add_video(entry, video_id, track)
            if self.pages.is_full:
                return

    def _add_video(self, info: Info, video_id: str, track: int | None = None) -> None:
        position = self.pages.next_position(video_id)
        if position is not None:
            self.pages.add(list_facts.listed_entry(info, video_id, position, track))

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


def _head(info: Info, kind: str) -> ListedPage:
    """Return the facts of a collection as a page without entries."""
    return ListedPage(
        number=1,
        kind=kind,
        list_id=str(info.get("id") or "")[:100],
        title=list_facts.collection_title(info, kind),
        channel=clean_text(info.get("channel")),
        channel_id=list_facts.channel_id_of(info),
        announced=list_facts.announced_count(info),
    )

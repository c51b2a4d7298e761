"""YouTube's servers: which answer a request gets."""

import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.youtube import challenge, pages, replies
from tests.youtube.accounts import Accounts
from tests.youtube.faults import NOISE, Fault, Kind, Reply, bend, spoil
from tests.youtube.journal import Journal, Request
from tests.youtube.lists import Lists, asked_for
from tests.youtube.media import MediaStore
from tests.youtube.routes import MANIFEST_PATH, THUMBNAIL_PATH, Incoming, classify
from tests.youtube.streams import BY_ITAG, Address, event_id, streams_of
from tests.youtube.tokens import token_for
from tests.youtube.video import Status, Video

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
#: Faults that hold for every video are kept under this name.
EVERY_VIDEO = "*"
#: Of people who are not signed in, the media servers' tokens are bound to the visitor
#: (yt-dlp-wiki, PO-Token-Guide, "PO Tokens for GVS").
GVS_TOKEN = token_for(pages.VISITOR_DATA)


@dataclass(slots=True)
class _Active:
    """A fault, and for how many more requests it holds."""

    fault: Fault
    left: int | None

    def take(self, kind: Kind) -> bool:
        if self.fault.kind != kind or self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class Site:
    """All videos, their faults, and what has been asked for."""

    store: MediaStore
    journal: Journal = field(default_factory=Journal)
    default: Video | None = None
    #: While set, every video has this status: the way a blocked address sees the site.
    blocked: Status | None = None
    accounts: Accounts = field(default_factory=Accounts)
    lists: Lists = field(init=False)
    _videos: dict[str, Video] = field(default_factory=dict)
    _faults: dict[str, list[_Active]] = field(default_factory=dict)
    _responses: int = 0
    _expired: set[str] = field(default_factory=set)
    #: The status that every video has for those who come by an egress.
    blocked_egresses: dict[str, Status | None] = field(default_factory=dict)
    #: By event ID: the egress that a player response went to.
    _egress_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = Lists(self._known)

    def reset(self) -> None:
        """Return to an empty site with an empty journal."""
        self._videos.clear()
        self.lists.clear()
        self._faults.clear()
        self._expired.clear()
        self._egress_of.clear()
        self.blocked_egresses.clear()
        self.default = self.blocked = None
        self.accounts = Accounts()
        self.journal.clear()

    def add(self, video: Video) -> None:
        """Show a video, in place of the one that had its ID."""
        self._videos[video.id] = video.called(video.id)
        self._faults[video.id] = [_Active(fault, fault.times) for fault in video.faults]

    def fault(self, video_id: str, fault: Fault) -> None:
        """Add a fault to a video."""
        self._faults.setdefault(video_id, []).append(_Active(fault, fault.times))

    def lift(self, video_id: str) -> None:
        """Take all faults off a video."""
        self._faults.pop(video_id, None)

    async def answer(self, incoming: Incoming) -> tuple[Reply, Request]:
        """Return the answer to a request, and its line in the journal."""
        request = _classify(incoming)
        self.journal.add(request)
        # A request that is refused anyway does not use up a fault.
        fault = None if self._refuses(incoming, request) else self._next_fault(request)
        try:
            reply = await self._reply(incoming, request, fault)
        except Exception:  # noqa: BLE001 - else the test would see a timeout only
            traceback.print_exc()
            reply = Reply(status=500)
        if fault is not None and reply.status < 400:
            request.fault = fault.name
            reply = bend(fault, reply)
            if fault.name == "expired":
                self._expired.add(Address.parse(incoming.query).ei)
        request.status, request.to_end = reply.status, reply.to_end
        return reply, request

    def _video(self, request: Request) -> Video:
        video = self._known(request.video_id)
        blocked = self.blocked_egresses.get(request.egress) or self.blocked
        return replace(video, status=blocked) if blocked else video

    def _known(self, video_id: str) -> Video:
        """Return a video as lists show it, whoever asks."""
        video = self._videos.get(video_id)
        if video is None and self.default is not None:
            video = self.default.called(video_id)
        if video is None:
            video = Video(id=video_id, status="removed")
        return video

    def _video_for(self, request: Request) -> Video:
        """Return the video as the account of a request's cookies sees it."""
        video = self._video(request)
        signed_in = self.accounts.signed_in(request.cookies)
        if video.account and video.account == signed_in and not self.blocked:
            return replace(video, status="ok")
        return video

    def _refuses(self, incoming: Incoming, request: Request) -> bool:
        if request.kind != "media":
            return False
        address = Address.parse(incoming.query)
        if self._video(request).token and address.pot != GVS_TOKEN:
            return True
        # A media URL is for the address alone that it was given to.
        if self._egress_of.get(address.ei, request.egress) != request.egress:
            return True
        return not address.solved or address.ei in self._expired

    def _next_fault(self, request: Request) -> Fault | None:
        page = f"{request.video_id} page {request.page}"
        for name in (request.video_id, page, EVERY_VIDEO):
            for active in self._faults.get(name, ()):
                if active.take(request.kind):
                    return active.fault
        return None

    async def _reply(
        self, incoming: Incoming, request: Request, fault: Fault | None
    ) -> Reply:
        match request.kind:
            case "media":
                return await self._media(incoming, request, fault)
            case "thumbnail":
                return await self._thumbnail(request, fault)
            case "watch":
                page = pages.watch_page(self._video_for(request))
                return self._signed(replies.html(page, fault), request)
            case "player":
                return self._signed(await self._player(request, fault), request)
            case "playerjs":
                return _playerjs(incoming.path, fault)
            case _:
                return self._other(incoming, request, fault)

    def _signed(self, reply: Reply, request: Request) -> Reply:
        """Return a reply that refreshes the account's cookies, or takes them away."""
        cookie = self.accounts.set_cookie(request.cookies)
        if not cookie:
            return reply
        return replace(reply, headers={**reply.headers, "Set-Cookie": cookie})

    async def _player(self, request: Request, fault: Fault | None) -> Reply:
        video = self._video_for(request)
        self._responses += 1
        ei = event_id(self._responses)
        self._egress_of[ei] = request.egress
        sizes = await self.store.sizes(video) if pages.has_media(video) else {}
        response = pages.player_response(video, ei, sizes)
        return replies.as_json(response, fault)

    async def _media(
        self, incoming: Incoming, request: Request, fault: Fault | None
    ) -> Reply:
        stream = BY_ITAG.get(request.itag)
        video = self._video(request)
        if self._refuses(incoming, request):
            return Reply(status=403, headers={"Content-Type": "text/plain"})
        if stream not in streams_of(video) or stream is None:
            return Reply(status=404)
        await self.store.sizes(video)
        body: bytes | memoryview = self.store.body(video, stream)
        if fault is not None:
            body = spoil(fault, body)
        return _ranged(body, incoming.headers, {"Content-Type": stream.mime})

    async def _thumbnail(self, request: Request, fault: Fault | None) -> Reply:
        thumbnail = self._video(request).thumbnail
        found = THUMBNAIL_PATH.fullmatch(request.path)
        if found is None or thumbnail is None:
            return Reply(status=404)
        suffix = found[3]
        if thumbnail == "broken":
            return Reply(headers={"Content-Type": f"image/{suffix}"}, body=NOISE)
        if suffix == "webp" and thumbnail != "webp":
            return Reply(status=404)
        picture = await self.store.picture(found[2], suffix)
        body = spoil(fault, picture) if fault else picture
        return Reply(headers={"Content-Type": f"image/{suffix}"}, body=body)

    def _other(
        self, incoming: Incoming, request: Request, fault: Fault | None
    ) -> Reply:
        if request.kind in {"list", "continuation", "feed"}:
            account = self.accounts.signed_in(request.cookies)
            return self._signed(self.lists.reply(incoming, account, fault), request)
        if found := MANIFEST_PATH.match(incoming.path):
            body = _manifest(found[1], found[2])
            kind = "application/vnd.apple.mpegurl"
            return Reply(headers={"Content-Type": kind}, body=body)
        if incoming.path == "/youtubei/v1/navigation/resolve_url":
            return self.lists.resolve(incoming)
        if incoming.path == "/youtubei/v1/next":
            return replies.as_json(pages.initial_data(self._video(request)), None)
        if incoming.path in {"/", "/tv"} or incoming.path.startswith("/embed/"):
            return replies.html(pages.plain_page(), None)
        return Reply(status=404, headers={"Content-Type": "text/plain"})


def _classify(incoming: Incoming) -> Request:
    """Return the request's line for the journal, its answer still blank."""
    request = classify(incoming)
    name, page = asked_for(incoming)
    if request.kind == "other" and name:
        request.video_id, request.page = name, page
        is_feed = incoming.path.startswith("/feeds/")
        request.kind = "feed" if is_feed else "list" if page == 1 else "continuation"
    return request


def _ranged(
    body: bytes | memoryview, asked: Mapping[str, str], headers: dict[str, str]
) -> Reply:
    """Answer a request for a part of a body, if it is one."""
    headers["Accept-Ranges"] = "bytes"
    found = _RANGE.fullmatch(asked.get("range", ""))
    if not found:
        return Reply(headers=headers, body=body)
    first, size = int(found[1]), len(body)
    last = min(int(found[2] or size), size - 1)
    if first > last:
        return Reply(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    part = body[first : last + 1]
    return Reply(status=206, headers=headers, body=part, to_end=last == size - 1)


def _playerjs(path: str, fault: Fault | None) -> Reply:
    if path == "/iframe_api":
        # yt-dlp reads the player's ID from the address in here.
        script = f"var scriptUrl='https://www.youtube.com{challenge.PLAYER_PATH}';"
        return replies.typed("text/javascript", script.encode(), fault)
    return replies.typed("text/javascript", challenge.PLAYER_JS, fault)


def _manifest(kind: str, video_id: str) -> bytes:
    if kind == "hls_variant":
        path = f"/api/manifest/hls_playlist/id/{video_id}.1/file/index.m3u8"
        return (
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=290000,"
            'CODECS="mp4a.40.5,avc1.42C00B",RESOLUTION=256x144,FRAME-RATE=30\n'
            f"https://manifest.googlevideo.com{path}\n"
        ).encode()
    # No end marker: a live stream's playlist is asked for again and again.
    return (
        b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n"
        b"#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:5.0,\n/videoplayback/live/sq/1\n"
    )

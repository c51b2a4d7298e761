"""What a request asks for, read from its host and path alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.youtube.journal import Request
from tests.youtube.streams import Address

_OURS = re.compile(
    r"(?:[\w-]+\.)*(?:youtube\.com|youtu\.be|youtube-nocookie\.com|googlevideo\.com"
    r"|ytimg\.com|ggpht\.com|youtubei\.googleapis\.com)"
)
_VIDEO_PATH = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})")
THUMBNAIL_PATH = re.compile(r"/vi(?:_webp)?/([\w-]{11})/(\w+)\.(jpg|webp)")
MANIFEST_PATH = re.compile(r"/api/manifest/(hls_\w+)/id/([\w-]{11})")


#: In a CONNECT: the name of the proxy in between (`tests.proxies`).
EGRESS_HEADER = "x-egress"


def is_ours(host: str) -> bool:
    """Tell whether a host is one of YouTube's."""
    return _OURS.fullmatch(host) is not None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as the wire delivered it."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    #: By which of the tests' proxies it came; "" for none of them.
    egress: str = ""

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """Return the query as it came."""
        return urlsplit(self.target).query


def classify(incoming: Incoming) -> Request:
    """Return the request's line for the journal, its answer still blank."""
    request = Request(
        kind="other",
        video_id="",
        method=incoming.method,
        host=incoming.host,
        path=incoming.path,
        range=incoming.headers.get("range", ""),
        cookies=incoming.headers.get("cookie", ""),
        egress=incoming.egress,
    )
    match _group(incoming.host):
        case "media":
            _classify_media(incoming, request)
        case "picture":
            if found := THUMBNAIL_PATH.fullmatch(incoming.path):
                request.kind, request.video_id = "thumbnail", found[1]
        case _:
            _classify_page(incoming, request)
    return request


def _group(host: str) -> str:
    if host.endswith("googlevideo.com"):
        return "media"
    return "picture" if host.endswith(("ytimg.com", "ggpht.com")) else "page"


def _classify_media(incoming: Incoming, request: Request) -> None:
    if incoming.path == "/videoplayback":
        address = Address.parse(incoming.query)
        request.kind, request.video_id = "media", address.video_id
        request.itag = address.itag
    elif found := MANIFEST_PATH.match(incoming.path):
        request.video_id = found[2]


def _classify_page(incoming: Incoming, request: Request) -> None:
    if incoming.path == "/watch":
        request.kind = "watch"
        request.video_id = parse_qs(incoming.query).get("v", [""])[0]
    elif incoming.path in {"/youtubei/v1/player", "/youtubei/v1/next"}:
        request.kind = "player" if incoming.path.endswith("player") else "other"
        request.video_id, request.client = _asked(incoming.body)
    elif incoming.path.startswith("/s/player/") or incoming.path == "/iframe_api":
        request.kind = "playerjs"
    elif found := _VIDEO_PATH.match(incoming.path):
        request.video_id = found[1]
        request.kind = "other" if incoming.path.startswith("/embed/") else "watch"


def _asked(body: bytes) -> tuple[str, str]:
    """Return the video's ID and the client's name that an API call gives."""
    try:
        asked = json.loads(body)
        return asked["videoId"], asked["context"]["client"]["clientName"]
    except (ValueError, LookupError, TypeError):
        return "", ""

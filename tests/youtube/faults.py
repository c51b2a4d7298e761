"""Ways in which an answer can be wrong; pure, so that a fault is a value.

A fault acts on what is sent (`spoil`: other bytes than the real ones) or on how it is
sent (`bend`: status, headers, and where the connection gives out).
"""

import functools
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

Kind = Literal[
    "watch",
    "player",
    "media",
    "thumbnail",
    "playerjs",
    "other",
    # The page of a playlist or channel, and what the API says of it.
    "list",
    # The pages after its first.
    "continuation",
    # The first videos as an Atom feed.
    "feed",
]
Name = Literal[
    "status",
    "reset",
    "stall",
    "throttle",
    "truncated",
    "short",
    "garbage",
    "html",
    "zeros",
    "endless",
    "expired",
    "redirect",
    "bomb",
    "incomplete",
]
Ending = Literal["keep", "close", "reset", "stall"]

#: Faults after which a complete body is still not the video.
SPOILING: frozenset[str] = frozenset({"short", "garbage", "html", "zeros", "endless"})

_ENDINGS: dict[str, Ending] = {
    "reset": "reset",
    "stall": "stall",
    "truncated": "close",
    "expired": "close",
}

_CHANGES: dict[str, dict[str, Any]] = {
    "endless": {"announced": -1, "endless": True},
    # The server of a captive portal has not heard of ranges.
    "html": {"status": 200, "headers": {"Content-Type": "text/html"}},
}

#: What a bomb unpacks to.
BOMB_BYTES = 256 << 20
HTML = b"<!DOCTYPE html><html><body><h1>Sorry</h1>%s</body></html>" % (
    b"<p>.</p>" * 200
)
# A fixed noise: a random one would make a failing test unrepeatable.
NOISE = bytes((i * i * 31 + i * 7 + (i >> 5)) & 255 for i in range(4096))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer and the manner of sending it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    #: Content-Length; None is worked out from the body, -1 sends none.
    announced: int | None = None
    #: Bytes of the body after which `ending` comes; None: all of them.
    stop_after: int | None = None
    ending: Ending = "keep"
    #: Bytes a second; 0 is as fast as it goes.
    rate: int = 0
    endless: bool = False
    #: This body goes up to the last byte of the whole resource.
    to_end: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault at one kind of request, for the next `times` requests or until lifted.

    The player's script belongs to no video: a fault at "playerjs" must be set for all.
    Made by its named constructors, so that a test reads as what happens.
    """

    name: Name
    kind: Kind = "media"
    times: int | None = None
    status: int = 0
    retry_after: int | None = None
    #: Share of the body that is sent before the fault shows.
    after: float = 0.5
    rate: int = 0
    location: str = ""
    layers: int = 1

    @classmethod
    def answers(
        cls,
        status: int,
        *,
        kind: Kind = "media",
        times: int | None = None,
        retry_after: int | None = None,
    ) -> "Fault":
        """Answer with an HTTP status and no content."""
        return cls(
            name="status",
            kind=kind,
            times=times,
            status=status,
            retry_after=retry_after,
        )

    @classmethod
    def resets(
        cls, *, kind: Kind = "media", times: int | None = None, after: float = 0.5
    ) -> "Fault":
        """Drop the connection by a TCP reset, `after` of the way."""
        return cls(name="reset", kind=kind, times=times, after=after)

    @classmethod
    def stalls(
        cls, *, kind: Kind = "media", times: int | None = None, after: float = 0.5
    ) -> "Fault":
        """Stop sending `after` of the way and hold the connection open."""
        return cls(name="stall", kind=kind, times=times, after=after)

    @classmethod
    def throttles(
        cls, rate: int, *, kind: Kind = "media", times: int | None = None
    ) -> "Fault":
        """Send `rate` bytes a second."""
        return cls(name="throttle", kind=kind, times=times, rate=rate)

    @classmethod
    def truncates(
        cls, *, kind: Kind = "media", times: int | None = None, after: float = 0.5
    ) -> "Fault":
        """Announce the whole, send a part, close politely."""
        return cls(name="truncated", kind=kind, times=times, after=after)

    @classmethod
    def shortens(
        cls, *, kind: Kind = "media", times: int | None = None, after: float = 0.5
    ) -> "Fault":
        """Serve a part as if it were the whole: no header gives it away."""
        return cls(name="short", kind=kind, times=times, after=after)

    @classmethod
    def garbles(cls, *, kind: Kind = "media", times: int | None = None) -> "Fault":
        """Serve noise of the right length."""
        return cls(name="garbage", kind=kind, times=times)

    @classmethod
    def serves_html(cls, *, kind: Kind = "media", times: int | None = None) -> "Fault":
        """Serve a web page with status 200, as captive portals do."""
        return cls(name="html", kind=kind, times=times)

    @classmethod
    def zeroes(
        cls, *, kind: Kind = "media", times: int | None = None, after: float = 0.5
    ) -> "Fault":
        """Serve zero bytes from `after` of the way on, as a sparse cache would."""
        return cls(name="zeros", kind=kind, times=times, after=after)

    @classmethod
    def never_ends(
        cls, *, kind: Kind = "media", times: int | None = None, rate: int = 0
    ) -> "Fault":
        """Send the body over and over, without announcing a length."""
        return cls(name="endless", kind=kind, times=times, rate=rate)

    @classmethod
    def expires(cls, *, times: int | None = 1, after: float = 0.5) -> "Fault":
        """Let `times` media URLs expire midway: 403 until a new page is asked for."""
        return cls(name="expired", times=times, after=after)

    @classmethod
    def redirects(
        cls, location: str, *, kind: Kind = "media", times: int | None = None
    ) -> "Fault":
        """Send the client elsewhere."""
        return cls(name="redirect", kind=kind, times=times, location=location)

    @classmethod
    def leaves_out(
        cls, *, kind: Kind = "continuation", times: int | None = None
    ) -> "Fault":
        """Answer an API call with nothing in it, as YouTube does at times."""
        return cls(name="incomplete", kind=kind, times=times)

    @classmethod
    def bombs(
        cls,
        status: int,
        *,
        kind: Kind = "player",
        times: int | None = None,
        location: str = "",
        layers: int = 1,
    ) -> "Fault":
        """Answer with few bytes that unpack to `BOMB_BYTES`, packed `layers` times."""
        return cls(
            name="bomb",
            kind=kind,
            times=times,
            status=status,
            location=location,
            layers=layers,
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the control channel."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fault":
        """Rebuild what `as_json` gave."""
        return cls(**data)


def spoil(fault: Fault, body: bytes | memoryview) -> bytes | memoryview:
    """Return the bytes that the fault serves in place of the real body."""
    match fault.name:
        case "short":
            return body[: _part(fault, body)]
        case "garbage":
            return (NOISE * (len(body) // len(NOISE) + 1))[: len(body)]
        case "html":
            return HTML
        case "incomplete":
            return b'{"responseContext":{}}'
        case "zeros":
            real = body[: _part(fault, body)]
            return bytes(real) + bytes(len(body) - len(real))
        case _:
            return body


def bend(fault: Fault, reply: Reply) -> Reply:
    """Return the reply as the fault makes it travel."""
    if ending := _ENDINGS.get(fault.name):
        part = _part(fault, reply.body)
        return replace(reply, stop_after=part, ending=ending)
    if fault.name == "status":
        return _bare_status(fault)
    if fault.name == "bomb":
        return _bomb(fault)
    if fault.name == "redirect":
        return Reply(status=302, headers={"Location": fault.location})
    return replace(reply, **_CHANGES.get(fault.name, {}), rate=fault.rate)


def _bomb(fault: Fault) -> Reply:
    encoding = ", ".join(["gzip"] * fault.layers)
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    if fault.location:
        headers["Location"] = fault.location
    return Reply(status=fault.status, headers=headers, body=_bomb_body(fault.layers))


@functools.cache
def _bomb_body(layers: int) -> bytes:
    if layers > 1:
        return gzip.compress(_bomb_body(layers - 1))
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    piece = b" " * (1 << 20)
    packed = [packer.compress(piece) for _ in range(BOMB_BYTES // len(piece))]
    return b"".join([*packed, packer.flush()])


def _part(fault: Fault, body: bytes | memoryview) -> int:
    return int(len(body) * fault.after)


def _bare_status(fault: Fault) -> Reply:
    headers = {"Content-Type": "text/plain"}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Reply(status=fault.status, headers=headers)

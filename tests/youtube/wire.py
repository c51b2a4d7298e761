"""HTTP/1.1 by hand, because a well-behaved library could not be made to misbehave."""

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from http import HTTPStatus

from tests.youtube.faults import Reply
from tests.youtube.journal import Request

_CHUNK = 256 * 1024
#: Pieces a second of a throttled body: smooth enough for a progress bar.
_BEAT = 20


@dataclass(frozen=True, slots=True)
class Head:
    """The start line and headers of a request."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def length(self) -> int:
        """Return the number of bytes that follow the head."""
        return int(self.headers.get("content-length", "0"))

    @property
    def keeps_alive(self) -> bool:
        """Tell whether the client will go on using the connection."""
        return self.headers.get("connection", "").lower() != "close"


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Return the next request's head; None at the end of the connection."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    start, *lines = raw[:-4].decode("latin-1").split("\r\n")
    method, target, _ = start.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    return Head(method, target, {name.lower(): text.strip() for name, text in pairs})


async def send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    head: Head,
    reply: Reply,
    request: Request | None = None,
) -> bool:
    """Send a reply the way it says.

    Args:
        reader: the client's side, watched while a stalled connection is held.
        writer: our side.
        head: the request that is answered.
        reply: the answer.
        request: its line in the journal, completed here.

    Returns:
        Whether the connection can carry another request.

    """
    keep = head.keeps_alive and reply.ending == "keep" and not reply.endless
    parts = reply.body if head.method != "HEAD" else b""
    stop = len(parts)
    if reply.stop_after is not None:
        stop = min(stop, reply.stop_after)
    lead = _status_line(reply, keep=keep)
    if reply.rate or reply.endless or stop > _CHUNK:
        writer.write(lead)
        await _send_slowly(writer, reply, parts[:stop], request)
    else:
        writer.write(lead + parts[:stop])
        await writer.drain()
        _count(request, stop)
    if request is not None:
        request.finished = stop == len(parts)
        request.answered_at = time.time()
    await _end(reader, writer, reply)
    return keep


def _status_line(reply: Reply, *, keep: bool) -> bytes:
    length = len(reply.body) if reply.announced is None else reply.announced
    headers = dict(reply.headers)
    if length >= 0:
        headers["Content-Length"] = str(length)
    headers["Connection"] = "keep-alive" if keep else "close"
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _send_slowly(
    writer: asyncio.StreamWriter,
    reply: Reply,
    body: bytes | memoryview,
    request: Request | None,
) -> None:
    size = max(1, reply.rate // _BEAT) if reply.rate else _CHUNK
    while True:
        for start in range(0, len(body), size):
            part = body[start : start + size]
            writer.write(part)
            await writer.drain()
            _count(request, len(part))
            # Even at full speed the loop gets its turn: `drain` alone gives none as
            # long as the kernel takes all, and a client's leaving would go unseen.
            await asyncio.sleep(len(part) / reply.rate if reply.rate else 0)
        if not reply.endless:
            return


def _count(request: Request | None, sent: int) -> None:
    if request is not None:
        request.bytes_sent += sent


async def _end(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
) -> None:
    if reply.ending == "reset":
        reset(writer)
    elif reply.ending == "stall":
        await reader.read()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset; what the client has not read yet is lost to it."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

"""The process that the tests lead yt-dlp to: a CONNECT proxy that ends TLS itself.

One port for everything. `CONNECT host:443` is answered as that host if it is one of
YouTube's and refused otherwise; `POST /control` is how a test steers the server.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.youtube.authority import Authority
from tests.youtube.collection import Channel, Playlist
from tests.youtube.faults import Fault, Reply
from tests.youtube.media import MediaStore
from tests.youtube.routes import EGRESS_HEADER, Incoming, is_ours
from tests.youtube.site import Site
from tests.youtube.video import Video
from tests.youtube.wire import Head, read_head, reset, send

_Order = dict[str, Any]


class Server:
    """One listening port, the site behind it, and the connections that are open."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Prepare in `folder` (certificates) and `cache` (media)."""
        self.site = Site(store=MediaStore(cache))
        self.authority = Authority(folder)
        #: While set, nothing gets through: the network is down behind the proxy.
        self.offline = False
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._orders: dict[str, Callable[[_Order], Any]] = {
            "add": self._add,
            "add_playlist": self._add_playlist,
            "add_channel": self._add_channel,
            "default": self._set_default,
            "block": self._block,
            "rotate": lambda order: self.site.accounts.rotated.add(order["account"]),
            "offline": self._set_offline,
            "fault": self._fault,
            "lift": lambda order: self.site.lift(order["video_id"]),
            "reset": self._reset,
            "requests": self._requests,
            "foreign": lambda _: self.site.journal.foreign,
            "cpu": lambda _: time.process_time(),
        }

    async def listen(self, port: int) -> asyncio.Server:
        """Start to accept connections; port 0 takes any free one."""
        return await asyncio.start_server(self._accept, "127.0.0.1", port)

    def hang_up(self, *, spare: asyncio.Task[None] | None = None) -> None:
        """Abort every open connection but that of one task."""
        for task, writer in list(self._connections.items()):
            if task is not spare:
                writer.transport.abort()
                task.cancel()

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            await self._converse(reader, writer)
        except (OSError, EOFError):
            pass  # A client that leaves is what many tests are about; so is bad TLS.
        except asyncio.CancelledError:
            # By `hang_up`, which has aborted the connection, or by the end of the loop.
            if not writer.transport.is_closing():
                raise
        finally:
            self._connections.pop(task, None)
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while (head := await read_head(reader)) is not None:
            if head.method == "CONNECT":
                await self._tunnel(head, reader, writer)
                return
            body = await reader.readexactly(head.length)
            if head.target == "/control":
                reply = await self._control(json.loads(body))
            else:
                reply = self._plain(head)
            if not await send(reader, writer, head, reply):
                return

    def _plain(self, head: Head) -> Reply:
        """Answer a request without TLS: everything of ours is on https."""
        parts = urlsplit(head.target)
        host = parts.hostname or head.headers.get("host", "")
        if not is_ours(host):
            self.site.journal.note_foreign(host)
            return Reply(status=403)
        location = parts._replace(scheme="https").geturl()
        return Reply(status=301, headers={"Location": location})

    async def _tunnel(
        self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host = head.target.rpartition(":")[0].strip("[]").lower()
        egress = head.headers.get(EGRESS_HEADER, "")
        if self.offline:
            reset(writer)
            return
        if not is_ours(host):
            self.site.journal.note_foreign(host)
            await send(reader, writer, head, Reply(status=403))
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await _start_tls(writer, self.authority.context(host))
        while (inner := await read_head(reader)) is not None:
            body = await reader.readexactly(inner.length)
            incoming = Incoming(
                inner.method, host, inner.target, inner.headers, body, egress
            )
            if not await self._serve(incoming, inner, reader, writer):
                return

    async def _serve(
        self,
        incoming: Incoming,
        head: Head,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        reply, request = await self.site.answer(incoming)
        try:
            return await send(reader, writer, head, reply, request)
        finally:
            self.site.journal.note()

    async def _control(self, order: _Order) -> Reply:
        status = 200
        try:
            if order["do"] == "wait":
                result: Any = await self._wait(order)
            else:
                result = self._orders[order["do"]](order)
        except (KeyError, TypeError, ValueError) as error:
            status, result = 400, repr(error)
        kind = {"Content-Type": "application/json"}
        return Reply(status=status, headers=kind, body=json.dumps(result).encode())

    def _add(self, order: _Order) -> None:
        self.site.add(Video.from_json(order["video"]))

    def _add_playlist(self, order: _Order) -> None:
        self.site.lists.add_playlist(Playlist.from_json(order["playlist"]))

    def _add_channel(self, order: _Order) -> None:
        self.site.lists.add_channel(Channel.from_json(order["channel"]))

    def _set_default(self, order: _Order) -> None:
        video = order["video"]
        self.site.default = None if video is None else Video.from_json(video)

    def _block(self, order: _Order) -> None:
        if order["egress"] is None:
            self.site.blocked = order["status"]
        else:
            self.site.blocked_egresses[order["egress"]] = order["status"]

    def _set_offline(self, order: _Order) -> None:
        self.offline = bool(order["value"])
        if self.offline:
            self.hang_up(spare=asyncio.current_task())

    def _fault(self, order: _Order) -> None:
        self.site.fault(order["video_id"], Fault.from_json(order["fault"]))

    def _reset(self, _: _Order) -> None:
        self.hang_up(spare=asyncio.current_task())
        self.offline = False
        self.site.reset()

    def _requests(self, order: _Order) -> list[dict[str, Any]]:
        found = self.site.journal.select(order["video_id"], order["kind"])
        return [request.as_json() for request in found]

    async def _wait(self, order: _Order) -> list[dict[str, Any]] | None:
        waiting = self.site.journal.wait(
            order["video_id"],
            order["kind"],
            finished=order["finished"],
            count=order["count"],
        )
        try:
            found = await asyncio.wait_for(waiting, order["timeout_s"])
        except TimeoutError:
            return None
        return [request.as_json() for request in found]


async def _start_tls(writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    """End TLS here, without buffers: what `drain` lets pass the kernel has taken.

    Only so does the journal tell what was sent, and not what was meant to be.
    """
    writer.transport.set_write_buffer_limits(high=0)
    await writer.start_tls(context)
    # asyncio's TLS layer toggles its pause at every write when this is 0.
    writer.transport.set_write_buffer_limits(high=1)

"""The record of what was asked for and what was sent."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.youtube.faults import SPOILING, Kind


@dataclass(slots=True, kw_only=True)
class Request:
    """One request, written down when it arrives and completed as it is answered."""

    kind: Kind
    video_id: str
    method: str
    host: str
    path: str
    #: The Range header as it came.
    range: str = ""
    #: The innertube client that asked the player API, e.g. "VISIONOS".
    client: str = ""
    itag: int = 0
    #: The page of a list, from 1.
    page: int = 0
    #: The Cookie header as it came.
    cookies: str = ""
    #: By which of the tests' proxies it came.
    egress: str = ""
    status: int = 0
    bytes_sent: int = 0
    #: All that this request asked for has left this process.
    finished: bool = False
    #: ... and it reached to the end of the file.
    to_end: bool = False
    #: The name of the fault that was applied.
    fault: str = ""
    time: float = field(default_factory=time.time)
    #: When the last byte of its answer had left; 0 before.
    answered_at: float = 0.0

    @property
    def is_fetch(self) -> bool:
        """Tell whether with this request the true media body was sent to its end."""
        return (
            self.kind == "media"
            and self.method == "GET"
            and self.finished
            and self.to_end
            and self.status in {200, 206}
            and self.fault not in SPOILING
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the control channel."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Request":
        """Rebuild what `as_json` gave."""
        return cls(**data)


class Journal:
    """All requests since the last reset, and a way to wait for one."""

    def __init__(self) -> None:
        """Begin empty."""
        self.requests: list[Request] = []
        self.foreign: dict[str, int] = {}
        self._changed = asyncio.Event()

    def clear(self) -> None:
        """Forget everything; requests still under way write into nothing."""
        self.requests = []
        self.foreign = {}
        self.note()

    def note(self) -> None:
        """Wake those who wait: something has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    def add(self, request: Request) -> None:
        """Write down a request that has arrived."""
        self.requests.append(request)
        self.note()

    def note_foreign(self, host: str) -> None:
        """Count a host that is not YouTube's."""
        self.foreign[host] = self.foreign.get(host, 0) + 1
        self.note()

    def select(
        self, video_id: str | None, kind: str | None, *, finished: bool = False
    ) -> list[Request]:
        """Return the requests that match, oldest first."""
        return [
            request
            for request in self.requests
            if (video_id is None or request.video_id == video_id)
            and (kind is None or request.kind == kind)
            and (request.finished or not finished)
        ]

    async def wait(
        self, video_id: str | None, kind: str | None, *, finished: bool, count: int
    ) -> list[Request]:
        """Return the matching requests as soon as there are `count` of them."""
        while True:
            found = self.select(video_id, kind, finished=finished)
            if len(found) >= count:
                return found
            await self._changed.wait()

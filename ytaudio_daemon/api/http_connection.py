"""uvicorn's HTTP connection, with deadlines and a limit on their number."""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ytaudio_daemon.api.connection_table import (
    ConnectionLimits,
    ConnectionTable,
    peer_of,
)
from ytaudio_daemon.api.problems import Problem

#: Seconds that a client has to send a request's head, and again for its body. They count
#: from the first byte to the last: a client that trickles gains nothing.
REQUEST_TIMEOUT_S = 10.0
#: Seconds in which a client must read some of a response that fills its buffers.
STALLED_READER_TIMEOUT_S = 60.0
#: h11's states of a client whose request is not whole.
HEAD_INCOMPLETE = h11.IDLE
REQUEST_INCOMPLETE = (h11.IDLE, h11.SEND_BODY)


class ConnectionConfig(uvicorn.Config):
    """uvicorn's configuration, with the connections of this server.

    Args:
        app: The application.
        limits: How many connections there may be.
        options: uvicorn's own.
    """

    def __init__(
        self, app: ASGIApp, *, limits: ConnectionLimits, **options: Any
    ) -> None:
        super().__init__(app, http=BoundedConnection, **options)
        self.connections = ConnectionTable(limits)


class BoundedConnection(H11Protocol):
    """One connection, which is closed when its request or response takes too long.

    Args:
        config: Has the table of all connections.
        options: uvicorn's own.
    """

    def __init__(self, config: ConnectionConfig, **options: Any) -> None:
        super().__init__(config, **options)
        self._table = config.connections
        self._request_timer = _Timer(self._end_incomplete_request)
        self._reader_timer = _Timer(self._abort)
        #: The client's state that the timer runs for: `h11.IDLE` (head), `h11.SEND_BODY`.
        self._timed_state: object = None

    def connection_made(self, transport: Any) -> None:
        """Refuse the connection when there are too many; else await its request."""
        super().connection_made(transport)
        peer = peer_of(self.client[0]) if self.client else ""
        admission = self._table.admit(self, peer)
        if not admission.is_admitted:
            self._refuse(_too_many_connections())
            return
        if isinstance(admission.evicted, BoundedConnection):
            admission.evicted.evict()
        self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers, and remove the connection from the table."""
        self._request_timer.cancel()
        self._reader_timer.cancel()
        self._table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse a part of a request, and await the rest of it until its deadline."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        """Await the next request; uvicorn closes the connection if none is begun."""
        super().on_response_complete()
        if self.conn.their_state is HEAD_INCOMPLETE and not self.conn.trailing_data[0]:
            self._request_timer.cancel()
            self._table.set_waiting(self, is_waiting=True)
        else:
            self._watch_request()

    def pause_writing(self) -> None:
        """Start the timer for a client that does not read its response."""
        super().pause_writing()
        self._reader_timer.start(STALLED_READER_TIMEOUT_S)

    def resume_writing(self) -> None:
        """Stop that timer: the client has read."""
        self._reader_timer.cancel()
        super().resume_writing()

    def evict(self) -> None:
        """Close the connection in favour of a new one."""
        self._refuse(_too_many_connections())

    def _watch_request(self) -> None:
        """Start the timer for the rest of the request; stop it if the request is whole."""
        state = self.conn.their_state
        is_waiting = state in REQUEST_INCOMPLETE and not self.transport.is_closing()
        self._table.set_waiting(self, is_waiting=is_waiting)
        if not is_waiting:
            self._request_timer.cancel()
        elif state is not self._timed_state or not self._request_timer.is_running:
            self._request_timer.start(REQUEST_TIMEOUT_S)
        self._timed_state = state

    def _end_incomplete_request(self) -> None:
        self._refuse(
            Problem(
                408,
                "request_timeout",
                f"The request was not complete after {REQUEST_TIMEOUT_S:.0f} s.",
                "Send head and body at once.",
            )
        )

    def _abort(self) -> None:
        self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Send a problem unless a response has begun, and close the connection."""
        if self.transport.is_closing():
            return
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            for event in _events_of(problem):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.close()


class _Timer:
    """Calls a function once, some time after it was started last.

    Args:
        call: The function.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether the call is still to come."""
        return self._handle is not None

    def start(self, seconds: float) -> None:
        """Call the function after that many seconds, in place of an earlier start."""
        self.cancel()
        self._handle = asyncio.get_running_loop().call_later(seconds, self._expire)

    def cancel(self) -> None:
        """Do not call the function."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expire(self) -> None:
        self._handle = None
        self._call()


def _too_many_connections() -> Problem:
    return Problem(
        503,
        "too_many_connections",
        "There are too many connections.",
        "Try again in a moment; use one connection for many requests.",
        headers={"Retry-After": "2"},
    )


def _events_of(problem: Problem) -> list[h11.Event]:
    """Return a problem as h11's events; the connection ends with it."""
    response = problem.response()
    headers = [*response.raw_headers, (b"connection", b"close")]
    return [
        h11.Response(status_code=problem.status, headers=headers),
        h11.Data(data=bytes(response.body)),
        h11.EndOfMessage(),
    ]

"""The messages between daemon, template and workers: one packet each.

All sockets are AF_UNIX SOCK_SEQPACKET pairs, so a message arrives whole or not at
all. To the template: `fork` (with the attempt's socket attached) and `kill`, each
with the attempt's ticket in front, so that the template never parses a request. All
others are small JSON objects with a `kind`.
"""

import json
import socket
import struct
from typing import Any

#: The longest outcome, in bytes; also of anything else but a request.
MAX_MESSAGE = 64 * 1024
#: The longest request: eight tags of 500 characters, twice, and paths; in bytes.
MAX_REQUEST = 128 * 1024

FORK = 1
KILL = 2
_ORDER = struct.Struct("!BQ")


class ProtocolError(Exception):
    """A packet is too long or not a message of this protocol."""


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return a socket pair: the daemon's end, non-blocking, and the other; both close at exec."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.settimeout(0)
    return near, far


def encode(kind: str, **fields: object) -> bytes:
    """Encode a message; lone surrogates (file names of any bytes) are kept."""
    return dump({"kind": kind, **fields})


def dump(data: object) -> bytes:
    """Encode a value as compact JSON in UTF-8."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def load(data: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ProtocolError: It is none.
    """
    try:
        value = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
    if not isinstance(value, dict):
        raise ProtocolError("not an object")
    return value


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """Receive one message; None at the end of file.

    If a peer dies before it has read all messages, its socket gives ECONNRESET once,
    before the messages it sent. That error is ignored; the end of file follows.

    Raises:
        BlockingIOError: Nothing is there.
        ProtocolError: It is too long or no message.
    """
    try:
        data = channel.recv(MAX_MESSAGE + 1)
    except ConnectionResetError:
        data = channel.recv(MAX_MESSAGE + 1)
    if len(data) > MAX_MESSAGE:
        raise ProtocolError("message too long")
    return load(data) if data else None


def encode_order(verb: int, ticket: int, payload: bytes = b"") -> bytes:
    """Encode an order to the template."""
    return _ORDER.pack(verb, ticket) + payload


def receive_order(control: socket.socket) -> tuple[int, int, bytes, list[int]] | None:
    """Receive an order: verb, ticket, payload and received sockets; None at the end of file.

    A payload too long arrives cut and is refused where it is parsed, in the worker.
    """
    size = _ORDER.size + MAX_REQUEST
    data, fds, _, _ = socket.recv_fds(control, size, 1, socket.MSG_CMSG_CLOEXEC)
    if not data:
        return None
    verb, ticket = _ORDER.unpack_from(data)
    return verb, ticket, data[_ORDER.size :], fds

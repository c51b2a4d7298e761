"""Serves the application with uvicorn, until a signal."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn

from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.errors import UsageError

#: Connections that the kernel holds until they are accepted.
BACKLOG = 2048
#: Seconds that responses still being sent have after a signal.
SHUTDOWN_TIMEOUT_S = 5
#: Bytes of a request's line and headers, at most.
MAX_HEADER_BYTES = 16 << 10
#: Names by which browsers reach a loopback address.
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Bind a listening socket to the address.

    Raises:
        UsageError: The address cannot be bound.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}",
            "Choose another with --host and --port.",
        ) from error
    # Connections inherit it. asyncio sets it only on sockets whose protocol is named,
    # and without it every response waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def base_url(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(context: ApiContext, listener: socket.socket, host: str) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        context: The resources of the routes.
        listener: The socket that `listen` returned.
        host: The host the user named; on loopback, requests for other names are refused.
    """
    hosts = LOOPBACK_NAMES | {host} if is_loopback(host) else None
    config = uvicorn.Config(
        create_app(context, hosts),
        log_config=None,
        access_log=False,  # addresses hold UUIDs, which work like passwords
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        http="h11",
    )
    server = uvicorn.Server(config)
    context.is_closing = lambda: server.should_exit
    with _ignore_reraised_signal():
        server.run(sockets=[listener])


@contextmanager
def _ignore_reraised_signal() -> Iterator[None]:
    """Ignore the signal that uvicorn raises again after its shutdown."""
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.signal(kind, lambda *_: None) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)

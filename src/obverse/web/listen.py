"""The listening socket, and the HTTP server on it: Granian, on the event loop of this process."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import time
from typing import Any, Protocol

from granian.constants import HTTPModes, Interfaces
from granian.net import SocketHolder  # type: ignore[attr-defined]  # as their own modules do
from granian.server.embed import Server

from obverse.collect.body import Receive, Scope, Send
from obverse.errors import ObverseError

_LOG = logging.getLogger(__name__)
BACKLOG = 1024
MAX_FILES = 65_536
DRAIN_S = 5.0
POLL_S = 0.05
FLUSH_S = 0.5


def allow_connections() -> None:
    """Let the process have as many connections as the system lets it: each is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class ListenError(ObverseError):
    """The address cannot be listened on."""

    code = "listen"


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket to an address; port 0 takes any free one.

    Raises:
        ListenError: the port is taken, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"host: {host!r} is no address of this machine ({error.strerror})") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not REUSEPORT: a taken port is an error
        bound.bind(address)
        bound.listen(BACKLOG)  # who comes before the server is ready waits
    except OSError as error:
        bound.close()
        raise ListenError(_why(host, port, error)) from error
    return bound


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program; stop that, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs rights that this user lacks; choose one from 1024 up"
    return f"cannot listen on {host} port {port}: {error.strerror}"


class Served(Protocol):
    """An ASGI app that can be brought to an end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

    def end_streams(self) -> None:
        """End the answers that would go on for ever."""

    def is_idle(self) -> bool:
        """Tell whether no request is being answered."""

    def abort(self) -> None:
        """Give up on the requests that are being answered."""


class _Door:
    """Leads to the app, until it is shut: Granian's threads may hold on to it until the process ends."""

    __slots__ = ("app",)  # and no __dict__, which Granian would copy

    def __init__(self, app: Served) -> None:
        self.app: Served | None = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)


class HttpServer(Server):
    """Serves an ASGI app on a socket that is bound already."""

    def __init__(self, app: Served, bound: socket.socket) -> None:
        host, port = bound.getsockname()[:2]
        self._door = _Door(app)
        super().__init__(
            self._door,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=8 * BACKLOG,
            log_enabled=False,
        )
        self._app = app
        self._bound = bound

    def _init_shared_socket(self) -> None:
        """Take our own socket: Granian's would share its port with any other process that asks."""
        self._ssp = None
        holder: Any = SocketHolder  # its stub lags behind
        self._shd = holder(self._bound.detach(), False, BACKLOG)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until told to stop; then take nothing new, and end what is being answered."""
        serving = asyncio.create_task(self.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if serving.done() and serving.exception() is not None:
            _LOG.error("the HTTP server failed", exc_info=serving.exception())
        self._app.end_streams()
        self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
        await self._drain(serving)
        self._door.app = None
        if not stop.is_set():
            raise ListenError("the HTTP server ended by itself; the log may say why")

    async def _drain(self, serving: asyncio.Task[None]) -> None:
        """Wait for the answers on their way, but not for a client that has sent half a request."""
        until = time.monotonic() + DRAIN_S
        while not self._app.is_idle() and time.monotonic() < until:
            await asyncio.wait({serving}, timeout=POLL_S)
        if not self._app.is_idle():
            _LOG.warning("requests that were not answered within %.0f s are given up", DRAIN_S)
            self._app.abort()
        await asyncio.wait({serving}, timeout=FLUSH_S)

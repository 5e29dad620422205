"""The listening socket, and the HTTP server on it: Granian, on the event loop of this process."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]  # as their own modules do
from granian.server.embed import Server

from obverse.errors import ObverseError

_LOG = logging.getLogger(__name__)
BACKLOG = 1024
DRAIN_S = 10.0
POLL_S = 0.05
FLUSH_S = 0.25
HEAD_MS = 10_000


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


class HttpServer(Server):
    """Serves an ASGI app on a socket that is bound already."""

    def __init__(self, app: Any, bound: socket.socket) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(
            app,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEAD_MS),
            websockets=False,
            backlog=BACKLOG,
            backpressure=8 * BACKLOG,
            log_enabled=False,
        )
        self._bound = bound

    def _init_shared_socket(self) -> None:
        """Take our own socket: Granian's would share its port with any other process that asks."""
        self._ssp = None
        holder: Any = SocketHolder  # its stub lags behind
        self._shd = holder(self._bound.detach(), False, BACKLOG)

    async def run(
        self, stop: asyncio.Event, at_stop: Callable[[], None], is_idle: Callable[[], bool]
    ) -> None:
        """Serve until told to stop; then take nothing new and end what is being answered.

        Args:
            stop: tells it.
            at_stop: is called then, to end answers that would go on for ever.
            is_idle: tells whether no request is being answered: for clients that have sent half a head, or
                that will not take their answer, nothing waits.
        """
        serving = asyncio.create_task(self.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        at_stop()
        self.signal_handler_interrupt()  # type: ignore[no-untyped-call]
        until, flushed = time.monotonic() + DRAIN_S, False
        while not serving.done() and not flushed and time.monotonic() < until:
            flushed = is_idle()
            await asyncio.wait({serving}, timeout=FLUSH_S if flushed else POLL_S)
        if not serving.done() and not is_idle():
            _LOG.warning("some clients did not take their answers within %.0f s", DRAIN_S)
        if not stop.is_set():
            raise ListenError("the HTTP server ended by itself; the log may say why")

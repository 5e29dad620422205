"""Serving a data folder: one process that takes events in, answers questions and shows pages."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import uvloop

from obverse.errors import ObverseError
from obverse.folder import Folder
from obverse.settings.store import Settings
from obverse.web.listen import HttpServer, allow_connections, bind
from obverse.web.log import start_log
from obverse.web.memory import forget_starting, keep_giving_back, limit_heaps
from obverse.web.site import Site

if TYPE_CHECKING:
    from obverse.web.parts import Parts

_LOG = logging.getLogger(__name__)


class ExposedError(ObverseError):
    """Others could reach the server, and no password is set."""

    code = "exposed"


def serve(
    folder: Folder,
    host: str = "127.0.0.1",
    port: int = 8040,
    *,
    new_inbox: bool = False,
    before_greeting: Callable[[Site, Settings], None] | None = None,
) -> None:
    """Serve a data folder until SIGINT or SIGTERM; then bring what was accepted into the lake and return.

    Args:
        folder: the data folder; this process alone may write to it.
        host: address to listen on; one that others can reach needs a password set.
        port: port to listen on; 0 takes any free one.
        new_inbox: begin a new inbox, the one that is there set aside.
        before_greeting: runs in a thread as soon as requests are answered, before the address is printed;
            what it raises ends the server.

    Raises:
        DataError: the folder is in use, damaged, or of a newer version.
        ExposedError: others could reach the server, and no password is set.
        ListenError: the address is taken or is not this machine's.
    """
    limit_heaps()
    allow_connections()
    start_log()
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(folder.lock())
        settings = stack.enter_context(Settings.open(folder.settings))
        values = settings.values()
        _check_exposed(Site(host, port, values.public_url), settings)
        bound = stack.enter_context(closing(bind(host, port)))
        port = bound.getsockname()[1]
        site = Site(host, port, values.public_url, values.trusted_proxies)

        from obverse.web.parts import Parts  # what is slow to import comes after what may be refused at once

        forget_starting()
        parts = Parts(folder, settings, new_inbox)
        stack.callback(parts.close)
        uvloop.run(_run(parts, site, bound, began, before_greeting))
        _LOG.info("stopping: bringing the last events into the lake")
    _LOG.info("stopped")


def _check_exposed(site: Site, settings: Settings) -> None:
    if site.exposed and not settings.access.has_password():
        raise ExposedError(
            f"others could reach {site.address if site.public_url else site.host}, and no password is set; "
            "set one first with `obverse password`, or serve on 127.0.0.1"
        )


async def _run(
    parts: Parts,
    site: Site,
    bound: socket.socket,
    began: float,
    before_greeting: Callable[[Site, Settings], None] | None,
) -> None:
    from obverse.web.app import App

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    parts.start()
    app = App(parts.collect, parts.state(site))
    serving = asyncio.create_task(HttpServer(app, bound).run(stop))
    tidying = asyncio.create_task(keep_giving_back())
    _LOG.info("ready after %.1f s at %s", time.monotonic() - began, site.address)
    try:
        if before_greeting is not None:
            await asyncio.to_thread(before_greeting, site, parts.settings)
        if not stop.is_set():
            _greet(site, parts.settings)
        await serving
    finally:
        tidying.cancel()
        stop.set()
        await asyncio.gather(serving, return_exceptions=True)


def _greet(site: Site, settings: Settings) -> None:
    """Print where the server is and how to log in.

    The link goes to a terminal, or to wherever while there is no password: not into the logs of a server that
    has one.
    """
    lines = [f"Obverse is at {site.address}"]
    if sys.stdout.isatty() or not settings.access.has_password():
        lines.append(
            f"Log in (this link works once): {site.address}/login?token={settings.access.create_link()}"
        )
    else:
        lines.append("Log in with your password.")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()

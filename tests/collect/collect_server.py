"""A server of collect alone, as a process of its own: Granian, the app, an inbox.

python collect_server.py INBOX [LIMITS-JSON [INBOX-BYTES]] [--discard | --decode] prints its port and
serves until its standard input ends. `--discard` judges the same bodies and stores nothing; `--decode`
only decodes them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server

from obverse.collect import asgi
from obverse.collect.asgi import Collect
from obverse.collect.batch import Batch
from obverse.collect.inbox import Inbox
from obverse.collect.limits import Limits
from obverse.collect.source import Source
from obverse.collect.wire import Envelope

KEYS = {"web-key": Source("shop"), "store-key": Source("till", touchpoint="store")}


class Discard:
    """Stores nothing: what a server that only decodes does."""

    async def put(self, batch: Batch) -> None:
        """Keep nothing."""

    def note(self, batch: Batch) -> None:
        """Count nothing."""


def _as_sent(envelope: Envelope, source: Source, received_at: int, *_: object) -> Batch:
    events: Any = envelope.calls
    return Batch(source=source.name, received_at=received_at, events=events, refused=envelope.refused)


def main() -> None:
    path, *rest = sys.argv[1:]
    options = [one for one in rest if one.startswith("--")]
    given = [one for one in rest if not one.startswith("--")]
    limits = msgspec.convert(json.loads(given[0]), Limits) if given else Limits()
    logging.disable(logging.INFO)
    max_bytes = int(given[1]) if len(given) > 1 else 1 << 30
    inbox: Any = Discard() if options else Inbox.open(Path(path), max_bytes=max_bytes)
    if "--decode" in options:
        setattr(asgi, "judge", _as_sent)  # noqa: B010 - only here, for the comparison
    app = Collect(inbox, KEYS.get, limits)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asyncio.run(_serve(app, port))
    if not options:
        inbox.close()


async def _serve(app: Collect, port: int) -> None:
    async def entry(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)

    server = Server(entry, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    loop = asyncio.get_running_loop()

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(server.stop)

    threading.Thread(target=wait_for_end, daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.serve()


if __name__ == "__main__":
    main()

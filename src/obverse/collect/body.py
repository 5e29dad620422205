"""Body: reading a request's body within its limits of size and time, and undoing its compression."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from obverse.collect.limits import Limits
from obverse.collect.refusal import Refusal, RefusedError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DRAIN = 16
"""A body over its limit is still read to its end, and thrown away, up to this many times the limit: a client
that is cut off while it sends does not see why."""
_GZIP = b"\x1f\x8b"


class Disconnect(Exception):  # noqa: N818 - an event, not an error
    """The client went away before its request was complete."""


class Room:
    """What all requests together hold in memory."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.n_requests = 0
        self.n_bytes = 0

    def check(self) -> None:
        """Refuse where there is too much already.

        Raises:
            RefusedError: with status 429.
        """
        limits = self._limits
        if self.n_requests > limits.max_requests or self.n_bytes > limits.max_memory_bytes:
            raise RefusedError(
                Refusal.BUSY,
                f"server: {self.n_requests} requests with {self.n_bytes} bytes are under way; send it later",
                status=429,
                retry_after_s=limits.retry_after_s,
            )


class Place:
    """One request's share of the room; a context manager that gives it back."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._n_bytes = 0

    def __enter__(self) -> Place:
        self._room.n_requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._room.n_requests -= 1
        self._room.n_bytes -= self._n_bytes

    def take(self, n_bytes: int) -> None:
        """Hold more bytes.

        Raises:
            RefusedError: there is no room for them.
        """
        self._n_bytes += n_bytes
        self._room.n_bytes += n_bytes
        self._room.check()


async def read_body(receive: Receive, declared: int | None, limits: Limits, place: Place) -> bytes:
    """Read a request's body.

    Args:
        receive: of ASGI.
        declared: the request's Content-Length, where it has one.
        limits: of size and time.
        place: holds it.

    Raises:
        RefusedError: it is too large or too slow, or there is no room.
        Disconnect: the client went away.
    """
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            chunks, n_bytes = await _read(receive, declared, limits.max_batch_bytes, place)
            if n_bytes > limits.max_batch_bytes:
                await _drain(receive, declared, n_bytes, limits.max_batch_bytes * _DRAIN)
                raise RefusedError(
                    Refusal.BODY_TOO_LARGE,
                    f"body: {declared or n_bytes} bytes, the limit is {limits.max_batch_bytes}",
                )
    except TimeoutError:
        raise RefusedError(
            Refusal.BODY_TOO_SLOW, f"body: not there in full within {limits.body_timeout_s:g} s"
        ) from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _read(receive: Receive, declared: int | None, limit: int, place: Place) -> tuple[list[bytes], int]:
    chunks: list[bytes] = []
    n_bytes = 0
    while n_bytes <= limit:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnect
        chunk = message.get("body", b"")
        n_bytes += len(chunk)
        if n_bytes <= limit:
            chunks.append(chunk)
            place.take(len(chunk))
        if not message.get("more_body", False) or n_bytes == declared:
            break
    return chunks, n_bytes


async def _drain(receive: Receive, declared: int | None, n_bytes: int, limit: int) -> None:
    while n_bytes < limit and n_bytes != declared:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo a body's compression, and stop at the limit. A gzip body is known by its first bytes too.

    Raises:
        RefusedError: it is not what it says, or gives more than `limit` bytes.
    """
    if body[:2] == _GZIP:
        return _inflate(body, zlib.MAX_WBITS | 16, limit)
    if encoding in ("", "identity", "gzip", "x-gzip"):  # some proxies inflate and leave the header
        return body
    if encoding == "deflate":
        return _inflate(body, zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS, limit)
    raise RefusedError(
        Refusal.UNKNOWN_ENCODING, f"Content-Encoding: {encoding[:40]!r} is not gzip or deflate"
    )


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit
    try:
        while body:
            stream = zlib.decompressobj(wbits)
            part = stream.decompress(body, room + 1)
            room -= len(part)
            if room < 0:
                raise RefusedError(
                    Refusal.BODY_TOO_LARGE, f"body: over {limit} bytes decompressed, the limit"
                )
            if not stream.eof:
                raise RefusedError(Refusal.BAD_ENCODING, "body: its compressed data ends too early")
            parts.append(part)
            body = stream.unused_data  # a gzip body may have several members
    except zlib.error as error:
        raise RefusedError(Refusal.BAD_ENCODING, f"body: {error}") from None
    return b"".join(parts)

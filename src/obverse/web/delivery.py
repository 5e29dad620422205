"""What every answer of a page or the API gets on its way out: security headers, an ETag, gzip.

Plain ASGI around the app. Only answers that come in one piece are touched; a stream passes as it is.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any, cast

from litestar.datastructures import MutableScopeHeaders

from obverse.collect.body import Message, Receive, Scope, Send

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "frame-src 'self'",
        "base-uri 'none'",
    )
)
SECURITY = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_ZIPPED_TYPES = ("text/", "application/json", "application/problem+json", "image/svg+xml")
_WORTH_ZIPPING = 1024


class Delivery:
    """Finishes the answers of an ASGI app."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            if held and message["type"] == "http.response.body":
                start = held.pop()
                headers = MutableScopeHeaders(cast("Any", start))
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
                if not message.get("more_body"):
                    _finish_whole(scope["method"], asked, start, headers, message)
                await send(start)
            await send(message)

        await self._app(scope, receive, finish)


def _finish_whole(
    method: str,
    asked: dict[bytes, str],
    start: Message,
    headers: MutableScopeHeaders,
    message: Message,
) -> None:
    """Name and shrink the body of an answer that is complete."""
    body: bytes = message.get("body", b"")
    kind = headers.get("content-type", "")
    if not body or "content-encoding" in headers or not kind.startswith(_ZIPPED_TYPES):
        return
    headers.extend_header_value("vary", "accept-encoding")
    nameable = "etag" not in headers and headers["cache-control"] != "no-store"
    if method == "GET" and start["status"] == 200 and nameable:
        headers["etag"] = f'W/"{blake2b(body, digest_size=10).hexdigest()}"'
        if matches(asked.get(b"if-none-match", ""), headers["etag"]):
            start["status"], message["body"] = 304, b""
            del headers["content-length"]
            return
    if len(body) >= _WORTH_ZIPPING and accepts_gzip(asked.get(b"accept-encoding", "")):
        message["body"] = gzip.compress(body, 5, mtime=0)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(message["body"]))


def matches(given: str, etag: str) -> bool:
    """Tell whether an If-None-Match names an ETag, weakly compared as its rule is."""
    return etag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in given.split(",")}


def accepts_gzip(given: str) -> bool:
    """Tell whether an Accept-Encoding takes gzip.

    >>> [accepts_gzip(text) for text in ("gzip, br", "br;q=1.0, gzip;q=0", "")]
    [True, False, False]
    """
    for one in given.split(","):
        name, _, rest = one.partition(";")
        if name.strip().lower() in {"gzip", "*"}:
            return rest.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False

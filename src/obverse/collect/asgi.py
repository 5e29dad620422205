"""Collect: the ASGI app of the ingest routes.

Segment's HTTP tracking API, and PostHog's (`posthog_routes`): their unchanged clients work against them. A
request's steps: path, write key, body, decompression, decoding, judging (`segment`), keeping (`inbox`),
reply.
"""

from __future__ import annotations

import logging
import re
import time
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec

from obverse.collect import posthog, posthog_routes
from obverse.collect.batch import Batch
from obverse.collect.body import Disconnect, Place, Receive, Room, Scope, Send, decompress, read_body
from obverse.collect.limits import Limits
from obverse.collect.posthog_routes import Route
from obverse.collect.posthog_surveys import NoSurveys, Surveys
from obverse.collect.privacy import Privacy
from obverse.collect.refusal import Refusal, Refused, RefusedError, excerpt
from obverse.collect.reply import Reply, accepted, failed, json_reply, preflight, wrong_method
from obverse.collect.reserved import Reserved
from obverse.collect.segment import CALLS, NOTHING_RESERVED, judge
from obverse.collect.source import Source, SourceOf
from obverse.collect.wire import Envelope, decode
from obverse.errors import BusyError, DataError, ObverseError

log = logging.getLogger("obverse.collect")

_BATCH = ("batch", "import", "b")
_TELEMETRY = ("/m", "/v1/m")
# Browser clients send each call to the first letter of its type.
_PATHS: dict[str, str | None] = {
    **{f"/v1/{call}": call for call in CALLS},
    **{f"/v1/{call[0]}": call for call in CALLS},
    **{f"/v1/{name}": None for name in _BATCH},
    "/b": None,
}
_SETTINGS = re.compile(r"(?:/v1)?/projects/([^/]+)/settings")


class Keeper(Protocol):
    """What keeps batches: an `obverse.collect.inbox.Inbox`."""

    async def put(self, batch: Batch) -> None:
        """Return once the batch is synced to disk; its events may be taken out of it meanwhile."""

    def note(self, batch: Batch) -> None:
        """Count a batch that has no event to keep."""


class Collect:
    """The ASGI app of the ingest routes; what the server itself answers is in `matches`.

    Args:
        inbox: keeps what is accepted.
        source_of: gives the source of a write key.
        limits: what requests may take.
        privacy: what is not kept.
        clock: gives the time, µs since 1970 UTC.
        address: of this server, as clients reach it; None to take it from each request.
        reserved: events that only the server itself may write.
        surveys: this server's own, for PostHog's client to ask.
    """

    def __init__(
        self,
        inbox: Keeper,
        source_of: SourceOf,
        limits: Limits | None = None,
        privacy: Privacy | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        address: str | None = None,
        reserved: Reserved = NOTHING_RESERVED,
        surveys: Surveys | None = None,
    ) -> None:
        self._inbox = inbox
        self._source_of = source_of
        self._limits = limits or Limits()
        self._privacy = privacy or Privacy()
        self._clock = clock
        self._address = address
        self._reserved = reserved
        self._surveys = surveys or NoSurveys()
        self._room = Room(self._limits)

    @staticmethod
    def matches(method: str, path: str) -> bool:
        """Tell whether a request is for this app: by its path, as a wrong method gets its answer here too.

        >>> Collect.matches("POST", "/v1/track"), Collect.matches("GET", "/v1/people")
        (True, False)
        """
        ours = path in _PATHS or path in _TELEMETRY or _SETTINGS.fullmatch(path) is not None
        return ours or posthog_routes.matches(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            reply = await self._answer(scope, headers, receive)
        except Disconnect:
            return
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            reply = failed(ObverseError("internal error; it was logged, and nothing was kept"))
        length = (b"content-length", str(len(reply.body)).encode())
        await send(
            {"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]}
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Reply:
        method, path = scope["method"], scope["path"]
        if method == "POST" and path in _PATHS:
            return await self._ingest(partial(_decode, _PATHS[path]), headers, receive)
        if method == "OPTIONS":
            return preflight(headers.get(b"access-control-request-headers", b""))
        if method == "POST" and path in _TELEMETRY:
            return await self._telemetry(headers, receive)
        found = _SETTINGS.fullmatch(path)
        if found is not None:
            return self._settings(scope, headers, found[1]) if method == "GET" else wrong_method(b"GET")
        route = posthog_routes.route(path, scope.get("query_string", b""))
        if route is None:
            return wrong_method(b"POST")
        if route.keyed and method != route.method:
            return wrong_method(route.method.encode())
        return await self._posthog(route, headers, receive)

    async def _posthog(self, route: Route, headers: dict[bytes, bytes], receive: Receive) -> Reply:
        """Answer one of PostHog's clients."""
        if route.answer is None:
            decode = partial(_decode_posthog, route, self._surveys)
            return await self._ingest(decode, headers, receive, posthog_routes.failure)
        if not route.keyed:
            return route.answer("", [])
        key = route.key
        try:
            if key is None and route.method == "POST":
                with Place(self._room) as place:
                    body = await self._body(headers, receive, place)
                    key = posthog.key_in(body)
            self._source(key)
        except RefusedError as error:
            return posthog_routes.failure(error)
        return route.answer(key or "", self._surveys.told())

    async def _body(self, headers: dict[bytes, bytes], receive: Receive, place: Place) -> bytes:
        """Read a request's body and undo its compression."""
        place.take(0)
        body = await read_body(receive, _length(headers), self._limits, place)
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        return decompress(body, encoding, self._limits.max_batch_bytes)

    async def _ingest(
        self,
        decode: Callable[[bytes, int], Envelope],
        headers: dict[bytes, bytes],
        receive: Receive,
        fail: Callable[[ObverseError], Reply] = failed,
    ) -> Reply:
        """Take one call, or a batch of them."""
        received_at = self._clock()
        source: Source | None = None
        body = b""
        try:
            with Place(self._room) as place:
                place.take(0)
                body = await read_body(receive, _length(headers), self._limits, place)
                key = _basic_key(headers.get(b"authorization", b""))
                source = self._source(key) if key else None
                encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
                body = decompress(body, encoding, self._limits.max_batch_bytes)
                envelope = decode(body, received_at)
                source = source or self._source(envelope.write_key)
                batch = judge(envelope, source, received_at, self._limits, self._privacy, self._reserved)
                del envelope  # not held while the batch waits for its commit
                body = b""
                n_accepted = len(batch.events)
                if n_accepted:
                    await self._inbox.put(batch)
                elif batch.refused:
                    self._inbox.note(batch)
                return accepted(n_accepted, batch.refused)
        except RefusedError as error:  # raised before the batch was put
            self._count(error.reason, error.detail, source, received_at, body)
            return fail(error)
        except BusyError as error:
            self._count(Refusal.BUSY, str(error), source, received_at, b"")
            return fail(error)
        except DataError:
            log.exception("the inbox cannot keep events")
            return fail(
                BusyError("server: cannot keep events just now; send it later", self._limits.retry_after_s)
            )

    def _place(self, scope: Scope, headers: dict[bytes, bytes]) -> dict[str, str]:
        """Tell a client where to send: as the operator names this server, else as a browser reached it.

        Apps know where they send, and what a proxy made of the host would lead them astray.
        """
        origin = headers.get(b"origin", b"")
        if self._address:
            protocol, _, host = self._address.partition("://")
        elif origin or b"sec-fetch-site" in headers:
            host = headers.get(b"host", b"").decode("latin-1")
            protocol = "https" if origin.startswith(b"https:") else scope.get("scheme", "http")
        else:
            return {}
        return {"apiHost": f"{host}/v1", "protocol": protocol}

    def _source(self, key: str | None) -> Source:
        if not key:
            raise RefusedError(Refusal.NO_KEY, "writeKey: neither by Basic auth nor in the body")
        source = self._source_of(key)
        if source is None:
            raise RefusedError(
                Refusal.UNKNOWN_KEY, f"writeKey: no source has the key that starts with {key[:4]!r}"
            )
        return source

    def _count(
        self, reason: Refusal, detail: str, source: Source | None, received_at: int, body: bytes
    ) -> None:
        refused = Refused(reason=reason, detail=detail.replace("\x00", "\ufffd"), excerpt=excerpt(body))
        name = source.name if source else ""
        self._inbox.note(Batch(source=name, received_at=received_at, refused=[refused]))

    async def _telemetry(self, headers: dict[bytes, bytes], receive: Receive) -> Reply:
        """Take what client libraries say about themselves, which nobody needs."""
        try:
            with Place(self._room) as place:
                place.take(0)
                await read_body(receive, _length(headers), self._limits, place)
        except RefusedError as error:
            return failed(error)
        return json_reply(b'{"success":true}')

    def _settings(self, scope: Scope, headers: dict[bytes, bytes], key: str) -> Reply:
        """Give the settings that mobile and browser clients ask for before they send, with where to send."""
        if self._source_of(key) is None:
            return failed(RefusedError(Refusal.UNKNOWN_KEY, "writeKey: no source has this key", status=404))
        own = {"apiKey": key, **self._place(scope, headers), "unbundledIntegrations": []}
        return json_reply(
            msgspec.json.encode(
                {
                    "integrations": {"Segment.io": own},
                    "plan": {"track": {}, "identify": {}, "group": {}},
                    "edgeFunction": {},
                    "metrics": {"sampleRate": 0},
                }
            )
        )


def _decode(call: str | None, body: bytes, _: int) -> Envelope:
    return decode(body, call)


def _decode_posthog(route: Route, surveys: Surveys, body: bytes, received_at: int) -> Envelope:
    return posthog.decode(body, received_at, route.key, route.event, surveys)


def _length(headers: dict[bytes, bytes]) -> int | None:
    value = headers.get(b"content-length", b"")
    return int(value) if value.isdigit() else None


def _basic_key(authorization: bytes) -> str | None:
    """Give the write key of Basic auth: the user name. None where there is none, or another scheme."""
    scheme, _, value = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        return b64decode(value.strip()).partition(b":")[0].decode("utf-8") or None
    except ValueError:
        return None

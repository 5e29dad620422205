"""The public routes of surveys, as plain ASGI before the pages: nothing here asks who is signed in.

Below the client's path: ``surveys/live.json`` and ``surveys/offer``, by which a browser learns what to ask
when (`Asking`), ``surveys/answer`` and ``surveys/event``, which take what came of it, and
``surveys/card.css``. A survey's own page is at ``/s/ID``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol
from urllib.parse import parse_qs

import msgspec

from obverse.collect.body import Disconnect, Place, Receive, Room, Scope, Send, decompress, read_body
from obverse.collect.limits import Limits
from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.reply import Reply, preflight
from obverse.errors import NotFoundError, ObverseError
from obverse.surveys.checking import Fields
from obverse.surveys.sheet import first
from obverse.surveys.style import Kind
from obverse.web.delivery import accepts_gzip
from obverse.web.surveys import replies
from obverse.web.surveys.hosted import PATH, Asked, Hosted
from obverse.web.surveys.taking import Taking, shown_as

_MAX_FIELDS = 5000
Headers = Mapping[bytes, bytes]


class Asking(Protocol):
    """What decides whom to ask."""

    async def live(self, query: Fields, headers: Headers) -> Reply:
        """Answer which moments to watch for."""

    async def offer(self, body: bytes, headers: Headers) -> Reply:
        """Answer whether to ask now."""


class _Happened(msgspec.Struct, frozen=True):
    """What a widget says on the side."""

    ticket: str
    kind: Literal["shown", "started", "dismissed", "abandoned"]
    question: str | None = None
    seconds: float | None = None


_happened = msgspec.json.Decoder(_Happened)


class SurveyRoutes:
    """Answers the public routes of surveys.

    Args:
        taking: takes answers.
        sdk_path: below which the client is, such as ``/obverse``.
        limits: of requests.
        asking: decides whom to ask; without, nobody is.
    """

    def __init__(self, taking: Taking, sdk_path: str, limits: Limits, asking: Asking | None = None) -> None:
        self._taking = taking
        self._below = f"{sdk_path}/surveys/"
        self._sdk_path = sdk_path
        self._limits = limits
        self._room = Room(limits)
        self._asking = asking
        self._hosted = Hosted(taking, sdk_path)

    def matches(self, path: str) -> bool:
        """Tell whether a request is for these routes."""
        return path.startswith((self._below, PATH))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that `matches`."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path = scope["path"]
        try:
            with Place(self._room) as place:
                if path.startswith(PATH):
                    reply = await self._page(scope, headers, receive, place)
                else:
                    reply = await self._widget(scope, headers, receive, place)
        except Disconnect:
            return
        except Exception as error:  # which `refused` logs where nobody foresaw it
            reply = replies.refused(error, path)
        length = (b"content-length", str(len(reply.body)).encode())
        await send(
            {"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]}
        )
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})

    async def _widget(self, scope: Scope, headers: Headers, receive: Receive, place: Place) -> Reply:
        name, method = scope["path"].removeprefix(self._below), scope["method"]
        query = _query(scope)
        if method == "OPTIONS":
            return preflight(headers.get(b"access-control-request-headers", b""))
        if name in ("form.css", "card.css") and method in ("GET", "HEAD"):
            etag = headers.get(b"if-none-match", b"").decode("latin-1")
            zipped = accepts_gzip(headers.get(b"accept-encoding", b"").decode("latin-1"))
            kind: Kind = "card" if name == "card.css" else "page"
            return replies.style(kind, first(query, "accent"), etag, zipped)
        if name == "live.json" and method in ("GET", "HEAD") and self._asking is not None:
            return await self._asking.live(query, headers)
        if name in ("offer", "answer", "event") and method == "POST":
            body = await self._body(headers, receive, place)
            if name == "offer" and self._asking is not None:
                return await self._asking.offer(body, headers)
            if name == "event":
                return await self._event(body)
            if name == "answer":
                return await self._answer(scope["path"], body, headers)
        raise NotFoundError(f"nothing is at {method} {scope['path']}")

    async def _answer(self, path: str, body: bytes, headers: Headers) -> Reply:
        if b"application/json" in headers.get(b"accept", b""):
            step = await self._taking.answer(_form(body), path)
            return replies.json(shown_as(step), 422 if step.sheet.error else 200)
        return await self._hosted.answer(Asked("", path, _form(body), headers))

    async def _event(self, body: bytes) -> Reply:
        try:
            told = _happened.decode(body)
        except msgspec.DecodeError as error:
            raise RefusedError(Refusal.BAD_JSON, f"body: {error}") from None
        ticket, survey = await self._taking.open(told.ticket)
        question = told.question if told.question in {one.id for one in survey.questions} else None
        seconds = told.seconds if told.seconds is not None and told.seconds >= 0 else None
        await self._taking.note(ticket, survey, told.kind, question, seconds)
        return Reply(204, b"", replies.OPEN)

    async def _page(self, scope: Scope, headers: Headers, receive: Receive, place: Place) -> Reply:
        method, path = scope["method"], scope["path"]
        asked = Asked(path.removeprefix(PATH), path, _query(scope), headers, method == "GET")
        if method in ("GET", "HEAD"):
            return await self._hosted.show(asked)
        if method != "POST":
            return Reply(405, b"", [(b"allow", b"GET, HEAD, POST")])
        try:
            body = await self._body(headers, receive, place)
            asked = Asked(asked.key, path, _form(body), headers)
        except ObverseError as error:
            return self._hosted.failed(error, None, asked)
        return await self._hosted.answer(asked)

    async def _body(self, headers: Headers, receive: Receive, place: Place) -> bytes:
        place.take(0)
        length = headers.get(b"content-length", b"")
        body = await read_body(receive, int(length) if length.isdigit() else None, self._limits, place)
        encoding = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower()
        return decompress(body, encoding, self._limits.max_batch_bytes)


def _form(body: bytes) -> Fields:
    """Read the fields of a form.

    Raises:
        RefusedError: there are too many.
    """
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise RefusedError(Refusal.BAD_BODY, f"body: over {_MAX_FIELDS} fields") from None


def _query(scope: Scope) -> Fields:
    return _form(bytes(scope.get("query_string", b"")))

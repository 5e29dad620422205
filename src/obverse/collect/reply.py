"""Reply: what a client is told: how many events were kept, and each that was not, with its reason.

Segment's own API says ``{"success": true}``; its clients look at the status, and on an error at ``code`` and
``message``. Obverse says those and more.
"""

from __future__ import annotations

import msgspec

from obverse.collect.refusal import Refused, RefusedError
from obverse.errors import BusyError, ObverseError

Headers = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_OPEN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after, x-ratelimit-reset"),
]


class _Told(msgspec.Struct, omit_defaults=True):
    index: int | None
    message_id: str | None
    reason: str
    detail: str


class _Body(msgspec.Struct, omit_defaults=True):
    success: bool
    accepted: int
    refused: list[_Told]
    code: str = ""
    message: str = ""


class Reply(msgspec.Struct, frozen=True):
    """A response of HTTP."""

    status: int
    body: bytes
    headers: Headers


def json_reply(body: bytes) -> Reply:
    """Answer 200 with a JSON body."""
    return Reply(200, body, [_JSON, *_OPEN])


def script_reply(text: str) -> Reply:
    """Answer 200 with a script."""
    headers = [(b"content-type", b"text/javascript; charset=utf-8"), (b"cache-control", b"no-cache"), *_OPEN]
    return Reply(200, text.encode(), headers)


def refused_reply(status: int, message: str, code: str = "not_found") -> Reply:
    """Answer in words why there is nothing; nothing is counted."""
    return Reply(status, msgspec.json.encode(_Body(False, 0, [], code, message)), [_JSON, *_OPEN])


def accepted(n_events: int, refused: list[Refused]) -> Reply:
    """Answer a request that was understood: 200 where anything was kept, or nothing was sent; else 400."""
    if not refused:
        return json_reply(b'{"success":true,"accepted":%d,"refused":[]}' % n_events)
    told = [_Told(one.index, one.message_id, one.reason, one.detail) for one in refused]
    if n_events:
        return json_reply(msgspec.json.encode(_Body(True, n_events, told)))
    first = refused[0]
    body = _Body(False, 0, told, first.reason, first.detail)
    return Reply(first.reason.status, msgspec.json.encode(body), [_JSON, *_OPEN])


def failed(error: ObverseError) -> Reply:
    """Answer a request that came to nothing as a whole."""
    told: list[_Told] = []
    wait_s = error.retry_after_s if isinstance(error, BusyError | RefusedError) else 0
    if isinstance(error, RefusedError):
        told = [_Told(None, None, error.reason, error.detail)]
    headers = [_JSON, *_OPEN]
    if wait_s:
        wait = str(wait_s).encode()
        headers += [(b"retry-after", wait), (b"x-ratelimit-reset", wait)]
    if error.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="write key"'))
    body = _Body(False, 0, told, error.code, str(error))
    return Reply(error.status, msgspec.json.encode(body), headers)


def preflight(asked: bytes) -> Reply:
    """Answer a browser that asks whether any page may send; `asked` are the headers that it wants to."""
    headers = [
        *_OPEN,
        (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
        (b"access-control-allow-headers", asked[:1000] or b"authorization, content-type, content-encoding"),
        (b"access-control-max-age", b"86400"),
    ]
    return Reply(204, b"", headers)


def wrong_method(allowed: bytes) -> Reply:
    """Answer a method that the path does not have."""
    body = b'{"success":false,"code":"method_not_allowed","message":"use %s"}' % allowed
    return Reply(405, body, [_JSON, *_OPEN, (b"allow", allowed)])

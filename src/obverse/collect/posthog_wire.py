"""PostHog's wire: bodies of its capture endpoints, opened and taken apart event by event.

A body is JSON, plain, packed with gzip, or in base64 in the form field ``data``; in it are one event, an
array of them, or an object with the array ``batch``. Its clients do not agree on more than that.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from obverse.collect.refusal import Refusal, Refused, RefusedError, excerpt
from obverse.collect.wire import NOTHING, Text, mend

_FORM = re.compile(rb"(?:\w+=[^&]{0,100}&){0,5}data=")


class Captured(msgspec.Struct, kw_only=True):
    """One event as a client sends it. What its fields hold is looked at later: clients send anything."""

    event: Any = None
    distinct_id: Any = None
    person: Any = msgspec.field(default=None, name="$distinct_id")
    uuid: Any = None
    timestamp: Any = None
    offset: Any = None
    sent_at: Any = None
    properties: Raw = NOTHING
    set: Raw = msgspec.field(default=NOTHING, name="$set")
    set_once: Raw = msgspec.field(default=NOTHING, name="$set_once")
    api_key: Any = None
    token: Any = None
    legacy_token: Any = msgspec.field(default=None, name="$token")


class _Sent(msgspec.Struct, kw_only=True):
    batch: list[Raw] | None = None
    api_key: Any = None
    token: Any = None
    sent_at: Any = None


class Posted(msgspec.Struct, kw_only=True):
    """A body taken apart.

    Attributes:
        events: those that could be read, with their positions.
        refused: those that could not.
        key: the write key that the body itself names; its events may name it too.
        sent_at: when it was sent, by the client's clock.
        has_nul: some string in the body may hold a NUL character.
    """

    events: list[tuple[int, Captured]] = []
    refused: list[Refused] = []
    key: str | None = None
    sent_at: Text = None
    has_nul: bool = False


_sent_decoder = msgspec.json.Decoder(_Sent)
_list_decoder = msgspec.json.Decoder(list[Raw])
_captured_decoder = msgspec.json.Decoder(Captured)


def unwrap(body: bytes) -> bytes:
    """Take JSON out of a form's field ``data`` and out of base64, where it is in them.

    Raises:
        RefusedError: it is not in base64 though it has to be.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if _FORM.match(body):
        body = dict(parse_qsl(body.decode("latin-1"))).get("data", "").strip().encode()
    if body[:1] in (b"{", b"["):
        return body
    try:
        return b64decode(body.replace(b" ", b"+"), validate=True)  # a form's "+" stands for a blank
    except ValueError:
        raise RefusedError(Refusal.BAD_ENCODING, "body: neither JSON nor base64") from None


def take_apart(body: bytes) -> Posted:
    """Decode a body, decompressed and unwrapped; one bad event does not cost the others.

    Raises:
        RefusedError: nothing in it can be used.
    """
    body = mend(body.strip()) if b"\\ud" in body.lower() else body.strip()
    try:
        posted = _posted(body)
    except RecursionError:
        raise RefusedError(Refusal.TOO_DEEP, "body: nested too deep to be read") from None
    except UnicodeDecodeError:
        raise RefusedError(Refusal.BAD_TEXT, "body: a text is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise RefusedError(Refusal.BAD_BODY, f"body: {error}") from None
    except msgspec.DecodeError as error:
        raise RefusedError(Refusal.BAD_JSON, f"body: {error}") from None
    posted.has_nul = b"\\u0000" in body
    return posted


def _posted(body: bytes) -> Posted:
    if body[:1] == b"[":
        return _read(Posted(), _list_decoder.decode(body))
    sent = _sent_decoder.decode(body)
    posted = Posted(key=key_of(sent.api_key, sent.token), sent_at=text(sent.sent_at))
    return _read(posted, [Raw(body)] if sent.batch is None else sent.batch)


def _read(posted: Posted, raws: list[Raw]) -> Posted:
    for index, raw in enumerate(raws):
        try:
            posted.events.append((index, _captured_decoder.decode(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            told = excerpt(bytes(raw))
            posted.refused.append(
                Refused(reason=Refusal.WRONG_TYPE, detail=f"event: {error}", index=index, excerpt=told)
            )
    return posted


def key_of(*candidates: Any) -> str | None:
    """Give the first that can be a write key."""
    return next((one for one in candidates if isinstance(one, str) and one), None)


def text(value: Any) -> Text:
    """Give what can be an id, a name or a time; None for anything else."""
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None

"""The wire: bodies of Segment's HTTP tracking API, decoded as they were sent.

A good body is decoded in one pass to typed structs in which ``properties`` and ``context`` stay the text
they were. Only where that fails is a batch taken apart, so that one bad event does not cost the others.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw

from obverse.collect.refusal import Refusal, Refused, RefusedError, excerpt

Text = str | int | float | None
"""What clients send as an id, a name or a time: a string if they are careful, else a number."""

NOTHING = Raw(b"")


class Call(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """One event as a client sends it; fields that Obverse has no use for are not here, and are ignored."""

    type: str | None = None
    event: Text = None
    user_id: Text = None
    anonymous_id: Text = None
    previous_id: Text = None
    group_id: Text = None
    message_id: Text = None
    timestamp: Text = None
    original_timestamp: Text = None
    sent_at: Text = None
    name: Text = None
    category: Text = None
    write_key: Text = None
    properties: Raw = NOTHING
    traits: Raw = NOTHING
    context: Raw = NOTHING


class VouchedCall(Call, kw_only=True):
    """A call that this server made of what a client sent, and answers for: it may have a reserved name."""


class _Batch(msgspec.Struct, rename="camel", kw_only=True):
    batch: list[Call]
    context: Raw = NOTHING
    sent_at: Text = None
    write_key: Text = None


class _Apart(msgspec.Struct, rename="camel", kw_only=True):
    batch: list[Raw]
    context: Raw = NOTHING
    sent_at: Text = None
    write_key: Text = None


class _Named(msgspec.Struct, rename="camel"):
    message_id: Any = None


class Envelope(msgspec.Struct, kw_only=True):
    """A decoded body.

    Attributes:
        calls: the events that could be read, with their positions.
        refused: those that could not.
        context: the batch's own context, for all its events.
        sent_at: the batch's own time of sending.
        write_key: as found in the body.
        has_nul: some string in the body may hold a NUL character.
    """

    calls: list[tuple[int, Call]]
    refused: list[Refused]
    context: Raw = NOTHING
    sent_at: Text = None
    write_key: str | None = None
    has_nul: bool = False


_call_decoder = msgspec.json.Decoder(Call)
_batch_decoder = msgspec.json.Decoder(_Batch)
_apart_decoder = msgspec.json.Decoder(_Apart)

_ESCAPE = re.compile(
    rb"\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
"""An escaped backslash, a surrogate pair, or (group 1) a surrogate that stands alone."""


def decode(body: bytes, call: str | None) -> Envelope:
    """Decode a body.

    Where a JSON string holds half of a surrogate pair, as JavaScript can send it when it cuts an emoji, that
    half becomes U+FFFD. Where an object has the same field twice, the last one counts.

    Args:
        body: decompressed.
        call: track, page, …; None for a batch.

    Raises:
        RefusedError: nothing in it can be used.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        try:
            return _envelope(body, call)
        except (msgspec.ValidationError, UnicodeDecodeError):
            if call is None:
                return _apart(body)
            raise
    except msgspec.ValidationError as error:
        reason = Refusal.BAD_BODY if call is None else Refusal.WRONG_TYPE
        raise RefusedError(reason, f"{call or 'batch'}: {error}") from None
    except msgspec.DecodeError as error:
        mended = mend(body)
        if mended != body:
            return decode(mended, call)
        raise RefusedError(Refusal.BAD_JSON, f"body: {error}") from None
    except UnicodeDecodeError:
        raise RefusedError(Refusal.BAD_TEXT, f"{call or 'batch'}: a text is not UTF-8") from None
    except RecursionError:
        raise RefusedError(Refusal.TOO_DEEP, "body: nested too deep to be read") from None


def _envelope(body: bytes, call: str | None) -> Envelope:
    has_nul = b"\\u0000" in body
    if call is None:
        batch = _batch_decoder.decode(body)
        return Envelope(
            calls=list(enumerate(batch.batch)),
            refused=[],
            context=batch.context,
            sent_at=batch.sent_at,
            write_key=_key(batch.write_key),
            has_nul=has_nul,
        )
    single = _call_decoder.decode(body)
    single.type = call
    return Envelope(
        calls=[(0, single)],
        refused=[],
        sent_at=single.sent_at,
        write_key=_key(single.write_key),
        has_nul=has_nul,
    )


def _apart(body: bytes) -> Envelope:
    """Decode a batch event by event, as one of them cannot be decoded."""
    batch = _apart_decoder.decode(body)
    envelope = Envelope(
        calls=[],
        refused=[],
        context=batch.context,
        sent_at=batch.sent_at,
        write_key=_key(batch.write_key),
        has_nul=b"\\u0000" in body,
    )
    for index, raw in enumerate(batch.batch):
        try:
            envelope.calls.append((index, _call_decoder.decode(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            envelope.refused.append(_unreadable(index, bytes(raw), error))
    return envelope


def _unreadable(index: int, raw: bytes, error: Exception) -> Refused:
    text = isinstance(error, UnicodeDecodeError)
    reason = Refusal.BAD_TEXT if text else Refusal.WRONG_TYPE
    detail = "an id or a name is not UTF-8" if text else str(error)
    try:
        name = msgspec.json.decode(raw, type=_Named).message_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        name = None
    return Refused(
        reason=reason,
        detail=detail,
        index=index,
        message_id=name if isinstance(name, str) else None,
        excerpt=excerpt(raw),
    )


def _key(value: Text) -> str | None:
    return value if isinstance(value, str) and value else None


def mend(body: bytes) -> bytes:
    """Replace surrogates that stand alone, which are no characters, by U+FFFD."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)

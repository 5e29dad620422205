"""Told: what a browser sends when moments have come."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Raw

from obverse.collect.refusal import Refusal, RefusedError
from obverse.collect.wire import NOTHING

MAX_BODY = 64 * 1024
MAX_MOMENTS = MAX_EXPOSURES = 100
_MOST_FILLED = 50
"""Properties of an event that travel in a ticket, to fill words with."""
_LONGEST_FILLED = 200

Plain = str | float | bool
Id = Annotated[str, msgspec.Meta(max_length=512)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=4_000)]


class ToldEvent(msgspec.Struct, frozen=True):
    """The event that made a moment."""

    event: Short
    properties: Raw = NOTHING


class ToldMoment(msgspec.Struct, frozen=True):
    """A moment of a survey, by their ids."""

    survey: Short
    moment: Short
    event: ToldEvent | None = None


class Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page it came on."""

    path: Line = ""
    url: Line = ""
    title: Line = ""
    referrer: Line = ""


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """All moments that have come just now, to whom and where; ``exposures`` as `of_exposures` reads them."""

    write_key: str = ""
    anonymous_id: Id | None = None
    user_id: Id | None = None
    session_id: Id | None = None
    language: Short = ""
    moments: Annotated[list[ToldMoment], msgspec.Meta(max_length=MAX_MOMENTS)] = []
    page: Page = Page()
    exposures: Annotated[list[Any], msgspec.Meta(max_length=MAX_EXPOSURES)] = []


_decoder = msgspec.json.Decoder(Told)
_decode_properties = msgspec.json.Decoder(dict[str, Any]).decode


def read(body: bytes) -> Told:
    """Read what was sent.

    Raises:
        RefusedError: it is too large, no JSON, or not this.
    """
    if len(body) > MAX_BODY:
        raise RefusedError(Refusal.BODY_TOO_LARGE, f"body: {len(body)} bytes, the limit is {MAX_BODY}")
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RefusedError(Refusal.BAD_BODY, f"body: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(Refusal.BAD_JSON, f"body: {error}") from None


def filling(properties: bytes) -> dict[str, Plain]:
    """Give what words can be filled with of an event's properties (JSON): short texts and numbers."""
    try:
        found = _decode_properties(properties or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    plain = {
        name[:_LONGEST_FILLED]: value[:_LONGEST_FILLED] if isinstance(value, str) else value
        for name, value in found.items()
        if isinstance(value, str | int | float)
    }
    return dict(list(plain.items())[:_MOST_FILLED])

"""Batch: what came out of one request: the events to keep and what was refused."""

from __future__ import annotations

import msgspec

from obverse.collect.refusal import Refused
from obverse.event import Event


class Batch(msgspec.Struct, kw_only=True):
    """The outcome of one request, or of one piece of an imported file.

    Attributes:
        source: name of the write key; empty where it is not known.
        received_at: µs since 1970 UTC.
        events: accepted, in the order sent.
        refused: with the position of each.
    """

    source: str
    received_at: int
    events: list[Event] = []
    refused: list[Refused] = []

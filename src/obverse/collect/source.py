"""Source: what a write key stands for."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Source(msgspec.Struct, frozen=True):
    """Where events come from: one write key.

    Attributes:
        name: shown to the operator, and kept with every event.
        touchpoint: where the source's events happen; None to tell it from each event's client.
    """

    name: str
    touchpoint: str | None = None


SourceOf = Callable[[str], Source | None]
"""Gives the source of a write key, or None. Called once a request, so it must be quick."""

"""Who sends events: what a write key stands for."""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True):
    """What a write key stands for.

    Attributes:
        name: the operator's name for what sends with this key; each of its events carries it.
        touchpoint: where its events happen unless they say so themselves; None to go by the event.
    """

    name: str
    touchpoint: str | None = None

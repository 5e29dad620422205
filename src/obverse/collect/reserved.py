"""Reserved: events that only the server itself may write, as the answers to its own surveys."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from obverse.collect.refusal import Refusal, RefusedError


@dataclass(frozen=True)
class Reserved:
    """Tells such events; collect itself knows of no surveys.

    Attributes:
        names: of the events.
        field: the property that says what they are of.
        is_ours: tells whether a value of it is of this server's own.
        source: name of the write key that may send them all the same.
    """

    names: frozenset[str] = frozenset()
    field: str = ""
    is_ours: Callable[[str], bool] = lambda value: False
    source: str = ""

    def names_for(self, source: str) -> frozenset[str]:
        """Give the names that a source may not send of what is ours."""
        return frozenset() if source == self.source else self.names

    def check(self, properties: str) -> None:
        """Refuse an event of one of the names where it is of ours.

        Args:
            properties: JSON text of an object; a field that is there twice is looked at twice.

        Raises:
            RefusedError: it is.
        """
        pairs: list[tuple[str, object]] = json.loads(properties, object_pairs_hook=list)
        for name, value in pairs:
            if name == self.field and self.is_ours(str(value)):
                raise RefusedError(
                    Refusal.NOT_ASKED, f"properties.{name}: {value!r:.60} is asked by this server itself"
                )

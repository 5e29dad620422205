"""The address of a view: a path and what its query says, in order, from which other addresses are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address:
    """An address inside this server.

    Attributes:
        path: decoded, from the first slash.
        pairs: names and values of the query, in order; a name may come more than once.

    >>> str(Address("/funnel", (("s1", "A & B"), ("side", "people"))).put(side="value"))
    '/funnel?s1=A+%26+B&side=value'
    """

    path: str
    pairs: Pairs = ()

    def get(self, name: str, default: str = "") -> str:
        """Give the first value of a name."""
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of a name, in order."""
        return tuple(value for key, value in self.pairs if key == name)

    def put(self, **changes: object) -> Address:
        """Set some names to one value each; None takes a name away. What is set keeps its place."""
        pairs: list[tuple[str, str]] = []
        left = dict(changes)
        for key, value in self.pairs:
            if key not in changes:
                pairs.append((key, value))
            elif (new := left.pop(key, None)) is not None:
                pairs.append((key, str(new)))
        pairs += [(key, str(value)) for key, value in left.items() if value is not None]
        return Address(self.path, tuple(pairs))

    def keep(self, names: Iterable[str]) -> Address:
        """Drop all names but these."""
        wanted = set(names)
        return Address(self.path, tuple(pair for pair in self.pairs if pair[0] in wanted))

    def to(self, path: str) -> Address:
        """Go to another path with the same query."""
        return Address(path, self.pairs)

    def __str__(self) -> str:
        path = quote(self.path, safe="/:@!$'()*+,;=~-._")
        return f"{path}?{urlencode(self.pairs)}" if self.pairs else path

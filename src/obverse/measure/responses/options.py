"""What labels of answers say: an option, several, one a row, or an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from obverse.measure.responses.question import Shape


@dataclass(frozen=True)
class Part:
    """One thing that an answer chooses.

    Attributes:
        row: of a matrix; empty for others.
        name: of the option.
        rank: its place in a ranking, from 1; 0 for others.
    """

    row: str
    name: str
    rank: int = 0


@lru_cache(maxsize=20_000)
def parts_of(label: str, shape: Shape) -> tuple[Part, ...]:
    """Read the label of an answer; an empty list, object or text chooses nothing.

    >>> [part.name for part in parts_of('["price","range"]', "choice")]
    ['price', 'range']
    >>> parts_of('{"speed": "good"}', "choice")
    (Part(row='speed', name='good', rank=0),)
    """
    if label[:1] in "[{":
        try:
            value = msgspec.json.decode(label)
        except msgspec.DecodeError:
            value = label
        if isinstance(value, dict):
            return tuple(Part(row, _text(one)) for row, one in value.items() if one is not None)
        if isinstance(value, list):
            unique = dict.fromkeys(_text(one) for one in value if one is not None)
            return tuple(Part("", one, (at + 1) * (shape == "ranking")) for at, one in enumerate(unique))
    if shape == "number":
        try:
            return (Part("", f"{float(label):.10g}"),)
        except ValueError:
            return (Part("", label),)
    return (Part("", label),) if label.strip() else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

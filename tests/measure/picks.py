"""The picks that pictures carry, whatever kind of picture it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from obverse.measure.picture import Bars, Edge, Flow, Heat, Lines, Node, Pick, Picture


def picked(picture: Picture, last: int = 2) -> Sequence[tuple[Pick | None, float | None]]:
    """Each pick with its value; of lines and heats the last ones of each row only."""
    if isinstance(picture, Lines):
        pairs = [list(zip(one.picks, one.values, strict=True))[-last:] for one in picture.series]
        return list(chain.from_iterable(pairs))
    if isinstance(picture, Heat):
        rows = zip(picture.picks, picture.values, strict=True)
        pairs = [list(zip(picks, values, strict=True))[-last:] for picks, values in rows]
        return list(chain.from_iterable(pairs))
    if isinstance(picture, Flow):
        parts: list[Node | Edge] = [*picture.nodes, *picture.edges]
        return [(one.pick, one.value) for one in parts]
    assert isinstance(picture, Bars)
    return [(bar.pick, bar.value) for bar in picture.rows]

"""The pictures of answers, laid out for pages: numbers in, places in an SVG or cells of a table out.

One module a form of `obverse.measure.picture`: `lines`, `bars`, `heat`, `flow`. Each gives a frozen object
that ``templates/pictures.html`` writes down as it stands, and beside it the same numbers as a `grid.Grid`.
`scale` is where values go, `writing` is how they read. Only pages call this.
"""

from __future__ import annotations

from dataclasses import replace

from obverse.measure.picture import Bars, Flow, Heat, Lines, Picture
from obverse.web.pages.drawing.bars import DrawnBars, draw_bars
from obverse.web.pages.drawing.days import with_days
from obverse.web.pages.drawing.flow import DrawnFlow, draw_flow
from obverse.web.pages.drawing.heat import DrawnHeat, draw_heat
from obverse.web.pages.drawing.lines import DrawnLines, draw_lines
from obverse.web.pages.drawing.writing import Hand

Drawn = DrawnLines | DrawnBars | DrawnHeat | DrawnFlow

__all__ = ["Drawn", "DrawnBars", "DrawnFlow", "DrawnHeat", "DrawnLines", "Hand", "draw"]


def draw(picture: Picture, hand: Hand) -> Drawn:
    """Lay out a picture; days in its title are written as people write them.

    Args:
        picture: of an answer.
        hand: how its numbers are written and where its picks lead.
    """
    picture = replace(picture, title=with_days(picture.title))
    if isinstance(picture, Lines):
        return draw_lines(picture, hand)
    if isinstance(picture, Bars):
        return draw_bars(picture, hand)
    if isinstance(picture, Heat):
        return draw_heat(picture, hand)
    if isinstance(picture, Flow):
        return draw_flow(picture, hand)
    raise TypeError(f"no drawing of a {type(picture).__name__}")

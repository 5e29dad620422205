"""A page as a wireframe: a box for each element, the darker the more of it, numbered as in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from obverse.web.pages.overlay.drawn import Drawing

LEVELS = 9
"""Shades between the paper and the darkest; `obverse.css` names one each."""
TALLEST = 8
"""A wireframe is at most so many times as tall as it is wide; what is further down is left out."""
MOST_NUMBERS = 30
NARROW = 768
"""Pages narrower than so many px are phones', and stand in half of their width beside each other."""


@dataclass(frozen=True)
class Shade:
    """What there is to show of an element.

    Attributes:
        number: of its row in the table.
        share: how dark, from 0 to 1 of the darkest; None where it is not known.
        title: what it says in full.
        href: address of the people behind it; empty for none.
        short: its figure, as it stands on the wireframe; empty for none.
    """

    number: int
    share: float | None
    title: str
    href: str = ""
    short: str = ""


@dataclass(frozen=True)
class Box:
    """An element on a wireframe, in px of its page.

    Attributes:
        level: its shade, 0 for none to `LEVELS`.
        number: of its row in the table; 0 for none.
        short: its figure; empty for none.
    """

    x: float
    y: float
    width: float
    height: float
    level: int
    number: int
    title: str
    href: str
    short: str


@dataclass(frozen=True)
class Label:
    """The number of an element and its figure on a wireframe, in px of the page.

    Attributes:
        x: of its middle.
        y: of its middle.
        width: of all of it.
    """

    x: float
    y: float
    width: float
    number: int
    short: str


@dataclass(frozen=True)
class Wire:
    """A wireframe.

    Attributes:
        name: whose it is.
        width: of the page, px.
        height: as far as it is shown, px.
        text: height of its figures, px of the page.
        boxes: large ones first, so that small ones lie over them.
        labels: numbers of the first rows.
        cut: the page goes on below.
    """

    name: str
    width: float
    height: float
    text: float
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    cut: bool


def wire(drawing: Drawing, shades: Mapping[str, Shade], name: str) -> Wire:
    """Lay out a drawing.

    Args:
        drawing: of the page.
        shades: what there is to show, by the path of the element.
        name: whose acts are shown.
    """
    height = min(drawing.height, TALLEST * drawing.width)
    within = [
        one
        for one in drawing.elements
        if 0 <= one[2] < height and one[3] > 0 and one[4] > 0 and -one[3] < one[1] < drawing.width
    ]
    boxes = [
        _box(one, shades.get(one[0]), height) for one in sorted(within, key=lambda one: -one[3] * one[4])
    ]
    text = max(drawing.width / (30 if drawing.width >= NARROW else 17), 12)
    return Wire(
        name=name,
        width=drawing.width,
        height=height,
        text=text,
        boxes=tuple(boxes),
        labels=_labels(boxes, text, drawing.width),
        cut=height < drawing.height,
    )


def _box(element: tuple[str, float, float, float, float], shade: Shade | None, bottom: float) -> Box:
    path, x, y, width, height = element
    share = shade.share if shade is not None and shade.share is not None else 0.0
    return Box(
        x=x,
        y=y,
        width=width,
        height=min(height, bottom - y),
        level=max(1, round(min(share, 1.0) * LEVELS)) if share > 0 else 0,
        number=shade.number if shade is not None else 0,
        title=shade.title if shade is not None else path,
        href=shade.href if shade is not None else "",
        short=shade.short if shade is not None else "",
    )


def _labels(boxes: list[Box], text: float, width: float) -> tuple[Label, ...]:
    """Label the first rows' boxes, once each, at their left upper corner; a label makes room for others.

    One that would hide a narrow box stands above it.
    """
    first: dict[int, Box] = {}
    for box in boxes:
        if 0 < box.number <= MOST_NUMBERS:
            first.setdefault(box.number, box)
    half, made = text * 0.75, list[Label]()
    for number, box in sorted(first.items()):
        long = text * (1.5 + (0.56 * (len(box.short) + len(str(number))) if box.short else 0))
        x, y = max(min(max(box.x, 0), width - long), 0), box.y + half
        if box.width < long and box.y > 2 * half:
            y = box.y - half
        for other in sorted((one for one in made if abs(one.y - y) < 2 * half), key=lambda one: one.x):
            end = other.x + other.width / 2
            if x < end and other.x - other.width / 2 < x + long and end + long <= width:
                x = end
        made.append(Label(x + long / 2, y, long, number, box.short))
    return tuple(made)

"""The elements of a page, ranked by one thing that people do with them, converters beside all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from obverse.measure.act import ActAnswer, ActRow
from obverse.measure.act.picturing import act_pick
from obverse.measure.estimate import Comparison, Estimate, compare, scaled, share
from obverse.measure.linger import LingerAnswer, LingerPage
from obverse.measure.picture import Pick
from obverse.measure.question import Question
from obverse.measure.scope import OTHER
from obverse.web.pages.drawing.grid import Cell, Grid, Row
from obverse.web.pages.figures import NOTHING, count, money_estimate, percent, plural, span
from obverse.web.pages.overlay.wire import Shade
from obverse.web.pages.surveys.aimed import aimed

Show = Literal["linger", "click", "rage", "dead"]
Side = Literal["people", "value"]

SHOWN: dict[Show, str] = {
    "linger": "Time in view",
    "click": "Clicks",
    "rage": "Rage clicks",
    "dead": "Dead clicks",
}
"""What a wireframe can show, and what that is called."""
DOES: dict[Show, str] = {
    "linger": "looked at it for longer than half of the people do",
    "click": "clicked it",
    "rage": "clicked it over and over",
    "dead": "clicked it in vain",
}
COMPARED = ("of converters", "of others", "difference")
"""Columns of `side_cells`."""
MOST_ROWS = 60

_GIVEN = re.compile(r"\[data-obverse=([^\]]+)\]")
T = TypeVar("T")

Link = Callable[[Question, Pick], str]


@dataclass(frozen=True)
class Sides:
    """How many of the converters did something, and how many of all others.

    Attributes:
        converters: share of those who converted in time.
        others: share of those who did not.
        versus: the first less the second.
    """

    converters: Estimate
    others: Estimate
    versus: Comparison


@dataclass(frozen=True)
class Worth:
    """Money of the conversions of those who did something, beside that of those who did not.

    Attributes:
        total: of all who did it.
        each: on average over them.
        others: on average over those who did not.
    """

    total: Estimate
    each: Estimate
    others: Estimate


@dataclass(frozen=True)
class ElementRow:
    """An element of the page.

    Attributes:
        number: its place, from 1; 0 where nobody did what is shown.
        name: its path.
        amount: what it is ranked by: seconds in view in all, or people.
        view: its time in view; None where none is known.
        acts: what was done with it, by kind.
        sides: of what is shown.
        worth: of those who did what is shown; None where nobody did.
    """

    number: int
    name: str
    amount: float
    view: LingerPage | None
    acts: dict[str, ActRow]
    sides: Sides | None
    worth: Worth | None = None


def sides_of(converting: int, converters: int, rest: int, others: int) -> Sides:
    """Compare how many of the converters did something with how many of the others.

    >>> found = sides_of(30, 60, 20, 100)
    >>> found.converters.value, found.others.value, round(found.versus.difference, 3)
    (0.5, 0.2, 0.3)
    """
    return Sides(
        share(converting, converters), share(rest, others), compare(converting, converters, rest, others)
    )


def sides_of_act(act: ActRow, everyone: tuple[int, int]) -> Sides:
    """Compare how many did something: of the converters and of the others, as `converters_of` counts them."""
    return sides_of(act.converting, everyone[0], act.compared - act.converting, everyone[1])


def converters_of(acts: ActAnswer) -> tuple[int, int]:
    """Count those on the page who converted in time, and the others."""
    if not acts.pages:
        return 0, 0
    page = acts.pages[0]
    n = round((page.conversion.value or 0.0) * page.people)
    return n, page.people - n


def element_rows(
    acts: ActAnswer, views: LingerAnswer | None, show: Show, side: Side = "people"
) -> tuple[ElementRow, ...]:
    """Rank the elements of a page by what is shown, or by its money; those with none come last, by name."""
    seen = {page.name: page for page in views.pages if page.name != OTHER} if views else {}
    done: dict[str, dict[str, ActRow]] = {}
    for row in acts.elements:
        if row.element is not None and row.kind != "error":
            done.setdefault(row.element, {})[row.kind] = row
    everyone = converters_of(acts)
    made = [
        _row(name, seen.get(name), done.get(name, {}), show, everyone)
        for name in dict.fromkeys((*seen, *done))
    ]
    if side == "value":
        made = [replace(row, amount=_total(row) or 0.0) for row in made]
    ranked = sorted(made, key=lambda row: (-row.amount, row.name))[:MOST_ROWS]
    return tuple(replace(row, number=at if row.amount > 0 else 0) for at, row in enumerate(ranked, 1))


def _total(row: ElementRow) -> float | None:
    return row.worth.total.value if row.worth is not None else None


def _row(
    name: str, view: LingerPage | None, acts: dict[str, ActRow], show: Show, everyone: tuple[int, int]
) -> ElementRow:
    if show == "linger":
        if view is None or view.median_s.value is None:
            return ElementRow(0, name, 0.0, view, acts, None)
        long, short = view.long, view.short
        stayed = long.people - long.converting
        converters = long.converting + short.converting
        others = stayed + short.people - short.converting
        sides = sides_of(long.converting, converters, stayed, others)
        each = long.value_per_person
        worth = Worth(scaled(each, long.people), each, short.value_per_person) if long.people else None
        return ElementRow(0, name, view.total_s, view, acts, sides, worth)
    act = acts.get(show)
    if act is None:
        return ElementRow(0, name, 0.0, view, acts, None)
    sides = sides_of_act(act, everyone)
    worth = Worth(act.value, act.value_per_person, act.value_per_other)
    return ElementRow(0, name, float(act.people), view, acts, sides, worth)


def element_grid(
    rows: tuple[ElementRow, ...],
    acts: ActAnswer,
    views: LingerAnswer | None,
    link: Link,
    show: Show,
    side: Side = "people",
) -> Grid:
    """Write the rows as a table: what is shown, how converters and others differ or spent, then the rest."""
    made = [
        Row(
            f"{row.number}. {readable(row.name)}" if row.number else readable(row.name),
            (
                *_in_turn(
                    show,
                    _view_cells(row.view, views, link),
                    tuple(_act_cell(row.acts.get(kind), acts, link) for kind in ("click", "rage", "dead")),
                    _worth_cells(row.worth, acts.currency) if side == "value" else side_cells(row.sides),
                ),
                _ask_cell(row, acts, views),
            ),
        )
        for row in rows
    ]
    compared = ("money of them", "each", "each of others") if side == "value" else COMPARED
    columns = _in_turn(show, ("saw it", "in view", "in view, in all"), ("clicked", "rage", "dead"), compared)
    return Grid(("element", *columns, "survey"), tuple(made))


def _in_turn(show: Show, view: tuple[T, ...], acts: tuple[T, ...], compared: tuple[T, ...]) -> tuple[T, ...]:
    """Put what is shown first, for screens that show few columns, and what it is compared by behind it."""
    return (*view, *compared, *acts) if show == "linger" else (*acts, *compared, *view)


def readable(element: str) -> str:
    """Write an element's path with the names that its page gave, as those stand.

    >>> readable("[data-obverse=cart]>button:nth-of-type(2)")
    'cart>button:nth-of-type(2)'
    """
    return _GIVEN.sub(r"\1", element)


def _ask_cell(row: ElementRow, acts: ActAnswer, views: LingerAnswer | None) -> Cell:
    """Lead to a survey for those who press the element in vain, or else for those who linger at it."""
    worst = next((row.acts[kind] for kind in ("rage", "dead") if kind in row.acts), None)
    if worst is not None:
        return Cell("Ask them", aimed(acts.question, act_pick(acts, worst)))
    if row.view is None or views is None:
        return Cell("")
    return Cell("Ask them", aimed(views.question, {"page": row.view.name}))


def _view_cells(view: LingerPage | None, views: LingerAnswer | None, link: Link) -> tuple[Cell, ...]:
    if view is None or views is None:
        return (Cell(NOTHING),) * 3
    href = link(views.question, {"page": view.name})
    known = view.median_s.value is not None
    return (
        Cell(count(view.people), href),
        Cell(span(view.median_s.value or 0) if known else NOTHING),
        Cell(span(view.total_s) if known else NOTHING),
    )


def _act_cell(act: ActRow | None, acts: ActAnswer, link: Link) -> Cell:
    if act is None:
        return Cell(NOTHING)
    return Cell(percent(act.share.value), link(acts.question, act_pick(acts, act)))


def side_cells(sides: Sides | None) -> tuple[Cell, ...]:
    """Write the share of converters, that of others, and their difference."""
    if sides is None:
        return (Cell(NOTHING),) * 3
    gap = sides.versus
    if gap.difference is None or gap.low is None or gap.high is None:
        return (Cell(percent(sides.converters.value)), Cell(percent(sides.others.value)), Cell("too few"))
    return (
        Cell(percent(sides.converters.value)),
        Cell(percent(sides.others.value)),
        Cell(points(gap.difference), between=f"{points(gap.low)} to {points(gap.high)}"),
    )


def _worth_cells(worth: Worth | None, currency: str | None) -> tuple[Cell, ...]:
    if worth is None:
        return (Cell(NOTHING),) * 3
    found = (worth.total, worth.each, worth.others)
    written = (money_estimate(one.value, one.low, one.high, currency) for one in found)
    return tuple(Cell(text, between=between) for text, between in written)


def points(difference: float) -> str:
    """Write a difference of shares with its sign.

    >>> points(0.124).replace("\u202f", "_"), points(-0.02).replace("\u202f", "_")
    ('+12.4_%', '−2.0_%')
    """
    return f"{'+' if difference > 0 else '−' if difference < 0 else ''}{percent(abs(difference))}"


def is_compared(rows: tuple[ElementRow, ...]) -> bool:
    """Say whether there are converters and others to show side by side."""
    sides = [row.sides for row in rows if row.sides is not None]
    return any(one.converters.value is not None and one.others.value is not None for one in sides)


def shades_of(
    rows: tuple[ElementRow, ...], show: Show, converted: bool, href: Callable[[ElementRow], str]
) -> dict[str, Shade]:
    """Say how dark each element is on the wireframe of one side; both sides have the same scale."""
    sides = [row.sides for row in rows if row.sides is not None]
    shares = [side.value or 0.0 for one in sides for side in (one.converters, one.others)]
    most = max(shares, default=0.0)
    made = {}
    for row in rows:
        side = None if row.sides is None else row.sides.converters if converted else row.sides.others
        value = None if side is None else side.value
        said = f"{percent(value)} {DOES[show]}" if value is not None else f"nobody {DOES[show]}"
        scaled = value / most if value is not None and most > 0 else None
        short = percent(value) if value is not None else ""
        made[row.name] = Shade(row.number, scaled, f"{row.name}: {said}", href(row), short)
    return made


def shades_of_all(
    rows: tuple[ElementRow, ...], show: Show, href: Callable[[ElementRow], str]
) -> dict[str, Shade]:
    """Say how dark each element is on the wireframe of everyone, by what the elements are ranked by."""
    most = max((row.amount for row in rows), default=0.0)
    made = {}
    for row in rows:
        short = span(row.amount) if show == "linger" else count(row.amount)
        said = f"{short} in view, in all"
        if show != "linger":
            said = f"{short} {plural(row.amount, 'person', 'people')} {DOES[show]}"
        scaled_to = row.amount / most if most else None
        made[row.name] = Shade(row.number, scaled_to, f"{row.name}: {said}", href(row), short)
    return made


def shades_of_worth(
    rows: tuple[ElementRow, ...],
    show: Show,
    did: bool,
    currency: str | None,
    href: Callable[[ElementRow], str],
) -> dict[str, Shade]:
    """Say how dark each element is by what those spent on average who did something with it, or did not.

    Both sides have the same scale.
    """
    known = [row.worth for row in rows if row.worth is not None]
    most = max((one.value or 0.0 for both in known for one in (both.each, both.others)), default=0.0)
    worth = {row.name: row.worth.each if did else row.worth.others for row in rows if row.worth is not None}
    made = {}
    for row in rows:
        found = worth.get(row.name, Estimate())
        text, between = money_estimate(found.value, found.low, found.high, currency)
        said = f"{text}{f' ({between})' if between else ''} each"
        scaled_to = found.value / most if found.value is not None and most > 0 else None
        title = f"{row.name}: {said}, of {'those who' if did else 'all but those who'} {DOES[show]}"
        made[row.name] = Shade(row.number, scaled_to, title, href(row), text if found.value else "")
    return made

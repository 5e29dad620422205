"""What stands below a page's elements: its forms, errors and Web Vitals, as tables."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure.act import ActAnswer, ActForm
from obverse.measure.act.picturing import act_pick, form_pick
from obverse.measure.linger import LingerAnswer
from obverse.web.pages.drawing.grid import Cell, Grid, Row
from obverse.web.pages.figures import NOTHING, count, percent, percent_range, plural, span
from obverse.web.pages.overlay.rows import COMPARED, Link, converters_of, side_cells, sides_of, sides_of_act

VITALS = {
    "LCP": ("Largest contentful paint", 2500.0, 4000.0),
    "INP": ("Interaction to next paint", 200.0, 500.0),
    "CLS": ("Cumulative layout shift", 0.1, 0.25),
    "FCP": ("First contentful paint", 1800.0, 3000.0),
    "TTFB": ("Time to first byte", 800.0, 1800.0),
}
"""Each metric's name, up to where a page is good, and from where on it is poor (web.dev/vitals)."""


@dataclass(frozen=True)
class FormTable:
    """A form: how often it is given up, and after which field.

    Attributes:
        name: of the form.
        said: attempts and the share given up, in words.
        href: address of those who gave it up; empty for nobody.
        grid: its fields, the one that most left after first.
    """

    name: str
    said: str
    href: str
    grid: Grid


def forms_of(acts: ActAnswer, link: Link) -> tuple[FormTable, ...]:
    """Tell about each form of the page, most often begun first."""
    return tuple(_form(form, acts, link) for form in acts.forms)


def _form(form: ActForm, acts: ActAnswer, link: Link) -> FormTable:
    said = f"{count(form.started)} {plural(form.started, 'attempt')}"
    given_up = form.abandonment
    if given_up.value is not None:
        said += f", {percent(given_up.value)} given up"
        if between := percent_range(given_up.low, given_up.high):
            said += f" ({between})"
    both = form.of_converters.value, form.of_others.value
    if both[0] is not None and both[1] is not None:
        said += f": {percent(both[0])} of converters’, {percent(both[1])} of others’"
    if form.open:
        said += f", {count(form.open)} undecided"
    rows = tuple(
        Row(
            field.name,
            (
                Cell(count(field.touched)),
                Cell(
                    count(field.left),
                    link(acts.question, {"page": form.page, "form": form.name, "field": field.name})
                    if field.left
                    else "",
                ),
                Cell(percent(field.share.value), between=percent_range(field.share.low, field.share.high)),
                *(
                    Cell(percent(one.value), between=percent_range(one.low, one.high))
                    for one in (field.of_converters, field.of_others)
                ),
                Cell(NOTHING if field.median_s is None else span(field.median_s)),
            ),
        )
        for field in form.fields
    )
    columns = ("field", "filled in", "left after it", "of those given up", *COMPARED[:2], "time it takes")
    href = link(acts.question, form_pick(form, "abandoned")) if form.abandoned else ""
    return FormTable(form.name, said, href, Grid(columns, rows))


def errors_of(acts: ActAnswer, link: Link) -> Grid:
    """Tell about the errors that people ran into, those of most people first."""
    everyone = converters_of(acts)
    rows = tuple(
        Row(
            row.element or NOTHING,
            (
                Cell(count(row.people), link(acts.question, act_pick(acts, row))),
                Cell(percent(row.share.value)),
                Cell(count(row.times)),
                *side_cells(sides_of_act(row, everyone)),
            ),
        )
        for row in acts.elements
        if row.kind == "error"
    )
    return Grid(("error", "people", "of those here", "times", *COMPARED), rows)


def good() -> dict[str, float]:
    """Give up to where each metric is good."""
    return {name: most for name, (_, most, _) in VITALS.items()}


def vitals_of(found: LingerAnswer, slow: ActAnswer) -> Grid:
    """Judge each metric by its third quartile, as its authors do; and tell who had it worse than good."""
    everyone = converters_of(slow)
    worse = {row.element: sides_of_act(row, everyone) for row in slow.elements if row.kind == "error"}
    none = sides_of(0, everyone[0], 0, everyone[1])
    by_name = {page.name: page for page in found.pages}
    rows = []
    for name, (title, most, poor) in VITALS.items():
        page = by_name.get(name)
        if page is None or page.p75_s is None:
            continue
        value = page.p75_s
        verdict = "good" if value <= most else "needs improvement" if value <= poor else "poor"
        cells = (
            Cell(verdict),
            Cell(vital(name, value)),
            Cell(vital(name, most)),
            Cell(vital(name, page.median_s.value)),
            Cell(count(page.views)),
            *side_cells(worse.get(name, none)),
        )
        rows.append(Row(f"{title} ({name})", cells))
    return Grid(
        ("metric", "verdict", "a quarter are above", "good up to", "median", "measured", *COMPARED),
        tuple(rows),
        n_text=1,
    )


def vital(name: str, value: float | None) -> str:
    """Write a metric: CLS has no unit, all others are milliseconds.

    >>> vital("CLS", 0.134), vital("INP", 184).replace("\u202f", "_")
    ('0.13', '184_ms')
    """
    if value is None:
        return NOTHING
    if name == "CLS":
        return f"{value:.2f}"
    return f"{value:.0f}\u202fms" if value < 1e3 else f"{value / 1e3:.1f}\u202fs"

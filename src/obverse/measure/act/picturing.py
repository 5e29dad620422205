"""The pictures of acts, and the picks that they carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from obverse.measure.estimate import scaled
from obverse.measure.picture import Bar, Bars, Pick, Picture, Side
from obverse.measure.split_figures import Figure
from obverse.measure.wording import count, percent

if TYPE_CHECKING:
    from obverse.measure.act.answer import ActAnswer, ActForm, ActPage, ActRow

PICKS = ("page", "element", "kind", "form", "outcome", "field")
"""What a pick may name: a page, an element on it and what was done with it; a form on it, what came of it,
and the field after which it was left."""

OUTCOMES = ("started", "submitted", "abandoned", "open")


def picture(answer: ActAnswer, side: Side) -> tuple[Picture, ...]:
    """Show what is pressed and run into, and where forms are left; or the money behind it."""
    if side == "value":
        return (_money_of_pages(answer), *_money(answer))
    found: list[Picture] = [_pressed(answer)] if _rows(answer, "click") else []
    titles = {"rage": "Rage clicks", "dead": "Clicks that did nothing", "error": "Errors met"}
    for kind, title in titles.items():
        rows = _rows(answer, kind)
        if rows:
            found.append(Bars(title, "people", tuple(_people_bar(answer, row) for row in rows)))
    compared = [row for row in answer.elements if row.versus.difference is not None]
    if compared:
        found.append(_differences(answer, compared))
    if answer.forms:
        found += [_given_up(answer), _left_after(answer)]
    return tuple(found) or (Bars("Clicks", "people", ()),)


# -- picks ----------------------------------------------------------------------------------------------


def act_pick(answer: ActAnswer, row: ActRow) -> Pick:
    """Say who did what a row counts."""
    kind = "burst" if row.kind == "rage" and answer.rage_by == "clicks" else row.kind
    element = {} if row.element is None else {"element": row.element}
    return {"page": row.page, **element, "kind": kind}


def page_pick(page: ActPage) -> Pick:
    """Say who was on a page."""
    return {"page": page.name}


def form_pick(form: ActForm, outcome: str) -> Pick:
    """Say who has an attempt with an outcome."""
    return {"page": form.page, "form": form.name, "outcome": outcome}


def figures(answer: ActAnswer) -> tuple[Figure, ...]:
    """Give the shares and means that groups are compared by."""
    people = {page.name: page.people for page in answer.pages}
    did = [
        Figure(
            what="Of those on the page, who did it",
            name=f"{pick['kind']}: {_name(row)}",
            people=people[row.page],
            value=row.share,
            pick=dict(pick),
        )
        for row in answer.elements
        for pick in [act_pick(answer, row)]
    ]
    given_up = [
        Figure(
            what="Forms given up",
            name=f"{form.name} on {form.page}",
            people=form.people,
            value=form.abandonment,
            pick=dict(form_pick(form, "abandoned")),
        )
        for form in answer.forms
    ]
    pages = answer.pages[: answer.question.n_rows]
    converting = [
        Figure(
            what="Converting after a page",
            name=page.name,
            people=page.people,
            value=page.conversion,
            pick=dict(page_pick(page)),
        )
        for page in pages
    ]
    money = [
        Figure(
            what="Money of a person on a page",
            name=page.name,
            of="money",
            people=page.people,
            value=scaled(page.value, 1 / page.people),
            pick=dict(page_pick(page)),
        )
        for page in pages
        if page.people
    ]
    return (*did, *given_up, *converting, *money)


# -- pictures -------------------------------------------------------------------------------------------


def _rows(answer: ActAnswer, kind: str) -> list[ActRow]:
    return [row for row in answer.elements if row.kind == kind]


def _name(row: ActRow) -> str:
    return f"{row.element} on {row.page}"


def _pressed(answer: ActAnswer) -> Bars:
    rows = tuple(
        Bar(
            _name(row),
            row.share.value,
            row.share.low,
            row.share.high,
            note=f"{count(row.people)} people, {count(row.times)} clicks",
            pick=act_pick(answer, row),
        )
        for row in _rows(answer, "click")
    )
    return Bars("What people press, of those on the page", "share", rows)


def _people_bar(answer: ActAnswer, row: ActRow) -> Bar:
    note = f"{count(row.times)} times, {percent(row.share.value or 0)} of those on the page"
    return Bar(_name(row), float(row.people), note=note, pick=act_pick(answer, row))


def _differences(answer: ActAnswer, compared: Iterable[ActRow]) -> Bars:
    rows = tuple(
        Bar(
            f"{row.kind}: {_name(row)}",
            row.versus.difference,
            row.versus.low,
            row.versus.high,
            note=f"{percent(row.conversion.value or 0)} against {percent(row.without.value or 0)}",
            pick=act_pick(answer, row),
        )
        for row in sorted(compared, key=lambda one: one.versus.difference or 0.0)
    )
    title = "Conversion of those who did it, less that of those who did not (together with it, not by it)"
    return Bars(title, "share", rows, 0.0, "no difference")


def _given_up(answer: ActAnswer) -> Bars:
    rows = tuple(
        Bar(
            f"{form.name} on {form.page}",
            form.abandonment.value,
            form.abandonment.low,
            form.abandonment.high,
            note=f"{count(form.abandoned)} of {count(form.abandoned + form.submitted)} attempts",
            pick=form_pick(form, "abandoned") if form.abandoned else None,
        )
        for form in answer.forms
        if form.abandonment.value is not None
    )
    return Bars("Forms given up", "share", rows)


def _left_after(answer: ActAnswer) -> Bars:
    rows = tuple(
        Bar(
            field.name,
            field.share.value,
            field.share.low,
            field.share.high,
            note=f"{count(field.left)} attempts",
            pick={"page": form.page, "form": form.name, "field": field.name},
            group=f"{form.name} on {form.page}",
        )
        for form in answer.forms
        for field in form.fields
        if field.left
    )
    return Bars("The last field filled in before a form was given up", "share", rows)


def _money_of_pages(answer: ActAnswer) -> Bars:
    rows = tuple(
        Bar(page.name, page.value.value, page.value.low, page.value.high, pick=page_pick(page))
        for page in answer.pages[: answer.question.n_rows]
    )
    return Bars("Money of those who were on a page", "money", rows)


def _money(answer: ActAnswer) -> tuple[Bars, ...]:
    rows = tuple(
        Bar(
            f"{row.kind}: {_name(row)}",
            row.value.value,
            row.value.low,
            row.value.high,
            pick=act_pick(answer, row),
        )
        for row in answer.elements
    )
    return (Bars("Money of those who did it", "money", rows),) if rows else ()

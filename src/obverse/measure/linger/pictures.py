"""What lingering shows: time on pages, what goes with staying long, and the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obverse.measure.picture import Bar, Bars, Of, Pick, Picture, Side
from obverse.measure.scope import OTHER
from obverse.measure.wording import count, duration, percent

if TYPE_CHECKING:
    from obverse.measure.estimate import Comparison, Estimate
    from obverse.measure.linger.answer import LingerAnswer, LingerPage


def draw(answer: LingerAnswer, side: Side) -> tuple[Picture, ...]:
    """Give the pictures of one side."""
    if side == "value":
        return _value(answer), _per_person(answer)
    shown: list[Picture] = [_times(answer), _totals(answer)]
    if answer.question.conversion is not None:
        shown.append(_difference(answer, "conversion_difference", "Converting: long stays less short ones"))
    if answer.question.of == "page":
        shown.append(_difference(answer, "leaving_difference", "Leaving: long stays less short ones"))
        shown.append(_exits(answer))
    return tuple(shown)


def _pick(page: LingerPage, **more: str) -> Pick | None:
    return None if page.name == OTHER else {"page": page.name, **more}


def _bar(page: LingerPage, found: Estimate, note: str = "", **more: str) -> Bar:
    return Bar(page.name, found.value, found.low, found.high, note, _pick(page, **more))


def _times(answer: LingerAnswer) -> Bars:
    rows = [_bar(page, page.median_s, f"{count(page.people)} people") for page in answer.pages]
    return Bars(title="Time of half of the views", of="seconds", rows=tuple(rows))


def _totals(answer: LingerAnswer) -> Bars:
    rows = [
        Bar(page.name, page.total_s, note=f"{count(page.timed)} views", pick=_pick(page))
        for page in answer.pages
    ]
    return Bars(title="Time in all", of="seconds", rows=tuple(rows))


def _exits(answer: LingerAnswer) -> Bars:
    rows = [_bar(page, page.exit_rate, outcome="left") for page in answer.pages]
    return Bars(title="Share of views after which people left", of="share", rows=tuple(rows))


def _difference(answer: LingerAnswer, field: str, title: str) -> Bars:
    rows = []
    for page in answer.pages:
        found: Comparison = getattr(page, field)
        rows.append(
            Bar(
                name=page.name,
                value=found.difference,
                low=found.low,
                high=found.high,
                note=_said(page, field) if found.reason is None else str(found.reason).replace("_", " "),
                pick=None
                if page.long_from_s is None
                else _pick(page, stay="long", from_s=spelt(page.long_from_s)),
            )
        )
    return Bars(title=title, of="share", rows=tuple(rows), reference=0.0, reference_name="no difference")


def _said(page: LingerPage, field: str) -> str:
    shares = [
        side.conversion.value if field.startswith("conversion") else side.leaving.value
        for side in (page.long, page.short)
    ]
    long, short = (percent(one or 0) for one in shares)
    return f"{long} from {duration(page.long_from_s or 0)} on, {short} below"


def _value(answer: LingerAnswer) -> Bars:
    rows = [
        Bar(
            page.name,
            page.value,
            note=f"{count(page.converting)} people",
            pick=_pick(page, outcome="converted"),
        )
        for page in answer.pages
    ]
    return Bars(title="Value of conversions after the page", of="money", rows=tuple(rows))


def _per_person(answer: LingerAnswer) -> Bars:
    of: Of = "money"
    rows = []
    for page in answer.pages:
        if page.long_from_s is None:
            continue
        for stay, side in (("long", page.long), ("short", page.short)):
            found, edge = side.value_per_person, spelt(page.long_from_s)
            rows.append(
                Bar(
                    name=f"{stay} stays",
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    note=f"{count(side.people)} people",
                    pick=_pick(page, stay=stay, from_s=edge),
                    group=page.name,
                )
            )
    return Bars(title="Value per person, by how long they stayed", of=of, rows=tuple(rows))


def spelt(seconds: float) -> str:
    """Write the time from which on a stay is long, so that it can be read back."""
    return repr(round(seconds, 6))

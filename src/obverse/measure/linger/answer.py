"""The answer about lingering: time on each page, and what goes with staying long."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Comparison, Estimate
from obverse.measure.linger.pictures import draw, spelt
from obverse.measure.linger.question import Linger
from obverse.measure.picture import Picture, Side
from obverse.measure.scope import OTHER
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, duration, percent


class LingerSide(msgspec.Struct, frozen=True, kw_only=True):
    """People who stayed long on a page, or short.

    Attributes:
        people: how many.
        converting: of them, those who converted later.
        conversion: their share.
        value_per_person: value of those conversions, on average over all of them.
        leaving: share whose session ended on the page, of those whose client told the time on it.
    """

    people: int
    converting: int
    conversion: Estimate
    value_per_person: Estimate
    leaving: Estimate


class LingerPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page or an element.

    Attributes:
        name: of the page; ``(other)`` for all that have no row.
        people: who viewed it.
        views: how often.
        timed: views whose time is known.
        total_s: their time, seconds.
        median_s: time of a view: half are no longer; within 1 % (or half a millisecond).
        p25_s: a quarter are no longer; None where no time is known.
        p75_s: three quarters.
        p90_s: nine of ten.
        exit_rate: share of views after which the session ended, where that is known.
        observed: people who were watched for as long as a conversion counts.
        converting: of them, those who converted after their first view.
        conversion: their share.
        value: value of those conversions.
        long_from_s: from how many seconds on a stay is long; None where nobody can be compared.
        long: people who stayed long.
        short: people who stayed short.
        conversion_difference: share converting of long less short stays; its p value is adjusted for there
            being many pages (Benjamini and Hochberg).
        leaving_difference: likewise the share leaving.
    """

    name: str
    people: int
    views: int
    timed: int
    total_s: float
    median_s: Estimate
    p25_s: float | None
    p75_s: float | None
    p90_s: float | None
    exit_rate: Estimate
    observed: int
    converting: int
    conversion: Estimate
    value: float
    long_from_s: float | None
    long: LingerSide
    short: LingerSide
    conversion_difference: Comparison
    leaving_difference: Comparison


class LingerAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to `Linger`.

    Attributes:
        question: what was asked.
        pages: pages or elements, most people first.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "linger"

    question: Linger
    pages: tuple[LingerPage, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()
    groups: tuple[AnswerGroup[LingerAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say where people stay longest, and where staying long goes with converting."""
        timed = [page for page in self.pages if page.median_s.value is not None]
        if not timed:
            return (
                f"Nobody viewed {'a page' if self.question.of == 'page' else 'an element'} for a known time."
            )
        longest = max(timed, key=lambda page: (page.median_s.value or 0, page.people))
        text = f"People stay longest on {longest.name}: half of its views last over "
        text += duration(longest.median_s.value or 0)
        clear = [page for page in self.pages if (page.conversion_difference.p_value or 1) < 0.05]
        if not clear:
            return text + "."
        most = max(clear, key=lambda page: abs(page.conversion_difference.difference or 0))
        long, short = (percent(side.conversion.value or 0) for side in (most.long, most.short))
        stayed = f"{long} of {count(most.long.people)} who stay long convert, {short} of others"
        return f"{text}. On {most.name}, {stayed}."

    def figures(self) -> tuple[Figure, ...]:
        """Give the time on each page, who leaves after it and who converts, and money by length of stay."""
        return tuple(figure for page in self.pages if page.name != OTHER for figure in _figures(page))

    def _table(self) -> pa.Table:
        """Give a row for each page or element."""
        return pa.Table.from_pylist([_record(page) for page in self.pages], schema=_SCHEMA)

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show one side: time on pages and what goes with it, or the money.

        Args:
            side: ``people`` or ``value``.
        """
        return draw(self, side)


def _figures(page: LingerPage) -> list[Figure]:
    name, pick = page.name, {"page": page.name}
    told = [
        Figure(
            what="Time of half of the views",
            name=name,
            of="seconds",
            people=page.people,
            value=page.median_s,
            pick=pick,
        ),
        Figure(
            what="Leaving after it",
            name=name,
            people=page.people,
            value=page.exit_rate,
            pick=pick | {"outcome": "left"},
        ),
        Figure(
            what="Converting after it",
            name=name,
            people=page.observed,
            value=page.conversion,
            pick=pick | {"outcome": "converted"},
        ),
    ]
    for stay, side in (("long", page.long), ("short", page.short)):
        if page.long_from_s is not None:
            told.append(
                Figure(
                    what=f"Value of a person who stays {stay}",
                    name=name,
                    of="money",
                    people=side.people,
                    value=side.value_per_person,
                    pick=pick | {"stay": stay, "from_s": spelt(page.long_from_s)},
                )
            )
    return told


_COUNTS = ("people", "views", "timed", "observed", "converting")
_ESTIMATES = ("median_s", "exit_rate", "conversion")
_DIFFERENCES = ("conversion_difference", "leaving_difference")
_PLAIN = ("total_s", "p25_s", "p75_s", "p90_s", "value", "long_from_s")


def _record(page: LingerPage) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(page, name) for name in ("name", *_COUNTS, *_PLAIN)}
    for name in (*_ESTIMATES, *_DIFFERENCES):
        row |= cells(name, getattr(page, name))
    return row | {f"{name}_p": getattr(page, name).p_value for name in _DIFFERENCES}


_SCHEMA = pa.schema(
    [
        pa.field("name", pa.string()),
        *(pa.field(name, pa.int64()) for name in _COUNTS),
        *(pa.field(name, pa.float64()) for name in _PLAIN),
        *estimated(*_ESTIMATES),
        *(
            pa.field(f"{name}{end}", pa.float64())
            for name in _DIFFERENCES
            for end in ("", "_low", "_high", "_p")
        ),
    ]
)

"""The question of a trend: see `obverse.measure.trend` for what each part means."""

from __future__ import annotations

import string
from functools import lru_cache
from typing import get_args

import msgspec

from obverse.errors import QuestionError
from obverse.measure.fields import Events, check_number
from obverse.measure.period import zone_of
from obverse.measure.protocol import Unit
from obverse.measure.scope import Grain, SplitScope
from obverse.measure.trend.formula import Formula, read_formula
from obverse.measure.trend.series import Series, read_series
from obverse.measure.window import WIDTH_US, Window, before_of, window_of
from obverse.tape.layout import Number, Selection

MAX_SERIES = 10
MAX_FORMULAS = 10
MAX_ROLLING = 366
MAX_CELLS = 200_000
"""More rows and groups than anybody can read, or a chart can show."""


class Trend(SplitScope, frozen=True, kw_only=True, tag="trend"):
    """What happened when: events, people, sessions or money by hour, day, week or month.

    Attributes:
        series: what is counted, one line each: events, with how to count them before a colon:
            ``Product Viewed`` (how often it happened), ``people: Order Completed`` (how many different
            people), ``sessions:``, ``accounts:``, ``events per person:``, ``value:`` (money),
            ``sum properties.price:``, and likewise ``average``, ``minimum``, ``maximum``, ``median`` and
            ``p90``.
        formulas: lines computed from the series, which are called A, B, C in their order:
            ``100 * B / A as Buyers in a hundred``.
        grain: what one point of a line stands for: ``hour``, ``day``, ``week`` (from Monday) or ``month``.
        rolling: how many hours, days, weeks or months each point covers, its own the last: with 7 days every
            point is the seven days up to it, and people are counted once in them.
        cumulative: each point covers everything from the start of the period up to it.
        compare: put the period before beside it, of the same length; needs a start.
    """

    series: tuple[Events, ...] = ("people: *",)
    formulas: tuple[str, ...] = ()
    grain: Grain = "day"
    rolling: int = 1
    cumulative: bool = False
    compare: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for name in ("series", "formulas"):
            msgspec.structs.force_setattr(self, name, tuple(getattr(self, name)))
        if self.grain not in get_args(Grain):
            raise QuestionError(f"grain: {self.grain!r} is none of {', '.join(get_args(Grain))}")
        if self.grain == "hour" and self.start is None:
            raise QuestionError("grain: hours need a start of the period")
        if self.compare and self.start is None:
            raise QuestionError("compare: name the start of the period, so that there is one before it")
        check_number(self.rolling, "rolling", 1, MAX_ROLLING)
        if self.cumulative and self.rolling > 1:
            raise QuestionError("rolling: a point covers some rows, or all so far (cumulative), not both")
        check_number(len(self.series), "series", 1, MAX_SERIES)
        check_number(len(self.formulas), "formulas", 0, MAX_FORMULAS)
        self._check_series()

    def _check_series(self) -> None:
        accounts = {one.counting == "accounts" for one in self.lines}
        if len(accounts) > 1:
            raise QuestionError("series: accounts cannot be counted beside anything else; ask for them alone")
        for one in self.lines:
            one.selection(self.where)
        _ = self.computed

    @property
    def lines(self) -> tuple[Series, ...]:
        """The series, read."""
        return _read(self.series)

    @property
    def computed(self) -> tuple[Formula, ...]:
        """The formulas, read."""
        letters = string.ascii_uppercase[: len(self.series)]
        return tuple(read_formula(text, letters) for text in self.formulas)

    @property
    def unit(self) -> Unit:
        """What a unit of the layout is: a session or an account where those are counted."""
        counted = {one.counting for one in self.lines}
        if "accounts" in counted:
            return "account"
        return "session" if "sessions" in counted else "person"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The different events that the series are of, one track each."""
        return tuple(dict.fromkeys(one.selection(self.where) for one in self.lines))

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The different fields whose numbers the series take."""
        tracks = self.selections
        wanted = (
            Number(one.field, tracks.index(one.selection(self.where)))
            for one in self.lines
            if one.field is not None
        )
        return tuple(dict.fromkeys(wanted))

    def windows(self, newest: int) -> tuple[Window, ...]:
        """Give the spans of time that are counted: the period before, where it is asked for, and the period.

        Args:
            newest: time of the newest event in the lake, µs.

        Raises:
            QuestionError: there are more rows than can be shown.
        """
        zone = zone_of(self.zone)
        start, end = self.period_us
        self._check_rows(start, min(end, max(newest, start) + WIDTH_US[self.grain]))
        found = [window_of(start, end, newest, zone, self.grain, self.rolling)]
        if self.compare and (before := before_of(start, end, newest, zone, self.grain, self.rolling)):
            found.insert(0, before)
        return tuple(found)

    def _check_rows(self, start: int, end: int) -> None:
        n_groups = self.n_groups + 1 if self.by is not None else 1
        n_rows = (end - start) // WIDTH_US[self.grain]
        if self.start is not None and n_rows * n_groups > MAX_CELLS:
            raise QuestionError(f"grain: {n_rows} rows, one for each {self.grain}; choose a longer one")


@lru_cache(maxsize=256)
def _read(texts: tuple[str, ...]) -> tuple[Series, ...]:
    return tuple(map(read_series, texts, string.ascii_uppercase))

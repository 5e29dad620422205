"""Who is behind a point of a trend."""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.behind import during, persons_of, units_with
from obverse.measure.grouping import code_of
from obverse.measure.period import zone_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.trend.grid import number_of
from obverse.measure.trend.question import Trend
from obverse.measure.trend.series import Series
from obverse.measure.window import Window, name_of
from obverse.tape.layout import Bools, Layout


def behind(question: Trend, layout: Layout, pick: Pick) -> Bools:
    """Say who has an event that the picked part counts; see `obverse.measure.trend.TrendMeasure.behind`.

    Raises:
        QuestionError: there is no such series, row, group or period, or accounts are counted.
    """
    check_pick(pick, ("series", "row", "group", "period"))
    if question.unit == "account":
        raise QuestionError("series: accounts are counted; ask with people for the people")
    start, end = _span(question, layout, pick)
    found = np.zeros(layout.n_units, dtype=np.bool_)
    for one in _picked(question, pick):
        at = question.selections.index(one.selection(question.where))
        track = layout.tracks[at]
        kept = during(track, start, end)
        if "group" in pick:
            kept &= _grouped(question, layout, at, pick["group"])
        number = number_of(question, one, layout)
        if number is not None:
            kept &= np.isfinite(number)
        found |= units_with(track, kept)
    return persons_of(layout, found)


def _picked(question: Trend, pick: Pick) -> tuple[Series, ...]:
    """Give the series that are meant."""
    if "series" not in pick:
        return question.lines
    letters = [one.letter for one in question.lines]
    if pick["series"] not in letters:
        raise QuestionError(unknown("series", pick["series"], letters))
    return (question.lines[letters.index(pick["series"])],)


def _grouped(question: Trend, layout: Layout, track: int, name: str) -> Bools:
    """Say which of a track's events are in a group."""
    codes = layout.tracks[track].codes
    if question.by is None or codes[0] is None:
        raise QuestionError("group: the question is not split")
    found: Bools = codes[0] == code_of(layout.labels[0], name)
    return found


def _span(question: Trend, layout: Layout, pick: Pick) -> tuple[int, int]:
    """Give the first instant that the picked row covers and the first after it; of the period for no row."""
    window = _window(question, layout, pick.get("period", "now"))
    if "row" not in pick:
        return window.start, window.end
    zone = zone_of(question.zone)
    starts = window.edges[window.lead : -1].tolist()
    for bucket, start in enumerate(starts, window.lead):
        if name_of(start, zone, question.grain) == pick["row"]:
            covered = window.lead if question.cumulative else max(bucket - question.rolling + 1, 0)
            return int(window.edges[covered]), int(window.edges[bucket + 1])
    raise QuestionError(f"row: there is no {pick['row']!r}; there is one for each {question.grain}")


def _window(question: Trend, layout: Layout, period: str) -> Window:
    windows = question.windows(layout.newest)
    if period not in ("now", "before") or (period == "before" and len(windows) == 1):
        raise QuestionError(unknown("period", period, ("now", "before")[: len(windows)]))
    return windows[0 if period == "before" else -1]

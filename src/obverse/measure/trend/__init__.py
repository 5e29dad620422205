"""Trends: what happened when, by hour, day, week or month of a time zone.

What is counted, exactly
    Buckets of time are hours, days, weeks (from Monday) or months of `zone`; an event is in the one whose
    first instant it is not before and whose end it is before. A day is 23 or 25 hours long where clocks
    change, and an hour that is repeated is two. Only events in ``[start, end)`` that pass `where` count; the
    first and the last bucket are cut there, and marked incomplete, as is one that was not over when the
    newest event happened. Rows that begin after the newest event are not shown.

    ========================= ==================================== =============== ============= ============
    series                    what is counted                      PostHog         Mixpanel      Amplitude
    ========================= ==================================== =============== ============= ============
    ``A``, ``events: A``      events                               total count     total events  totals
    ``people: A``             who has such an event, each once in  unique users    unique users  uniques
                              a bucket and group
    ``sessions: A``           sessions with such an event; one     unique sessions total         sessions
                              over midnight counts in both days                    sessions
    ``accounts: A``           organisations                        unique groups   group uniques (by group)
    ``events per person: A``  events for each who has any          average count   frequency     average
                                                                   per user        per user
    ``value: A``              money of the events                  property sum    sum           sum of value
    ``sum field: A``          sum of a number of the events        property sum    sum           sum of value
    ``average field: A``      mean over the events that have it    average         average       average
    ``minimum``, ``maximum``  smallest, largest                    min, max        min, max      min, max
    ``median``, ``p90``, …    percentiles of it                    median, p90     median, p90   p50, p90
    ========================= ==================================== =============== ============= ============

``by``
    Each event is in the group of its own value. Who has events in several groups is counted once in each,
    so people of groups do not add up to all people; `TrendSeries.total` counts them once.

``rolling`` and ``cumulative``
    A point covers the last `rolling` buckets, its own included, or all from the start of the period. Events
    and money are added up; people, sessions and accounts are counted once in what the point covers, never
    added up (Mixpanel, Amplitude: rolling uniques; PostHog: weekly and monthly active users). What lies
    before the period is read as well, so that the first point covers as much as the last; its bucket is not
    cut at `start`. Divide by the number of buckets for a rolling average: the formula ``A / 7``.

``compare``
    Row k of the period before is beside row k: as many days earlier as the period has.

Totals
    Of a whole series, over all rows: who is counted in several rows is counted once.

Intervals
    Counts and sums are what happened and have none, nor have smallest and largest. A formula that is a line
    in one series, as ``A / 7``, has that series' interval on the line; any other has the reason ``computed``
    in place of one, as what a person has in several series is not tallied together. An average is a
    ratio of two sums over people, each person one draw, by the delta method (Cochran 1977, 2.11); events per
    person the mean over people, by Student's t. Where a point covers several buckets, the average's draws
    are one a person and bucket, so its interval is somewhat too narrow, and the answer says so. A percentile
    is the smallest number that at least that share of all are not above, to within 0.8 %, from a sketch that
    merges exactly (`obverse.measure.trend.adding`); its interval is between two order statistics (Conover
    1999, 3.2), and takes events as independent.
"""

from __future__ import annotations

from obverse.measure.picture import Pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.trend.answer import TrendAnswer, TrendGroup, TrendRow, TrendSeries
from obverse.measure.trend.answering import answer as _answer
from obverse.measure.trend.behind import behind as _behind
from obverse.measure.trend.grid import first_bucket, grid_of, number_of, source_of
from obverse.measure.trend.question import Trend
from obverse.measure.trend.series import Series
from obverse.measure.trend.summary import Tally, TrendSummary, add, count
from obverse.measure.window import Window
from obverse.tape.layout import Bools, Key, Layout

__all__ = ["Trend", "TrendAnswer", "TrendGroup", "TrendMeasure", "TrendRow", "TrendSeries", "TrendSummary"]

_COUNT_WHO = ("people", "sessions", "accounts")


class TrendMeasure:
    """Trends as a measure: see `obverse.measure.protocol`."""

    question = Trend

    def plan(self, question: Trend) -> Plan:
        """Name the different events of the series, each once."""
        tracks = question.selections
        everywhere = tuple(range(len(tracks)))
        return Plan(
            selections=tracks,
            unit=question.unit,
            value=True,
            keys=() if question.by is None else (Key(question.by, everywhere, question.n_groups),),
            numbers=question.numbers,
        )

    def scan(self, question: Trend, layout: Layout, units: range) -> TrendSummary:
        """Scan a slice of units."""
        windows = question.windows(layout.newest)
        found = (
            tuple(_tally(question, one, window, layout, units) for one in question.lines)
            for window in windows
        )
        return TrendSummary(tuple(found), layout.newest)

    def behind(self, question: Trend, layout: Layout, pick: Pick) -> Bools:
        """Say who is behind ``{"series": "A", "row": "2026-03-01", "group": "DE"}``.

        Any part may be left out; ``"period": "before"`` is for a row of the period before.
        """
        return _behind(question, layout, pick)

    def answer(self, question: Trend, summary: TrendSummary, facts: Facts) -> TrendAnswer:
        """Turn the summary into the answer."""
        return _answer(question, summary, facts)


def _tally(question: Trend, one: Series, window: Window, layout: Layout, units: range) -> Tally:
    """Count one series in one window."""
    track = layout.tracks[question.selections.index(one.selection(question.where))]
    number = number_of(question, one, layout)
    source = source_of(track, layout, one.counting != "sessions", number)
    first = 0 if question.start is not None else first_bucket(source, window, units)
    n_groups = 1 if question.by is None else len(layout.labels[0]) + 1
    grid = grid_of(window, first, question.grain, n_groups)
    n_buckets = len(window.edges) - 1
    if number is not None:
        by_person, sketched = one.counting == "average", one.counting == "percentile"
        return add(source, grid, first, units, n_buckets, by_person=by_person, sketched=sketched)
    span = n_buckets if question.cumulative else question.rolling
    per_person, distinct = one.counting == "events per person", one.counting in _COUNT_WHO
    gathered = per_person or (distinct and span > 1 and len(source.whose) > 0)
    return count(source, grid, first, units, distinct=distinct, span=span, gathered=gathered)

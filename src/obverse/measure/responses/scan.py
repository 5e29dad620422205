"""The scan of responses: how far each submission came, and the sums of that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from obverse.measure.asked import STATES
from obverse.measure.histogram import bins_of, n_bins
from obverse.measure.responses.choices import choices_of
from obverse.measure.responses.question import Responses
from obverse.measure.responses.summary import (
    ANSWERED,
    FIRST_ROW,
    N_REACHED,
    NOT_RESPONDED,
    PARTLY,
    RESPONDED,
    SHOWN,
    STARTED,
    WHOLE,
    ResponsesSummary,
)
from obverse.measure.rows import Rows, rows_of
from obverse.measure.submissions import (
    FINAL,
    Submissions,
    asked_of,
    codes_of,
    conversions,
    states_of,
    submissions,
)
from obverse.measure.submissions import PARTLY as SENT
from obverse.measure.tallying import moments_by, pairs_by, places_of, repeated, things_by
from obverse.tape.layout import Bools, Floats, Int64s, Layout

SECONDS, NUMBER = 0, 1
"""Places of numbers in the plan: how long it took; the answer."""

LONGEST_US = 30 * 86_400_000_000
"""What took longer counts with this."""


class Keys(NamedTuple):
    """Places of keys in the plan; -1 where there is none."""

    answer: int
    by: int


def keys_of(question: Responses) -> Keys:
    """Say where a question's keys stand, after those of event and submission."""
    asked = question.question is not None
    return Keys(2 if asked else -1, -1 if question.by is None else 2 + asked)


class Times(NamedTuple):
    """Times of asking in the period, in the order of units.

    Attributes:
        found: what they are made of.
        time: when each began, µs.
        reached: shape (n, 7), whether it came so far; see `obverse.measure.responses.summary`.
        option: label of the answer to the question; -1 for none.
    """

    found: Submissions
    time: Int64s
    reached: Bools
    option: Int64s

    def only(self, mask: Bools) -> Times:
        """Give some of them."""
        return Times(
            Submissions._make(one[mask] for one in self.found),
            self.time[mask],
            self.reached[mask],
            self.option[mask],
        )

    @property
    def responded(self) -> Bools:
        """Which were answered, wholly or partly."""
        found: Bools = self.reached[:, ANSWERED] | self.reached[:, PARTLY]
        return found


def take(question: Responses, layout: Layout, units: range) -> Times:
    """Find the times of asking that began in the period."""
    track, keys = layout.tracks[0], keys_of(question)
    state = states_of(layout, 0)
    there = (state == FINAL) | (state == SENT)
    if keys.answer >= 0:
        labels, codes = layout.labels[keys.answer], codes_of(track, keys.answer)
        there &= codes != (labels.index(None) if None in labels else -1)
    found = submissions(asked_of(layout, there, None if keys.by < 0 else keys.by), units)
    option = np.full(len(found.unit), -1, dtype=np.int64)
    if keys.answer >= 0:
        option[found.answer >= 0] = codes[found.answer[found.answer >= 0]]
    time = track.time[found.first]
    start, end = question.period_us
    return Times(found, time, _reached(found.states), option).only((time >= start) & (time < end))


def _reached(states: Int64s) -> Bools:
    """Say how far each came, from the events that there are."""
    shown, started, sent, answered, abandoned, dismissed = (
        (states >> bit) & 1 == 1 for bit in range(len(STATES))
    )
    began = started | sent | answered | abandoned
    found: Bools = np.stack(
        [
            np.ones(len(states), dtype=np.bool_),
            shown,
            began,
            sent & ~answered,
            abandoned & ~answered,
            dismissed & ~began,
            answered,
        ],
        axis=-1,
    )
    return found


def scan(question: Responses, layout: Layout, units: range) -> ResponsesSummary:
    """Scan a slice of units into a summary."""
    rows, keys = rows_of(question, question.grain, layout.newest), keys_of(question)
    n_groups = 0 if keys.by < 0 else len(layout.labels[keys.by]) + 1
    times = take(question, layout, units)
    group = places_of(times.found.group, n_groups)
    return ResponsesSummary(
        **_reach(times, rows, group, n_groups),
        seconds=_seconds(layout, times, group, n_groups),
        **_answers(question, layout, times, group, n_groups),
        **_after(question, layout, times, n_groups),
        newest=layout.newest,
    )


def _reach(times: Times, rows: Rows, group: Int64s, n_groups: int) -> dict[str, Any]:
    """Count submissions and people by how far they came, in the period and in each row."""
    whole = (times.found.unit, times.time, times.reached, times.responded)
    unit, time, reached, responded = (repeated(one, n_groups) for one in whole)
    n = n_groups + 1
    places, _, sums = things_by(unit, group, n, *reached.T.astype(np.float64))
    people = np.stack([np.bincount(places, one > 0, n) for one in sums], axis=-1)
    row = np.searchsorted(rows.edges, time, side="right") - 1
    spans, shape = 1 + rows.n, (n, 1 + rows.n)
    in_row = np.flatnonzero((row >= 0) & (row < rows.n))
    at = np.concatenate([np.arange(len(time)), in_row])
    place = group[at] * spans + np.concatenate([np.full(len(time), WHOLE), row[in_row] + FIRST_ROW])
    counts = np.stack([np.bincount(place[one[at]], minlength=n * spans) for one in reached.T], axis=-1)
    shown, began = reached[at, SHOWN], reached[at, SHOWN] & reached[at, STARTED]
    return {
        "reached": counts.reshape(*shape, N_REACHED),
        "people": people.astype(np.int64),
        "response": _pairs(unit[at], place, shown, responded[at], n * spans).reshape(*shape, 6),
        "completion": _pairs(unit[at], place, began, reached[at, ANSWERED], n * spans).reshape(*shape, 6),
    }


def _pairs(unit: Int64s, place: Int64s, among: Bools, marked: Bools, n: int) -> Floats:
    """Give moments of each person's (things with a mark, things)."""
    places, things, (with_mark,) = things_by(unit[among], place[among], n, marked[among].astype(np.float64))
    return pairs_by(places, n, with_mark, things.astype(np.float64))


def _seconds(layout: Layout, times: Times, group: Int64s, n_groups: int) -> Int64s:
    """Count those answered by how long they took."""
    seconds = layout.tracks[0].numbers[SECONDS]
    assert seconds is not None  # noqa: S101 - the plan asks for it
    final, n = repeated(times.found.final, n_groups), n_groups + 1
    took = np.where(final >= 0, seconds[final], np.nan)
    known = took >= 0
    us = np.minimum(took[known] * 1e6, LONGEST_US).astype(np.int64)
    bins = n_bins(LONGEST_US)
    place = group[known] * bins + bins_of(us)
    return np.bincount(place, minlength=n * bins).reshape(n, bins)


def _answers(
    question: Responses, layout: Layout, times: Times, group: Int64s, n_groups: int
) -> dict[str, Any]:
    """Count answers to the question by label; of numbers their moments."""
    keys, n = keys_of(question), n_groups + 1
    numbers = np.zeros((n, 6))
    labels = layout.labels[keys.answer] if keys.answer >= 0 else ()
    n_labels = len(labels) + 1
    option, unit = repeated(times.option, n_groups), repeated(times.found.unit, n_groups)
    there = option >= 0
    options = np.bincount(group[there] * n_labels + option[there], minlength=n * n_labels)
    choices = choices_of(labels, question.shape)
    of_options, of_rows = choices.sums(unit[there], group[there], n, option[there])
    if question.shape == "number":
        values = layout.tracks[0].numbers[NUMBER]
        assert values is not None  # noqa: S101 - the plan asks for it
        answer = repeated(times.found.answer, n_groups)
        value = np.where(answer >= 0, values[answer], np.nan)
        known = np.isfinite(value)
        places, many, (sums,) = things_by(unit[known], group[known], n, value[known])
        numbers = pairs_by(places, n, sums, many.astype(np.float64))
    return {
        "options": options.reshape(n, n_labels),
        "of_options": of_options,
        "of_rows": of_rows,
        "numbers": numbers,
    }


class Watched(NamedTuple):
    """The first time that each person was shown the survey, and what came of it.

    Attributes:
        times: one a person.
        known: it is long enough ago to say.
        converted: whether they converted in time.
        worth: money of that.
    """

    times: Times
    known: Bools
    converted: Bools
    worth: Floats


def watch(question: Responses, layout: Layout, times: Times) -> Watched:
    """Look at what people did after they were first shown the survey.

    The clock starts for all when it was shown, not when it was answered: who answers has waited longer by
    then, and would be compared with people who had no such time to leave in.
    """
    shown = times.only(times.reached[:, SHOWN])
    order = np.lexsort((shown.time, shown.found.unit))
    unit = shown.found.unit[order]
    firsts = order[np.append(True, unit[1:] != unit[:-1])[: len(unit)]]
    mask = np.zeros(len(unit), dtype=np.bool_)
    mask[firsts] = True
    first = shown.only(mask)
    until = first.time + question.within_us
    n, worth = conversions(layout.tracks[1], first.found.unit, first.time, until)
    return Watched(first, until <= layout.newest, n > 0, worth)


def _after(question: Responses, layout: Layout, times: Times, n_groups: int) -> dict[str, Any]:
    """Count who converted of those who responded and of those who did not."""
    seen, n = watch(question, layout, times), n_groups + 1
    group = places_of(seen.times.found.group, n_groups)
    known = repeated(seen.known, n_groups)
    which = np.where(repeated(seen.times.responded, n_groups), RESPONDED, NOT_RESPONDED)
    place = (group * 2 + which)[known]
    converted, worth = repeated(seen.converted, n_groups)[known], repeated(seen.worth, n_groups)[known]
    return {
        "converted": np.bincount(place[converted], minlength=2 * n).reshape(n, 2),
        "money": moments_by(place, 2 * n, worth).reshape(n, 2, 3),
        "too_recent": np.bincount(group[~known], minlength=n),
    }

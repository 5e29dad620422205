"""Responses: who was asked, how far they came, what one question was answered, and who converted afterwards.

What is counted, exactly
    A *submission* is one time of asking: the events of a person with the same ``properties.submission_id``,
    in whatever order and however often they come. It counts if its earliest event is in ``[start, end)``;
    what happens to it later counts as well. What it came to is the latest that is known: completed after it
    was partly answered is completed, once.

    *Shown*: there is a `Survey Shown`. *Started*: something was chosen, typed or sent. *Answered*: completed.
    *Partly answered*: some answers were sent, and it was not completed. *Abandoned*: left after it was
    started and not completed since; it may be partly answered too. *Dismissed*: closed before anything was
    chosen, and not taken up again.

Rates
    *Response rate*: answered or partly answered ÷ shown; AAPOR's RR2 with all who were shown it as eligible.
    (PostHog divides sent by shown, Formbricks responses by displays.) *Completion rate*: answered ÷ started.
    Both are of submissions that were recorded as shown: an import has answers without anybody who was asked
    and did not answer, and an answer whose showing was lost is no more likely than a silence whose showing
    was.

Answers to a question
    Of each submission that answered it, its latest answers. A list counts each of its options once, an object
    each of its rows; shares are of submissions that answered the question (that row), and of several options
    add up to more than one. Ranks begin at 1.

Value
    What people did within `within` of the first time in the period that they were shown the survey: of those
    who responded to it then and of those who did not. Both clocks start when it was shown. This is an
    association: who answers is another kind of person.

Intervals of confidence
    Rates and shares: Wilson, of as many independent submissions as tell the same, since several of one person
    are alike (`obverse.measure.clustered`). Median: two order statistics. Means, also of ranks: Student's t,
    of people. The difference: Newcombe's method 10.
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError, unknown
from obverse.measure.asked import EVENT_KEY, SUBMISSION_KEY
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.responses.answer import (
    After,
    Chosen,
    Reached,
    ResponsesAnswer,
    ResponsesGroup,
    ResponsesRow,
)
from obverse.measure.responses.answering import answer
from obverse.measure.responses.options import Part, parts_of
from obverse.measure.responses.question import Responses
from obverse.measure.responses.scan import Times, keys_of, scan, take, watch
from obverse.measure.responses.summary import (
    ABANDONED,
    ANSWERED,
    DISMISSED,
    PARTLY,
    SHOWN,
    STARTED,
    ResponsesSummary,
)
from obverse.measure.rows import rows_of
from obverse.tape.layout import Bools, Key, Layout, Number
from obverse.tape.planning import MAX_LABELS

__all__ = [
    "After",
    "Chosen",
    "Reached",
    "Responses",
    "ResponsesAnswer",
    "ResponsesGroup",
    "ResponsesMeasure",
    "ResponsesRow",
    "ResponsesSummary",
]

_COLUMNS = {
    "shown": SHOWN,
    "started": STARTED,
    "partly_answered": PARTLY,
    "abandoned": ABANDONED,
    "dismissed": DISMISSED,
    "answered": ANSWERED,
}
_AFTER = ("responded", "not_responded")


class ResponsesMeasure:
    """Responses as a measure: see `obverse.measure.protocol`."""

    question = Responses

    def plan(self, question: Responses) -> Plan:
        """Name the survey's events and the conversions."""
        keys, numbers = [EVENT_KEY, SUBMISSION_KEY], [Number("properties.seconds", 0, optional=True)]
        if question.question is not None:
            field = f"properties.answers.{question.question}"
            keys.append(Key(field, (0,), MAX_LABELS, optional=True))
            numbers += [Number(field, 0, optional=True)] * (question.shape == "number")
        if question.by is not None:
            keys.append(Key(question.by, (0,), question.n_groups))
        return Plan(question.selections, value=True, keys=tuple(keys), numbers=tuple(numbers))

    def scan(self, question: Responses, layout: Layout, units: range) -> ResponsesSummary:
        """Scan a slice of units."""
        return scan(question, layout, units)

    def behind(self, question: Responses, layout: Layout, pick: Pick) -> Bools:
        """Say whose submissions are meant.

        Args:
            question: what is asked.
            layout: what its plan laid out.
            pick: how far it came (``state``: as in the answer, or ``responded``), in which ``row`` and
                ``group``, which ``option`` was chosen (``of`` which row of a matrix); or who ``after`` being
                shown it first ``responded`` or ``not_responded``, ``converted`` (``yes``) or whatever.

        Raises:
            QuestionError: there is no such part.
        """
        check_pick(pick, ("state", "row", "group", "option", "of", "after", "converted"))
        times = take(question, layout, range(layout.n_units))
        if "after" in pick:
            times = _seen(question, layout, times, pick)
        times = times.only(_meant(question, layout, times, pick))
        marked = np.zeros(layout.n_units, dtype=np.bool_)
        marked[times.found.unit] = True
        return marked

    def answer(self, question: Responses, summary: ResponsesSummary, facts: Facts) -> ResponsesAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _seen(question: Responses, layout: Layout, times: Times, pick: Pick) -> Times:
    """Give the first times of those who responded, or did not, and converted."""
    if pick["after"] not in _AFTER:
        raise QuestionError(unknown("after", pick["after"], _AFTER))
    seen = watch(question, layout, times)
    meant = seen.known & (seen.times.responded == (pick["after"] == "responded"))
    return seen.times.only(meant & seen.converted if "converted" in pick else meant)


def _meant(question: Responses, layout: Layout, times: Times, pick: Pick) -> Bools:
    meant = np.ones(len(times.time), dtype=np.bool_)
    if pick.get("state") == "responded":
        meant &= times.responded
    elif "state" in pick:
        if pick["state"] not in _COLUMNS:
            raise QuestionError(unknown("state", pick["state"], [*_COLUMNS, "responded"]))
        meant &= times.reached[:, _COLUMNS[pick["state"]]]
    if "row" in pick:
        rows = rows_of(question, question.grain, layout.newest)
        row = rows.number(pick["row"])
        meant &= (times.time >= rows.edges[row]) & (times.time < rows.edges[row + 1])
    if "group" in pick:
        if question.by is None:
            raise QuestionError(f"group: {pick['group']!r} was asked for, but there is no split")
        meant &= times.found.group == code_of(layout.labels[keys_of(question).by], pick["group"])
    if "option" in pick:
        meant &= np.isin(times.option, _labels_with(question, layout, pick))
    return meant


def _labels_with(question: Responses, layout: Layout, pick: Pick) -> list[int]:
    """Give the labels of answers that chose an option.

    Raises:
        QuestionError: no question is asked about, or nobody chose it.
    """
    if question.question is None:
        raise QuestionError(f"option: {pick['option']!r} was asked for, but no question is asked about")
    labels = layout.labels[keys_of(question).answer]
    chosen = [() if label is None else parts_of(label, question.shape) for label in labels]
    bare = [{Part(part.row, part.name) for part in parts} for parts in chosen]
    meant = Part(pick.get("of", ""), pick["option"])
    found = [code for code, parts in enumerate(bare) if meant in parts]
    if not found:
        raise QuestionError(unknown("option", meant.name, {part.name for parts in bare for part in parts}))
    return found

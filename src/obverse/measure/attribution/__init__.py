"""Attribution: which touchpoints and campaigns conversions are owed to, by six models side by side.

What is counted, exactly
    A *touch* is an event of `touches` with a value of the field `channel`; events of one channel that follow
    each other within `gap` are one touch, at the time of the last of them. A conversion is not a touch, and
    neither is an event without a value (Google Analytics: direct visits never take credit from others).
    A *journey* is a person's touches up to a conversion, at most `lookback` before it, since their
    conversion before. Conversions in ``[start, end)`` are shared out among the touches of their journeys;
    each is shared out whole. Those without any touch stand in a row of their own.

Models
    ``first``, ``last``: all to the first, the last touch. ``linear``: the same to each. ``time_decay``: half
    as much for each `half_life` that a touch is earlier than the last one. ``position``: 40 % to the first,
    40 % to the last, the rest to those between (two touches: half each). ``markov``: by removal effect, see
    `obverse.measure.attribution.markov`; it also looks at journeys that came to nothing. (PostHog, Mixpanel:
    first touch, last touch, linear, time decay, U-shaped (position); Amplitude: the same; Google Analytics
    calls its own model data-driven.)

    A journey *came to nothing* if its last touch is in the period and no conversion followed within
    `lookback`; where that time is not over yet it is still open, and left out.

``by``
    A person is in the group of the value at their first touch or conversion in the period
    (`obverse.measure.split`).

Intervals
    Rules: conversions owed to a channel are a sum over converting people, by Student's t. Markov: the
    delete-one-group jackknife over 20 groups of people. All models share out what happened: none says what
    would have happened without a channel. Only an experiment does.
"""

from __future__ import annotations

import numpy as np

from obverse.measure.attribution.answer import (
    AttributionAnswer,
    AttributionChannel,
    AttributionCredit,
    answer,
)
from obverse.measure.attribution.question import Attribution
from obverse.measure.attribution.scan import attribute
from obverse.measure.attribution.summary import AttributionSummary
from obverse.measure.behind import during, persons_of, units_with
from obverse.measure.fields import selection
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.question import duration_us
from obverse.tape.layout import Bools, Key, Layout

__all__ = [
    "Attribution",
    "AttributionAnswer",
    "AttributionChannel",
    "AttributionCredit",
    "AttributionMeasure",
    "AttributionSummary",
]


class AttributionMeasure:
    """Attribution as a measure: see `obverse.measure.protocol`."""

    question = Attribution

    def plan(self, question: Attribution) -> Plan:
        """Name the touches, with their channels, and the conversions."""
        return Plan(
            selections=(
                selection(question.touches, "touches", question.where),
                selection(question.conversion, "conversion", question.where),
            ),
            value=True,
            keys=(Key(question.channel, (0,), question.n_channels),),
        )

    def split_at(self, question: Attribution) -> tuple[int, ...]:
        """Split by touches and conversions."""
        return (0, 1)

    def scan(self, question: Attribution, layout: Layout, units: range) -> AttributionSummary:
        """Scan a slice of units."""
        labels = layout.labels[0]
        found = AttributionSummary.zero(len(labels) + 1)
        touches, orders = layout.tracks
        channel = touches.codes[0]
        if channel is None:
            raise ValueError("the layout lacks channels")
        value = np.zeros(len(orders.time)) if orders.value is None else orders.value
        start, end = question.period_us
        attribute(
            touches.offsets, touches.time, touches.seq, channel,
            labels.index(None) if None in labels else -1,
            orders.offsets, orders.time, orders.seq, value,
            start, end, layout.newest,
            duration_us(question.lookback, "lookback"),
            duration_us(question.gap, "gap"),
            float(duration_us(question.half_life, "half_life")),
            units.start, units.stop,
            found.counts, found.credits, found.worths, found.steps, found.value,
        )  # fmt: skip
        return found

    def behind(self, question: Attribution, layout: Layout, pick: Pick) -> Bools:
        """Say who converted, or of those ``{"channel": "email"}`` who had a touch there in the lookback."""
        check_pick(pick, ("channel",))
        touches, orders = layout.tracks
        start, end = question.period_us
        converted = units_with(orders, during(orders, start, end))
        if "channel" not in pick:
            return persons_of(layout, converted)
        code, channel = code_of(layout.labels[0], pick["channel"]), touches.codes[0]
        lookback = duration_us(question.lookback, "lookback")
        there = units_with(touches, (channel == code) & during(touches, start - lookback, end))
        return persons_of(layout, converted & there)

    def answer(self, question: Attribution, summary: AttributionSummary, facts: Facts) -> AttributionAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)

"""Drivers: which early behaviours go with converting later.

What is counted, exactly
    A person's time begins with their first event of `first` in ``[start, end)``. Behaviours in the first
    `early` of it count, conversions after that and until `within` (included). So nobody has a behaviour
    because they converted: what comes after cannot be what came before (a landmark analysis: Anderson, Cain
    and Gelber 1983). Left out, and told: people who converted before their time began (if `not_yet`), those
    who converted in the early time, and those whose `within` is not over yet.

    For each behaviour, who did it at least `times` early is compared with who did not: the shares who
    convert, their difference (Newcombe's interval), the *lift*, which is their ratio (Katz and others 1978),
    and the value of each person on average (Welch's interval of the difference). Behaviours are many, so some
    differ by chance: `q_value` is the p value adjusted to keep the share of false discoveries in check
    (Benjamini and Hochberg 1995); a driver is *clear* below 0.05. (PostHog: correlation analysis; Amplitude:
    compass, conversion drivers; Mixpanel: signal. None of them keeps early and later apart.)

    This is association. People who do a thing may differ in other ways, and making others do it may change
    nothing: a driver is a candidate for an experiment, not a result of one.

``by``
    A person is in the group of the value at the event that their time begins with (`obverse.measure.split`).
"""

from __future__ import annotations

import numpy as np

from obverse.errors import QuestionError
from obverse.measure.behind import persons_of
from obverse.measure.drivers.answer import Driver, DriversAnswer, answer
from obverse.measure.drivers.question import Drivers
from obverse.measure.drivers.scan import CONVERTED, STAYED, compare_behaviours, judge
from obverse.measure.drivers.summary import DriversSummary
from obverse.measure.fields import selection
from obverse.measure.grouping import code_of
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.measure.question import duration_us
from obverse.tape.layout import Bools, Int64s, Key, Layout

__all__ = ["Driver", "Drivers", "DriversAnswer", "DriversMeasure", "DriversSummary"]


class DriversMeasure:
    """Drivers as a measure: see `obverse.measure.protocol`."""

    question = Drivers

    def plan(self, question: Drivers) -> Plan:
        """Name the beginnings, the conversions, and the behaviours."""
        return Plan(
            selections=(
                selection(question.first, "first", question.where),
                selection(question.conversion, "conversion", question.where),
                selection(question.behaviours, "behaviours", question.where),
            ),
            value=True,
            keys=(Key(question.behaviour, (2,), question.n_behaviours),),
        )

    def split_at(self, question: Drivers) -> tuple[int, ...]:
        """Split by what a person's time begins with."""
        return (0,)

    def scan(self, question: Drivers, layout: Layout, units: range) -> DriversSummary:
        """Scan a slice of units."""
        begun, orders, candidates = layout.tracks
        code = candidates.codes[0]
        if code is None:
            raise ValueError("the layout lacks behaviours")
        found = DriversSummary.zero(len(layout.labels[0]) + 1)
        value = np.zeros(len(orders.time)) if orders.value is None else orders.value
        compare_behaviours(
            begun.offsets, begun.time, orders.offsets, orders.time, value,
            candidates.offsets, candidates.time, code, _rules(question, layout),
            units.start, units.stop, found.states, found.did, found.worth_all, found.worth_did,
        )  # fmt: skip
        return found

    def behind(self, question: Drivers, layout: Layout, pick: Pick) -> Bools:
        """Say who is compared, or of those who did a behaviour and who did not, who converted and who stayed.

        ``{"behaviour": "Search", "did": "no", "outcome": "converted"}``
        """
        check_pick(pick, ("behaviour", "did", "outcome"))
        begun, orders, candidates = layout.tracks
        code = candidates.codes[0]
        if code is None:
            raise ValueError("the layout lacks behaviours")
        wanted = code_of(layout.labels[0], pick["behaviour"]) if "behaviour" in pick else -1
        states, did = np.zeros(layout.n_units, np.int64), np.zeros(layout.n_units, np.int64)
        judge(
            begun.offsets, begun.time, orders.offsets, orders.time,
            candidates.offsets, candidates.time, code, wanted, _rules(question, layout), states, did,
        )  # fmt: skip
        units = states >= STAYED
        if "outcome" in pick:
            units &= states == _choice(pick, "outcome", {"converted": CONVERTED, "stayed": STAYED})
        if wanted >= 0:
            meant = _choice({"did": "yes", **pick}, "did", {"yes": 1, "no": 0})
            units &= (did >= question.times) == (meant == 1)
        return persons_of(layout, units)

    def answer(self, question: Drivers, summary: DriversSummary, facts: Facts) -> DriversAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _choice(pick: Pick, part: str, choices: dict[str, int]) -> int:
    if pick[part] not in choices:
        raise QuestionError(f"{part}: {pick[part]!r} is none of {', '.join(choices)}")
    return choices[pick[part]]


def _rules(question: Drivers, layout: Layout) -> Int64s:
    early, within = duration_us(question.early, "early"), duration_us(question.within, "within")
    whole = (*question.period_us, early, within, layout.newest, question.times, question.not_yet)
    return np.array(whole, dtype=np.int64)

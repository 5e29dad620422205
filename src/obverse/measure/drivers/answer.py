"""The answer of drivers: each behaviour with who did it and who did not."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.drivers.question import Drivers
from obverse.measure.drivers.scan import CONVERTED, CUSTOMER, STAYED, TOO_EARLY, UNKNOWN
from obverse.measure.drivers.summary import DriversSummary
from obverse.measure.estimate import (
    Comparison,
    Estimate,
    Reason,
    Z,
    benjamini_hochberg,
    compare,
    share,
    student,
)
from obverse.measure.picture import Bar, Bars, Picture, Side
from obverse.measure.protocol import Facts
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, percent
from obverse.tape.layout import Floats

CLEAR = 0.05
"""Share of false discoveries that is put up with among clear drivers."""
_SHOWN = 20


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """A behaviour.

    Attributes:
        name: of the behaviour.
        people: who did it early.
        converting: share of them who converted later.
        others_converting: share of the others.
        difference: of the shares.
        lift: ratio of the shares.
        q_value: p value adjusted for the number of behaviours compared; None where there is no comparison.
        clear: whether q_value is below 0.05.
        value: value of each who did it, on average, less that of each who did not.
    """

    name: str
    people: int
    converting: Estimate
    others_converting: Estimate
    difference: Comparison
    lift: Estimate
    q_value: float | None
    clear: bool
    value: Estimate


class DriversAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to a `Drivers`.

    Attributes:
        question: what was asked.
        people: who are compared.
        converting: share of them who converted.
        customers: left out: they had converted before.
        converted_early: left out: they converted in the early time.
        not_yet_known: left out: their time is not over yet.
        drivers: clear ones first, then by difference, largest first.
        compared: behaviours that had enough people with and without.
        currency: of the values; None where there is none or several.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "drivers"

    question: Drivers
    people: int
    converting: Estimate
    customers: int
    converted_early: int
    not_yet_known: int
    drivers: tuple[Driver, ...]
    compared: int
    currency: str | None = None
    groups: tuple[AnswerGroup[DriversAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say which behaviour goes with converting the most."""
        if not self.people:
            return "Nobody can be compared: nobody began in the period whose time is over by now."
        clear = [one for one in self.drivers if one.clear and (one.difference.difference or 0) > 0]
        if not clear:
            return (
                f"No early behaviour clearly goes with converting later: {count(self.people)} people and "
                f"{count(self.compared)} behaviours were compared."
            )
        best = clear[0]
        text = (
            f"{percent(best.converting.value or 0)} of those who did {best.name} early converted later, "
            f"{percent(best.others_converting.value or 0)} of the others"
        )
        if best.lift.value is not None and best.lift.low is not None and best.lift.high is not None:
            text += f": {best.lift.value:.2g} times as many ({best.lift.low:.2g}–{best.lift.high:.2g})"
        return f"{text}. That is association, not cause."

    def figures(self) -> tuple[Figure, ...]:
        """Give who converts, and what each behaviour goes with: so, whether that holds in one group more."""
        converting = Figure(what="Converting", people=self.people, value=self.converting)
        gaps = [
            Figure(
                what="Converting, of who did it less of who did not",
                name=one.name,
                people=one.people,
                value=Estimate(gap.difference, gap.low, gap.high, gap.reason),
                pick={"behaviour": one.name, "did": "yes"},
            )
            for one in self.drivers
            for gap in [one.difference]
        ]
        worth = [
            Figure(
                what="Value, of who did it less of who did not",
                name=one.name,
                of="money",
                people=one.people,
                value=one.value,
                pick={"behaviour": one.name, "did": "yes"},
            )
            for one in self.drivers
        ]
        return (converting, *gaps, *worth)

    def _table(self) -> pa.Table:
        """Give a row for each behaviour."""
        rows = [
            {
                "behaviour": one.name,
                "people": one.people,
                "converting": one.converting.value,
                "others_converting": one.others_converting.value,
                **cells("difference", one.difference),
                **cells("lift", one.lift),
                "q_value": one.q_value,
                "clear": one.clear,
                **cells("value", one.value),
            }
            for one in self.drivers
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show the lift of the clear behaviours, or what each who did them is worth more."""
        shown = [one for one in self.drivers if one.clear][:_SHOWN] or list(self.drivers[:_SHOWN])
        if side == "value":
            rows = tuple(_bar(one, one.value) for one in shown)
            return (Bars("Value of a person who did it, less that of one who did not", "money", rows, 0.0),)
        rows = tuple(_bar(one, one.lift) for one in shown)
        return (Bars("Times as likely to convert later", "number", rows, 1.0, "as likely as the others"),)


def _bar(one: Driver, shown: Estimate) -> Bar:
    note = f"{percent(one.converting.value or 0)} against {percent(one.others_converting.value or 0)}"
    note += "" if one.clear else ", may be chance"
    pick = {"behaviour": one.name, "did": "yes"}
    return Bar(one.name, shown.value, shown.low, shown.high, note, pick)


_SCHEMA = pa.schema(
    [
        pa.field("behaviour", pa.string()),
        pa.field("people", pa.int64()),
        *(pa.field(name, pa.float64()) for name in ("converting", "others_converting")),
        *estimated("difference", "lift"),
        pa.field("q_value", pa.float64()),
        pa.field("clear", pa.bool_()),
        *estimated("value"),
    ]
)


def answer(question: Drivers, summary: DriversSummary, facts: Facts) -> DriversAnswer:
    """Turn the summary of all units into the answer."""
    states = summary.states.tolist()
    people = states[STAYED] + states[CONVERTED]
    drivers = _drivers(question, summary, facts.labels[0], people, states[CONVERTED])
    drivers.sort(key=lambda one: (not one.clear, -(one.difference.difference or 0.0), one.name))
    return DriversAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        people=people,
        converting=share(states[CONVERTED], people),
        customers=states[CUSTOMER],
        converted_early=states[TOO_EARLY],
        not_yet_known=states[UNKNOWN],
        drivers=tuple(drivers),
        compared=len(drivers),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(summary, facts),
    )


def _drivers(
    question: Drivers, summary: DriversSummary, labels: tuple[str | None, ...], people: int, converted: int
) -> list[Driver]:
    enough = [
        code
        for code, name in enumerate(labels)
        if name is not None
        and min(int(summary.did[code, 0]), people - int(summary.did[code, 0])) >= question.min_people
    ]
    compared = [
        compare(did, n, converted - did, people - n)
        for n, did in (summary.did[code].tolist() for code in enough)
    ]
    tested = [one.p_value for one in compared if one.p_value is not None]
    adjusted = iter(benjamini_hochberg(tested))
    found = []
    for code, difference in zip(enough, compared, strict=True):
        q_value = next(adjusted) if difference.p_value is not None else None
        n, did = summary.did[code].tolist()
        found.append(
            Driver(
                name=labels[code] or "",
                people=n,
                converting=share(did, n),
                others_converting=share(converted - did, people - n),
                difference=difference,
                lift=ratio_of_shares(did, n, converted - did, people - n),
                q_value=q_value,
                clear=q_value is not None and q_value < CLEAR,
                value=difference_of_means(summary.worth_did[code], summary.worth_all),
            )
        )
    return found


def ratio_of_shares(successes: int, n: int, rest_successes: int, rest_n: int) -> Estimate:
    """Estimate the ratio of two shares, with the interval of its logarithm (Katz and others 1978).

    >>> found = ratio_of_shares(30, 100, 15, 100)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (2.0, 1.15, 3.48)
    """
    if n == 0 or rest_n == 0:
        return Estimate(reason=Reason.NOBODY)
    if rest_successes == 0:
        return Estimate(reason=Reason.TOO_FEW)
    ratio = (successes / n) / (rest_successes / rest_n)
    if successes == 0:
        return Estimate(ratio, reason=Reason.TOO_FEW)
    error = sqrt(max(1 / successes - 1 / n + 1 / rest_successes - 1 / rest_n, 0.0))
    half = Z * error
    return Estimate(ratio, exp(log(ratio) - half), exp(log(ratio) + half))


def difference_of_means(mine: Floats, everyone: Floats) -> Estimate:
    """Estimate how much the mean of some exceeds that of the others, by Welch's interval.

    Args:
        mine: moments (n, mean, M2) of some.
        everyone: moments of them and the others.
    """
    n, mean, m2 = (float(part) for part in mine)
    rest = float(everyone[0]) - n
    if n < 2 or rest < 2:
        return Estimate(reason=Reason.TOO_FEW)
    rest_mean = (float(everyone[0] * everyone[1]) - n * mean) / rest
    rest_m2 = max(float(everyone[2]) - m2 - (mean - rest_mean) ** 2 * n * rest / float(everyone[0]), 0.0)
    a, b = m2 / (n - 1) / n, rest_m2 / (rest - 1) / rest
    if a + b == 0:
        return Estimate(mean - rest_mean, reason=Reason.TOO_FEW)
    degrees = (a + b) ** 2 / (a * a / (n - 1) + b * b / (rest - 1))
    half = float(student(degrees)) * sqrt(a + b)
    return Estimate(mean - rest_mean, mean - rest_mean - half, mean - rest_mean + half)


def _notes(summary: DriversSummary, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    states = summary.states.tolist()
    for state, why in (
        (CUSTOMER, "had converted before"),
        (TOO_EARLY, "converted in the early time"),
        (UNKNOWN, "may still convert"),
    ):
        if states[state]:
            notes.append(f"{count(states[state])} people are left out: they {why}.")
    notes.append("This is association: only an experiment says whether a behaviour makes people convert.")
    return tuple(notes)

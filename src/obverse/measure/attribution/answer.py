"""The answer of attribution: what each channel is owed by each model."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import msgspec
import numpy as np
import pyarrow as pa

from obverse.measure.attribution.markov import credited, effect
from obverse.measure.attribution.question import MODELS, RULES, Attribution, Model
from obverse.measure.attribution.scan import CONVERSIONS, LOST_JOURNEYS, OPEN_JOURNEYS, WITHOUT_TOUCH
from obverse.measure.attribution.summary import AttributionSummary
from obverse.measure.estimate import Estimate, scaled, total
from obverse.measure.picture import Bar, Bars, Of, Picture, Side
from obverse.measure.protocol import Facts
from obverse.measure.scope import group_names
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, money, percent

_NAMES: dict[Model, str] = {
    "first": "First touch",
    "last": "Last touch",
    "linear": "Linear",
    "time_decay": "Time decay",
    "position": "Position",
    "markov": "Markov removal effect",
}
_SHOWN = 10


class AttributionCredit(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is owed by one model.

    Attributes:
        model: the model.
        conversions: number of conversions, in parts.
        value: their value.
    """

    model: Model
    conversions: Estimate
    value: Estimate


class AttributionChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel.

    Attributes:
        name: its value; ``(other)`` for all that have no row.
        credits: by model, in the order of `MODELS`.
        removal_effect: share of conversions with a touch that the Markov model takes to be lost without it;
            None where none converted.
    """

    name: str
    credits: tuple[AttributionCredit, ...]
    removal_effect: float | None

    def credit(self, model: Model) -> AttributionCredit:
        """Give what it is owed by a model."""
        return self.credits[MODELS.index(model)]


class AttributionAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to an `Attribution`.

    Attributes:
        question: what was asked.
        people: who had a conversion in the period with a touch before it.
        conversions: in the period.
        without_touch: of them, those that no touch came before.
        lost_journeys: journeys that came to nothing.
        open_journeys: journeys that may yet convert.
        channels: those owed most by the question's model first.
        currency: of the values; None where there is none or several.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "attribution"

    question: Attribution
    people: int
    conversions: int
    without_touch: int
    lost_journeys: int
    open_journeys: int
    channels: tuple[AttributionChannel, ...]
    currency: str | None = None
    groups: tuple[AnswerGroup[AttributionAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say which channel most conversions are owed to."""
        owed = self.conversions - self.without_touch
        if not owed:
            return "No conversion in the period had a touch before it."
        model, first = self.question.model, self.channels[0]
        mine = first.credit(model)
        text = (
            f"{_NAMES[model]} gives {first.name} the most: {percent((mine.conversions.value or 0) / owed)} "
            f"of {count(owed)} conversions with a touch"
        )
        worth = mine.value
        if worth.value:
            text += f", worth {money(worth.value, self.currency, worth.low, worth.high)}"
        return f"{text}."

    def figures(self) -> tuple[Figure, ...]:
        """Give what each channel is owed of the conversions of those who converted, on average."""
        kinds: tuple[tuple[str, Of, Callable[[AttributionCredit], Estimate]], ...] = (
            ("Conversions owed, a person who converted", "number", lambda one: one.conversions),
            ("Value owed, a person who converted", "money", lambda one: one.value),
        )
        return tuple(
            Figure(
                what=what,
                name=channel.name,
                of=of,
                people=self.people,
                value=scaled(owed(channel.credit(self.question.model)), 1 / self.people),
                pick={"channel": channel.name},
            )
            for what, of, owed in kinds
            for channel in self.channels
            if self.people
        )

    def _table(self) -> pa.Table:
        """Give a row for each channel and model."""
        rows = [
            {
                "channel": channel.name,
                "model": credit.model,
                **cells("conversions", credit.conversions),
                **cells("value", credit.value),
                "removal_effect": channel.removal_effect if credit.model == "markov" else None,
            }
            for channel in self.channels
            for credit in channel.credits
        ]
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show what each channel is owed by the question's model, and by all models beside each other."""
        model = self.question.model
        ranked = tuple(self._bar(channel, model, side, channel.name) for channel in self.channels)
        beside = tuple(
            self._bar(channel, one, side, _NAMES[one], channel.name)
            for channel in self.channels[:_SHOWN]
            for one in MODELS
        )
        what = "Value" if side == "value" else "Conversions"
        of: Of = "money" if side == "value" else "number"
        return (
            Bars(f"{what} owed to each channel: {_NAMES[model].lower()}", of, ranked),
            Bars(f"{what} by all models", of, beside),
        )

    def _bar(self, channel: AttributionChannel, model: Model, side: Side, name: str, group: str = "") -> Bar:
        credit = channel.credit(model)
        owed = credit.value if side == "value" else credit.conversions
        return Bar(name, owed.value, owed.low, owed.high, pick={"channel": channel.name}, group=group)


_SCHEMA = pa.schema(
    [
        pa.field("channel", pa.string()),
        pa.field("model", pa.string()),
        *estimated("conversions", "value"),
        pa.field("removal_effect", pa.float64()),
    ]
)


def answer(question: Attribution, summary: AttributionSummary, facts: Facts) -> AttributionAnswer:
    """Turn the summary of all units into the answer."""
    counts = summary.counts.tolist()
    channels = _channels(summary, facts.labels[0])
    channels.sort(key=lambda one: -(one.credit(question.model).conversions.value or 0.0))
    return AttributionAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        people=int(summary.credits[0, :, 0].max(initial=0.0)),
        conversions=counts[CONVERSIONS],
        without_touch=counts[WITHOUT_TOUCH],
        lost_journeys=counts[LOST_JOURNEYS],
        open_journeys=counts[OPEN_JOURNEYS],
        channels=tuple(channels),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(summary, facts),
    )


def _channels(summary: AttributionSummary, labels: tuple[str | None, ...]) -> list[AttributionChannel]:
    whole = summary.steps.sum(axis=0)
    conversions = summary.steps[:, :, -2].sum(axis=1)
    markov = credited(summary.steps, conversions), credited(summary.steps, summary.value)
    found = []
    for code, name in enumerate(group_names(labels)):
        met = whole[:, code].any()
        if (code < len(labels) and labels[code] is None) or (code == len(labels) and not met):
            continue
        rules = [
            AttributionCredit(
                model=model,
                conversions=_owed(summary.credits[rule, code]),
                value=_owed(summary.worths[rule, code]),
            )
            for rule, model in enumerate(RULES)
        ]
        last = AttributionCredit(model="markov", conversions=markov[0][code], value=markov[1][code])
        found.append(
            AttributionChannel(name=name, credits=(*rules, last), removal_effect=effect(whole, code))
        )
    return found


def _owed(moments: np.ndarray) -> Estimate:
    """Estimate a sum over people, none of which is below 0."""
    n, mean, m2 = (float(part) for part in moments)
    found = total(int(n), mean, m2)
    return found if found.low is None else Estimate(found.value, max(0.0, found.low), found.high)


def _notes(summary: AttributionSummary, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    conversions, without, _, still_open = summary.counts.tolist()
    if without:
        notes.append(f"{count(without)} of {count(conversions)} conversions had no touch before them.")
    if still_open:
        notes.append(f"{count(still_open)} journeys are still open and left out of the Markov model.")
    notes.append("These models share out what happened; only an experiment says what a channel causes.")
    return tuple(notes)

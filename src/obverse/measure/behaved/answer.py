"""The answer of who behaved so: how many, of how many, rule by rule, and what they are worth."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.behaved.question import Behaved
from obverse.measure.estimate import Estimate
from obverse.measure.picture import Bar, Bars, Pick, Picture, Side
from obverse.measure.split_answer import AnswerGroup, SplitAnswer
from obverse.measure.split_figures import Figure
from obverse.measure.tabled import cells, estimated
from obverse.measure.wording import count, money, percent


class BehavedRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule.

    Attributes:
        name: the rule as the question's language spells it.
        people: who pass it.
        share: of everyone.
        without: who would be members if this rule were left out.
    """

    name: str
    people: int
    share: Estimate
    without: int


class BehavedSide(msgspec.Struct, frozen=True, kw_only=True):
    """The members, or all others.

    Attributes:
        name: ``members`` or ``others``.
        people: how many.
        converting: who converted in the period.
        conversion: their share.
        value: money of their conversions.
        value_per_person: that for each of them, on average.
    """

    name: str
    people: int
    converting: int
    conversion: Estimate
    value: float
    value_per_person: Estimate


class BehavedAnswer(SplitAnswer, frozen=True, kw_only=True):
    """The answer to `Behaved`.

    Attributes:
        question: what was asked.
        people: members.
        everyone: who was there in the period.
        share: of everyone, the members.
        rules: in the order of the question.
        sides: members, then others.
        currency: of the values; None where there is none or several.
        notes: what else the reader must know.
        groups: the same for each group of a split, largest first; empty without one.
    """

    measure: ClassVar[str] = "behaved"

    question: Behaved
    people: int
    everyone: int
    share: Estimate
    rules: tuple[BehavedRule, ...]
    sides: tuple[BehavedSide, ...]
    currency: str | None = None
    notes: tuple[str, ...] = ()
    groups: tuple[AnswerGroup[BehavedAnswer], ...] = ()

    def _sentence(self) -> str:
        """Say how many they are and what they are worth."""
        if not self.everyone:
            return "Nobody was there in the period."
        told = f"{percent(self.share.value or 0)} ({100 * (self.share.low or 0):.1f}\u2013"
        told += f"{100 * (self.share.high or 0):.1f}) of {count(self.everyone)} people"
        rules = len(self.rules)
        which = "" if rules == 1 else (" all" if self.question.match == "all" else " any of") + f" {rules}"
        text = f"{told} pass{which or ' the'} rule{'s' if rules > 1 else ''}: {count(self.people)}"
        worth = self.sides[0].value
        return text + (f", who spent {money(worth, self.currency)}." if worth else ".")

    def figures(self) -> tuple[Figure, ...]:
        """Give the shares who pass, who convert, and money a person."""
        passing = [
            Figure(
                what="Passing a rule",
                name=one.name,
                people=self.everyone,
                value=one.share,
                pick={"rule": str(n)},
            )
            for n, one in enumerate(self.rules, 1)
        ]
        members = Figure(what="Members", people=self.everyone, value=self.share, pick={"who": "members"})
        converting = [
            Figure(
                what="Converting",
                name=one.name,
                people=one.people,
                value=one.conversion,
                pick={"who": one.name},
            )
            for one in self.sides
        ]
        spending = [
            Figure(
                what="Money a person",
                name=one.name,
                of="money",
                people=one.people,
                value=one.value_per_person,
                pick={"who": one.name},
            )
            for one in self.sides
        ]
        return (members, *passing, *converting, *spending)

    def _table(self) -> pa.Table:
        """Give a row for each rule, then one for the members."""
        rows = [
            {"name": one.name, "people": one.people, "without": one.without} | cells("share", one.share)
            for one in self.rules
        ]
        rows.append({"name": "members", "people": self.people, "without": None} | cells("share", self.share))
        whole = [pa.field(name, pa.int64()) for name in ("people", "without")]
        schema = pa.schema([pa.field("name", pa.string()), *whole, *estimated("share")])
        return pa.Table.from_pylist(rows, schema=schema)

    def _pictures(self, side: Side) -> tuple[Picture, ...]:
        """Show one side: who passes each rule, or what members and others spent.

        Args:
            side: ``people`` or ``value``.
        """
        if not self.everyone:
            return ()
        if side == "value":
            return self._money()
        rows = [
            _bar(one.name, one.share, one.people, {"rule": str(number)})
            for number, one in enumerate(self.rules, 1)
        ]
        name = "members: all rules" if self.question.match == "all" else "members: any rule"
        rows.append(_bar(name, self.share, self.people, {"who": "members"}))
        return (Bars("Who passes, of everyone", "share", tuple(rows)),)

    def _money(self) -> tuple[Picture, ...]:
        each = tuple(
            Bar(
                one.name,
                one.value_per_person.value,
                one.value_per_person.low,
                one.value_per_person.high,
                f"{count(one.people)} people",
                {"who": one.name},
            )
            for one in self.sides
        )
        sums = tuple(Bar(one.name, one.value, pick={"who": one.name}) for one in self.sides)
        return Bars("Money a person", "money", each), Bars("Money", "money", sums)


def _bar(name: str, share: Estimate, people: int, pick: Pick) -> Bar:
    return Bar(name, share.value, share.low, share.high, f"{count(people)} people", pick)

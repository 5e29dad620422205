"""Who behaved so: the people who did, spent or are something, by rules. Saved segments are made of this.

What is counted, exactly
    *Everyone* is who has an event of `seen` that passes `where` in the period ``[start, end)``. A *member* is
    one of them who passes all rules, or any of them (`match`). A rule looks at events in the period that pass
    `where`, or in a part of it: ``in 90d`` is the 90 days before `end`, or up to the newest event (the newest
    counts, and an event exactly 90 days older than it does not); ``from … to …`` leaves the last day out.

    - ``did EVENTS [at least N times]``: has so many of these events. ``did not``: has none; ``at most``
      counts who has none, too.
    - ``spent at least X [on EVENTS]``: the values of these events sum up to so much. ``at most`` counts who
      spent nothing, too.
    - ``any CONDITION``: the condition is true on some event. ``last CONDITION``, ``first CONDITION``: it is
      true on the last (first) event on which it is true or false. Where a field that it reads is missing it
      is neither, so ``last context.country = 'DE'`` is about the last country that is known.

    `obverse.measure.behaved.rules` has the language. (PostHog: cohorts by behaviour and by person properties;
    Mixpanel: cohort builder, "did event"; Amplitude: behavioural cohorts, "who performed". There what a
        person *is* comes from a record of its own; here from the events.)

Value
    The money of the conversions in the period of the members, and of all others.

``by``
    A person is in the group of the value at their first event of `seen` in the period
    (`obverse.measure.split`).

Intervals
    Shares: Wilson. Money a person: Student's t over all of the group, those who spent nothing included. That
    members spend more than others is association, and often built into the rules.
"""

from __future__ import annotations

from obverse.errors import QuestionError
from obverse.measure.behaved.answer import BehavedAnswer, BehavedRule, BehavedSide
from obverse.measure.behaved.answering import answer
from obverse.measure.behaved.question import Behaved
from obverse.measure.behaved.running import members, passes, plan_selections, scan
from obverse.measure.behaved.summary import BehavedSummary
from obverse.measure.picture import Pick, check_pick
from obverse.measure.protocol import Facts, Plan
from obverse.tape.layout import Bools, Int64s, Layout

__all__ = [
    "Behaved",
    "BehavedAnswer",
    "BehavedMeasure",
    "BehavedRule",
    "BehavedSide",
    "BehavedSummary",
]

WHO = ("members", "others", "everyone")


class BehavedMeasure:
    """Who behaved so, as a measure: see `obverse.measure.protocol`."""

    question = Behaved

    def plan(self, question: Behaved) -> Plan:
        """Name the events that say somebody was there, conversions, and those of the rules."""
        return Plan(selections=plan_selections(question)[0], value=True)

    def split_at(self, question: Behaved) -> tuple[int, ...]:
        """Split by what says that somebody was there."""
        return (0,)

    def scan(self, question: Behaved, layout: Layout, units: range) -> BehavedSummary:
        """Scan a slice of units."""
        return scan(question, layout, units)[0]

    def behind(self, question: Behaved, layout: Layout, pick: Pick) -> Bools:
        """Say who the members are; with ``who`` the others or everyone, with ``rule`` who passes that rule.

        Raises:
            QuestionError: there is no such part.
        """
        check_pick(pick, ("who", "rule"))
        n_rules = len(question.rules)
        passed = scan(question, layout, range(layout.n_units))[1]
        there = passed >= 0
        if "rule" in pick:
            number = pick["rule"]
            if not (number.isdecimal() and 1 <= int(number) <= n_rules):
                raise QuestionError(f"rule: {number!r} is not one of the {n_rules} rules")
            found = there & passes(passed, int(number) - 1)
            return found if "who" not in pick else found & _who(question, passed, pick["who"])
        return _who(question, passed, pick.get("who", "members"))

    def answer(self, question: Behaved, summary: BehavedSummary, facts: Facts) -> BehavedAnswer:
        """Turn the summary into the answer."""
        return answer(question, summary, facts)


def _who(question: Behaved, passed: Int64s, who: str) -> Bools:
    if who not in WHO:
        raise QuestionError(f"who: {who!r} is none of {', '.join(WHO)}")
    there = passed >= 0
    inside = members(question, passed)
    return {"members": inside, "others": there & ~inside, "everyone": there}[who]

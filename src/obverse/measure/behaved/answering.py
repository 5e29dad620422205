"""From a summary of who behaved so to the answer."""

from __future__ import annotations

from obverse.measure import moments
from obverse.measure.behaved.answer import BehavedAnswer, BehavedRule, BehavedSide
from obverse.measure.behaved.question import Behaved
from obverse.measure.behaved.summary import BehavedSummary
from obverse.measure.estimate import Estimate, share, total
from obverse.measure.protocol import Facts
from obverse.tape.layout import Floats

_OTHERS, _MEMBERS = 0, 1


def answer(question: Behaved, summary: BehavedSummary, facts: Facts) -> BehavedAnswer:
    """Turn the summary of all units into the answer."""
    everyone, people = int(summary.counts[:, 0].sum()), int(summary.counts[_MEMBERS, 0])
    return BehavedAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        people=people,
        everyone=everyone,
        share=share(people, everyone),
        rules=tuple(
            BehavedRule(
                name=rule.spell(),
                people=int(passing),
                share=share(int(passing), everyone),
                without=int(without),
            )
            for rule, passing, without in zip(question.parsed(), summary.passes, summary.without, strict=True)
        ),
        sides=(_side("members", summary, _MEMBERS), _side("others", summary, _OTHERS)),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(summary, facts),
    )


def _side(name: str, summary: BehavedSummary, side: int) -> BehavedSide:
    people, converting = (int(one) for one in summary.counts[side])
    spent = summary.spent[side]
    return BehavedSide(
        name=name,
        people=people,
        converting=converting,
        conversion=share(converting, people),
        value=round(float(spent[0] * spent[1]), 6),
        value_per_person=_each(spent, people),
    )


def _each(spent: Floats, people: int) -> Estimate:
    """Estimate money a person, of those who spent any and those who did not."""
    found = total(*moments.with_zeros(spent, people))
    if found.value is None:
        return found
    low = None if found.low is None else found.low / people
    high = None if found.high is None else found.high / people
    return Estimate(found.value / people, low, high, found.reason)


def _notes(summary: BehavedSummary, facts: Facts) -> tuple[str, ...]:
    notes = list(facts.strangers)
    if len(facts.currencies) > 1 and summary.spent[:, 1].any():
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    return tuple(notes)

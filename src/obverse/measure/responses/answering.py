"""From the summary of responses to its answer."""

from __future__ import annotations

from dataclasses import dataclass

from obverse.measure.asked import strangers
from obverse.measure.clustered import share_of_things
from obverse.measure.estimate import Comparison, Estimate, Reason, compare, scaled, share, total
from obverse.measure.grouping import GroupKind, kind_of
from obverse.measure.percentile import percentile_s
from obverse.measure.protocol import Facts
from obverse.measure.responses.answer import (
    After,
    Reached,
    ResponsesAnswer,
    ResponsesGroup,
    ResponsesRow,
)
from obverse.measure.responses.counting import MAX_SHOWN, Counted, count_options
from obverse.measure.responses.question import Responses
from obverse.measure.responses.scan import keys_of
from obverse.measure.responses.summary import (
    ABANDONED,
    ALL,
    ANSWERED,
    DISMISSED,
    FIRST_ROW,
    NOT_RESPONDED,
    PARTLY,
    RESPONDED,
    SHOWN,
    STARTED,
    WHOLE,
    ResponsesSummary,
)
from obverse.measure.rows import MAX_ROWS, Rows, rows_of
from obverse.measure.scope import group_names
from obverse.measure.scores import mean
from obverse.measure.wording import count
from obverse.tape.layout import Floats

EVERYTHING = "(all)"
_UNSEEN = Estimate(reason=Reason.UNSEEN)


@dataclass(frozen=True)
class _Told:
    """What all groups of an answer are made from."""

    question: Responses
    summary: ResponsesSummary
    rows: Rows
    labels: tuple[str | None, ...]

    def group(self, name: str, kind: GroupKind, place: int) -> ResponsesGroup:
        """Make a group's part of the answer."""
        found = self.summary
        submissions, people = found.reached[place, WHOLE].tolist(), found.people[place].tolist()
        reached = [Reached(submissions=n, people=of) for n, of in zip(submissions, people, strict=True)]
        counted = self.counted(place)
        after = [self.after(place, which) for which in (RESPONDED, NOT_RESPONDED)]
        return ResponsesGroup(
            name=name,
            kind=kind,
            submissions=submissions[ALL],
            shown=reached[SHOWN],
            started=reached[STARTED],
            partly_answered=reached[PARTLY],
            abandoned=reached[ABANDONED],
            dismissed=reached[DISMISSED],
            answered=reached[ANSWERED],
            response_rate=self.rate(found.response, place, WHOLE),
            completion_rate=self.rate(found.completion, place, WHOLE),
            seconds=percentile_s(found.seconds[place], 0.5),
            rows=tuple(self.row(place, row) for row in self.shown()),
            question_answers=counted.answers,
            options=counted.options,
            mean=mean(found.numbers[place]) if self.question.shape == "number" else None,
            responded=after[0],
            not_responded=after[1],
            difference=_difference(*after),
            too_recent=int(found.too_recent[place]),
        )

    def counted(self, place: int) -> Counted:
        """Count what was answered to the question."""
        if self.question.question is None:
            return Counted(0, (), 0)
        found = self.summary
        return count_options(
            self.labels,
            found.options[place],
            found.of_options[place],
            found.of_rows[place],
            self.question.shape,
        )

    def rate(self, pairs: Floats, place: int, span: int) -> Estimate:
        """Give a rate of those shown; where submissions are there, but none was recorded as shown, none."""
        reached = self.summary.reached[place, span]
        return _UNSEEN if reached[ALL] and not reached[SHOWN] else share_of_things(pairs[place, span])

    def after(self, place: int, which: int) -> After:
        """Tell what became of those who responded, or did not."""
        n, each, m2 = (float(part) for part in self.summary.money[place, which])
        people, converted = round(n), int(self.summary.converted[place, which])
        sum_of = total(people, each, m2)
        return After(
            people=people,
            converted=converted,
            share=share(converted, people),
            value=n * each,
            value_per_person=scaled(sum_of, 1 / max(n, 1.0)),
        )

    def row(self, place: int, row: int) -> ResponsesRow:
        """Tell of a day, week or month."""
        found, span = self.summary, FIRST_ROW + row
        reached = found.reached[place, span].tolist()
        return ResponsesRow(
            name=self.rows.name(row),
            start=self.rows.start(row),
            complete=self.rows.complete(row),
            shown=reached[SHOWN],
            answered=reached[ANSWERED],
            partly_answered=reached[PARTLY],
            response_rate=self.rate(found.response, place, span),
            completion_rate=self.rate(found.completion, place, span),
        )

    def shown(self) -> range:
        """Give the rows that are shown; empty ones at the ends of an open period are left out."""
        used = self.summary.reached[0, FIRST_ROW:, ALL].nonzero()[0]
        low, high = 0, self.rows.n
        if self.question.start is None:
            low = int(used[0]) if len(used) else high
        if self.question.end is None:
            high = int(used[-1]) + 1 if len(used) else low
        return range(low, high)


def answer(question: Responses, summary: ResponsesSummary, facts: Facts) -> ResponsesAnswer:
    """Turn the summary of all units into the answer."""
    keys = keys_of(question)
    labels = facts.labels[keys.answer] if keys.answer >= 0 else ()
    told = _Told(question, summary, rows_of(question, question.grain, summary.newest), labels)
    everyone = told.group(EVERYTHING, "value", 0)
    return ResponsesAnswer(
        as_of_seq=facts.as_of_seq,
        question=question,
        everyone=everyone,
        groups=_groups(told, facts.labels[keys.by]) if keys.by >= 0 else (),
        currency=facts.currencies[0] if len(facts.currencies) == 1 else None,
        notes=_notes(told, everyone, facts),
    )


def _groups(told: _Told, labels: tuple[str | None, ...]) -> tuple[ResponsesGroup, ...]:
    found = [
        told.group(name, kind_of(labels, code), code + 1)
        for code, name in enumerate(group_names(labels))
        if told.summary.reached[code + 1, WHOLE, ALL]
    ]
    rank = {"value": 0, "other": 1, "none": 2}
    return tuple(sorted(found, key=lambda group: (rank[group.kind], -group.submissions)))


def _difference(responded: After, not_responded: After) -> Comparison:
    if responded.people == 0:
        return Comparison(reason=Reason.NOBODY)
    return compare(responded.converted, responded.people, not_responded.converted, not_responded.people)


def _notes(told: _Told, everyone: ResponsesGroup, facts: Facts) -> tuple[str, ...]:
    question, notes = told.question, strangers(facts.strangers)
    unseen = everyone.submissions - everyone.shown.submissions
    if unseen:
        notes.append(
            f"Of {count(unseen)} submissions it was not recorded that the survey was shown (as of imports); "
            "rates leave them out."
        )
    if everyone.responded.people and everyone.not_responded.people:
        notes.append(
            "Who answers and who does not differ in more than the answer: that they convert differently does "
            "not say that asking did it."
        )
    if everyone.too_recent:
        notes.append(
            f"{count(everyone.too_recent)} people were shown the survey less than {question.within} before "
            "the newest event and are not among those who converted or did not."
        )
    counted = told.counted(0)
    if counted.left_out:
        notes.append(f"{count(counted.left_out)} more options are not listed, beyond the first {MAX_SHOWN}.")
    if len(told.labels) and told.summary.options[0, -1]:
        notes.append(
            f"{count(int(told.summary.options[0, -1]))} answers are among too many different ones to be told "
            "apart; they count as answers, and as no option."
        )
    if question.start is None and sum(row.shown for row in everyone.rows) < everyone.shown.submissions:
        notes.append(f"Rows are the newest {MAX_ROWS}; name a start, or longer rows, to see earlier ones.")
    if len(facts.currencies) > 1:
        notes.append(f"Values in several currencies ({', '.join(facts.currencies)}) were added as they are.")
    return tuple(notes)

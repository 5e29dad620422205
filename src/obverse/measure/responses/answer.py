"""The answer of responses: counts, rates, seconds, one question's answers, and who converted afterwards."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pyarrow as pa

from obverse.measure.estimate import Comparison, Estimate
from obverse.measure.grouping import GroupKind
from obverse.measure.picture import Picture, Side
from obverse.measure.question import Answer
from obverse.measure.responses.pictures import pictures
from obverse.measure.responses.question import Responses
from obverse.measure.responses.telling import sentence


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How many got so far.

    Attributes:
        submissions: times of asking.
        people: different people.
    """

    submissions: int
    people: int


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was answered.

    Attributes:
        name: id of the option, the number, or what was written.
        row: id of the row of a matrix; empty for others.
        answers: how many chose it, or ranked it at all.
        share: of those who answered the question (of a matrix: that row).
        mean_rank: of a ranking: its mean place, 1 the best; None for others.
    """

    name: str
    row: str
    answers: int
    share: Estimate
    mean_rank: Estimate | None = None


class After(msgspec.Struct, frozen=True, kw_only=True):
    """What became of people after the survey was shown to them.

    Attributes:
        people: who were shown it long enough ago to know.
        converted: of them, who converted in time.
        share: that part.
        value: money of those conversions.
        value_per_person: the same for each of them, converted or not, on average.
    """

    people: int
    converted: int
    share: Estimate
    value: float
    value_per_person: Estimate


class ResponsesRow(msgspec.Struct, frozen=True, kw_only=True):
    """Submissions of a day, week or month, by when they were shown.

    Attributes:
        name: its first day, such as ``2026-03-02``.
        start: its first instant, with the zone's offset.
        complete: it is whole in the period, and over when the newest event happened.
        shown: how many times the survey was shown.
        answered: submissions that are complete.
        partly_answered: submissions with some answers.
        response_rate: as of the group.
        completion_rate: as of the group.
    """

    name: str
    start: str
    complete: bool
    shown: int
    answered: int
    partly_answered: int
    response_rate: Estimate
    completion_rate: Estimate


class ResponsesGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The submissions of one group of a split, or all.

    Attributes:
        name: the field's value, ``(other)`` or ``(no value)``; ``(all)`` for everyone.
        kind: whether it is a ``value``, all ``other`` values, or ``none``.
        submissions: times of asking, those whose showing was not recorded (imports, the API) among them.
        shown: the survey came into view, as recorded.
        started: something was chosen, typed or sent.
        partly_answered: some answers were sent, the last one never.
        abandoned: left after it was started and not completed; those partly answered may be among them.
        dismissed: closed before anything was chosen, and not taken up again.
        answered: completed.
        response_rate: answered or partly answered, of those shown.
        completion_rate: answered, of those shown that were started.
        seconds: half of those who completed took no longer.
        rows: over time.
        question_answers: submissions with an answer to the question that is asked about.
        options: what was answered to it, the most frequent first; numbers in their order.
        mean: of numbers; None for others.
        responded: what became of people who answered, wholly or partly, the first time they were shown it.
        not_responded: what became of those who did not.
        difference: share converting of those who responded less that of those who did not.
        too_recent: people who were shown it too recently to know.
    """

    name: str
    kind: GroupKind
    submissions: int
    shown: Reached
    started: Reached
    partly_answered: Reached
    abandoned: Reached
    dismissed: Reached
    answered: Reached
    response_rate: Estimate
    completion_rate: Estimate
    seconds: Estimate
    rows: tuple[ResponsesRow, ...]
    question_answers: int
    options: tuple[Chosen, ...]
    mean: Estimate | None
    responded: After
    not_responded: After
    difference: Comparison
    too_recent: int


class ResponsesAnswer(Answer, frozen=True, kw_only=True):
    """The answer to a `Responses`.

    Attributes:
        question: what was asked.
        everyone: all submissions.
        groups: one a group of the split, the largest first; empty without a split.
        currency: of the values; None where there is none or several.
    """

    measure: ClassVar[str] = "responses"

    question: Responses
    everyone: ResponsesGroup
    groups: tuple[ResponsesGroup, ...] = ()
    currency: str | None = None

    def sentence(self) -> str:
        """Say how many were asked, how many answered, and how long it took."""
        return sentence(self)

    def table(self) -> pa.Table:
        """Give a row for everyone, then for each group; with a question, one for each of its options."""
        groups = (self.everyone, *self.groups)
        if self.question.question is not None:
            rows = [_option(group, one) for group in groups for one in group.options]
            return pa.Table.from_pylist(rows, schema=_OPTIONS)
        return pa.Table.from_pylist([_row(one) for one in groups], schema=_TABLE)

    def pictures(self, side: Side = "people") -> tuple[Picture, ...]:
        """Give the answers to the question, how far people came, and rates; or who converted."""
        return pictures(self, side)


_REACHED = ("shown", "started", "partly_answered", "abandoned", "dismissed", "answered")
_ESTIMATES = ("response_rate", "completion_rate", "seconds")
_AFTER = ("responded", "not_responded")

_TABLE = pa.schema(
    [
        pa.field("group", pa.string()),
        pa.field("submissions", pa.int64()),
        *(pa.field(f"{name}{end}", pa.int64()) for name in _REACHED for end in ("", "_people")),
        *(pa.field(f"{name}{end}", pa.float64()) for name in _ESTIMATES for end in ("", "_low", "_high")),
        pa.field("question_answers", pa.int64()),
        *(pa.field(f"{name}_{part}", pa.int64()) for name in _AFTER for part in ("people", "converted")),
        *(pa.field(f"{name}_value", pa.float64()) for name in _AFTER),
    ]
)


_OPTIONS = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("group", "row", "option")),
        *(pa.field(name, pa.int64()) for name in ("answers", "question_answers")),
        *(
            pa.field(f"{name}{end}", pa.float64())
            for name in ("share", "mean_rank")
            for end in ("", "_low", "_high")
        ),
    ]
)


def _option(group: ResponsesGroup, one: Chosen) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group.name,
        "row": one.row,
        "option": one.name,
        "answers": one.answers,
        "question_answers": group.question_answers,
    }
    for name, found in (("share", one.share), ("mean_rank", one.mean_rank or Estimate())):
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    return row


def _row(group: ResponsesGroup) -> dict[str, object]:
    row: dict[str, object] = {
        "group": group.name,
        "submissions": group.submissions,
        "question_answers": group.question_answers,
    }
    for name in _REACHED:
        reached: Reached = getattr(group, name)
        row |= {name: reached.submissions, f"{name}_people": reached.people}
    for name in _ESTIMATES:
        found: Estimate = getattr(group, name)
        row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
    for name in _AFTER:
        after: After = getattr(group, name)
        row |= {
            f"{name}_people": after.people,
            f"{name}_converted": after.converted,
            f"{name}_value": after.value,
        }
    return row

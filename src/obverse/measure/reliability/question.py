"""The question of reliability: see `obverse.measure.reliability` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.asked import ANSWERS, answers, of_survey
from obverse.measure.fields import Condition, Events, FieldName, check_number
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

Missing = Literal["pairwise", "listwise"]

MAX_ITEMS = 100


class Reliability(SplitScope, frozen=True, kw_only=True, tag="reliability"):
    """Whether some questions measure one thing: Cronbach's alpha, and what each of them adds to it.

    Attributes:
        items: fields or expressions with the numbers that were answered, two or more, such as
            ``properties.answers.q1``.
        reverse: those of the items that are worded the other way round.
        missing: who left items out counts for the pairs of items that they answered (``pairwise``), or not at
            all (``listwise``).
        low: lowest number of the scale, for the means of reversed items; without, their means have a minus.
        high: highest number of the scale.
        survey: id of the survey; None for all events that `events` names.
        events: that carry the answers.
        where: filter on the answers, such as ``properties.language = 'de'``.
        by: field of the answer that people are split by, or ``segment: NAME`` for who is in a saved segment
            and who is not.
    """

    items: tuple[FieldName, ...] = ()
    reverse: tuple[FieldName, ...] = ()
    missing: Missing = "pairwise"
    low: float | None = None
    high: float | None = None
    survey: str | None = None
    events: Events = ANSWERS
    where: Condition | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        if self.missing not in get_args(Missing):
            raise QuestionError(f"missing: {self.missing!r} is none of {', '.join(get_args(Missing))}")
        check_number(len(self.items), "items", 2, MAX_ITEMS)
        for one in self.items:
            if not one.strip() or self.items.count(one) > 1:
                raise QuestionError(f"items: {one!r} is blank or there twice")
        for one in self.reverse:
            if one not in self.items:
                raise QuestionError(f"reverse: {one!r} is none of the items")
        if (self.low is None) != (self.high is None):
            raise QuestionError("low: name the lowest and the highest number of the scale, or neither")
        _ = self.selections

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The answers."""
        return (answers(self.events, of_survey(self.survey, None, None, None, self.where)),)

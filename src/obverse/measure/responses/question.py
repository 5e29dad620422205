"""The question of responses: see `obverse.measure.responses` for what each part means."""

from __future__ import annotations

from typing import Literal, get_args

from obverse.errors import QuestionError
from obverse.measure.asked import check_question, of_survey, states
from obverse.measure.calendar import Grain
from obverse.measure.fields import Condition, Duration, Events, check_duration, selection
from obverse.measure.scope import SplitScope
from obverse.tape.layout import Selection

Shape = Literal["choice", "ranking", "number"]


class Responses(SplitScope, frozen=True, kw_only=True, tag="responses"):
    """Who was asked by a survey, who answered, how long it took, and what was answered to one question.

    Attributes:
        survey: id of the survey; None for all surveys together.
        question: id of a question whose answers are counted one by one; None for none.
        shape: what its answers are: a ``choice`` (one option, a list of several, or one a row of a matrix),
            a ``ranking`` (a list, the best first) or a ``number``.
        version: only this version of the survey.
        place: only what was asked there: ``page``, ``link``, ``kiosk``, ``phone``, ``api``, ``import``.
        moment: only what was asked at this moment.
        grain: the rows over time: a ``day``, ``week`` (from Monday) or ``month``.
        conversion: the event that people are to reach, whose money counts on the value side.
        within: how long after being shown the survey a conversion counts.
        where: filter on the survey's events, such as ``properties.language = 'de'``; conversions are not
            filtered.
        by: field of the survey's events that submissions are split by, such as ``properties.moment``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
        start: first day or instant on which people were asked; None for the beginning.
        end: day or instant before which they were; the answer may be later. None for the end.
    """

    survey: str | None = None
    question: str | None = None
    shape: Shape = "choice"
    version: int | None = None
    place: str | None = None
    moment: str | None = None
    grain: Grain = "week"
    conversion: Events = "Order Completed"
    within: Duration = "7d"
    where: Condition | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for name, known in (("shape", get_args(Shape)), ("grain", get_args(Grain))):
            if getattr(self, name) not in known:
                raise QuestionError(f"{name}: {getattr(self, name)!r} is none of {', '.join(known)}")
        if self.question is not None:
            check_question(self.question)
        _ = self.selections, self.within_us

    @property
    def within_us(self) -> int:
        """How long after being shown a conversion counts, in µs."""
        return check_duration(self.within, "within")

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The survey's events, then the conversions."""
        where = of_survey(self.survey, self.version, self.place, self.moment, self.where)
        return states(where), selection(self.conversion, "conversion")

"""The question of a score: see `obverse.measure.score` for what each part means."""

from __future__ import annotations

from typing import get_args

from obverse.errors import QuestionError
from obverse.measure.asked import ANSWERS, answers, check_question, of_survey
from obverse.measure.calendar import Grain
from obverse.measure.fields import Condition, Events, FieldName, selection
from obverse.measure.scope import SplitScope
from obverse.measure.score.scale import Kind, Scale, scale_of
from obverse.tape.layout import Selection


class Score(SplitScope, frozen=True, kw_only=True, tag="score"):
    """What people answered, as a score: NPS, CSAT, CES, SUS, UMUX-Lite, SEQ, a rating or a mean.

    Attributes:
        kind: ``nps`` (0 to 10: who would recommend less who would not), ``csat`` (1 to `points`: the best
            two count as satisfied), ``ces``, ``rating`` and ``seq`` (1 to `points`: the mean), ``sus`` and
            ``umux_lite`` (0 to 100: the mean, with its grade), or the ``mean`` of any number.
        survey: id of the survey; None for all events that `events` names.
        question: id of its question, whose score counts.
        field: instead of a question, the field or expression whose number counts, such as
            ``properties.NETPRO`` of an import.
        events: that carry the answers.
        points: of the scale, where it is not the usual: 5 for ``csat`` and ``rating``, 7 for ``ces`` and
            ``seq``.
        version: only this version of the survey.
        place: only what was answered there: ``page``, ``link``, ``kiosk``, ``phone``, ``api``, ``import``.
        moment: only what was asked at this moment.
        grain: the rows over time: a ``day``, ``week`` (from Monday) or ``month``.
        conversion: the event whose money counts on the value side.
        where: filter on the answers, such as ``properties.language = 'de'``; conversions are not filtered.
        by: field of the answer that scores are split by, such as ``properties.moment``, or
            ``segment: NAME`` for who is in a saved segment and who is not.
    """

    kind: Kind = "nps"
    survey: str | None = None
    question: str | None = None
    field: FieldName | None = None
    events: Events = ANSWERS
    points: int | None = None
    version: int | None = None
    place: str | None = None
    moment: str | None = None
    grain: Grain = "week"
    conversion: Events = "Order Completed"
    where: Condition | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        super().__post_init__()
        for name, known in (("kind", get_args(Kind)), ("grain", get_args(Grain))):
            if getattr(self, name) not in known:
                raise QuestionError(f"{name}: {getattr(self, name)!r} is none of {', '.join(known)}")
        if (self.question is None) == (self.field is None):
            raise QuestionError("question: name a survey's question, or else a field; one of the two")
        if self.question is not None:
            check_question(self.question)
        if self.field is not None and not self.field.strip():
            raise QuestionError("field: name a field")
        _ = self.selections, self.scale

    @property
    def scale(self) -> Scale:
        """Which numbers are answers, and what they count as."""
        return scale_of(self.kind, self.points)

    @property
    def number(self) -> str:
        """The expression whose number counts."""
        return self.field if self.field is not None else f"properties.scores.{self.question}"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The answers, then the conversions."""
        where = of_survey(self.survey, self.version, self.place, self.moment, self.where)
        return answers(self.events, where), selection(self.conversion, "conversion")

"""One file a measure: its question, scan, summary and answer.

`MEASURES` lists them by the name that a question's JSON carries as its ``type``. A new measure is one file
(or a few with its name as prefix) and a line here.
"""

from __future__ import annotations

import msgspec

from obverse.errors import QuestionError, unknown
from obverse.measure.act import ActMeasure
from obverse.measure.attribution import AttributionMeasure
from obverse.measure.behaved import BehavedMeasure
from obverse.measure.cart import CartMeasure
from obverse.measure.drivers import DriversMeasure
from obverse.measure.funnel import FunnelMeasure
from obverse.measure.linger import LingerMeasure
from obverse.measure.overview import OverviewMeasure
from obverse.measure.paths import PathsMeasure
from obverse.measure.protocol import Measure
from obverse.measure.question import Question
from obverse.measure.reliability import ReliabilityMeasure
from obverse.measure.responses import ResponsesMeasure
from obverse.measure.retention import RetentionMeasure
from obverse.measure.score import ScoreMeasure
from obverse.measure.sessions import SessionsMeasure
from obverse.measure.split import Split
from obverse.measure.stages import StagesMeasure
from obverse.measure.stickiness import StickinessMeasure
from obverse.measure.time_between import TimeBetweenMeasure
from obverse.measure.trend import TrendMeasure

MEASURES: dict[str, Measure] = {
    "act": Split(ActMeasure()),
    "attribution": Split(AttributionMeasure()),
    "behaved": Split(BehavedMeasure()),
    "cart": CartMeasure(),
    "drivers": Split(DriversMeasure()),
    "funnel": FunnelMeasure(),
    "linger": Split(LingerMeasure()),
    "overview": OverviewMeasure(),
    "paths": Split(PathsMeasure()),
    "reliability": ReliabilityMeasure(),
    "responses": ResponsesMeasure(),
    "retention": RetentionMeasure(),
    "score": ScoreMeasure(),
    "sessions": SessionsMeasure(),
    "stages": StagesMeasure(),
    "stickiness": StickinessMeasure(),
    "time_between": TimeBetweenMeasure(),
    "trend": TrendMeasure(),
}


class _Kind(msgspec.Struct):
    type: str


def read_question(body: bytes | str) -> Question:
    """Read any measure's question from its JSON, by its ``type``.

    Raises:
        QuestionError: it is not JSON, has no type that is known, or a field is wrong.
    """
    try:
        kind = msgspec.json.decode(body, type=_Kind).type
    except msgspec.DecodeError as error:
        raise QuestionError(f"not a question: {error}") from error
    if kind not in MEASURES:
        raise QuestionError(unknown("type of question", kind, MEASURES))
    return MEASURES[kind].question.from_json(body)


def measure_of(question: Question) -> Measure:
    """Find the measure that a question is for."""
    for measure in MEASURES.values():
        if isinstance(question, measure.question):
            return measure
    raise QuestionError(f"no measure answers a {type(question).__name__}")

"""A first dashboard: what one looks at every morning, from the events that there are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from obverse.measure import MEASURES
from obverse.measure.asking import question_from
from obverse.measure.funnel import Funnel
from obverse.measure.funnel_text import Step
from obverse.measure.overview import Overview
from obverse.measure.question import Question
from obverse.settings.dashboards import PanelSpec
from obverse.web.pages.explore.catalogue import about
from obverse.web.pages.explore.suggested import suggested

_USUAL = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
_OTHERS = ("retention", "sessions", "cart", "stages")


def morning(names: Sequence[str], conversion: str) -> tuple[PanelSpec, ...]:
    """Choose the panels.

    Args:
        names: of events in the lake, the most frequent first.
        conversion: the event that the organisation names as its conversion.
    """
    questions: list[tuple[str, Question, str, str]] = [
        ("Who came", Overview(conversion=conversion), "people", "30d"),
        ("What it brought", Overview(conversion=conversion), "value", "30d"),
    ]
    steps = [name for name in _USUAL if name in names] or list(names[:2])
    if len(steps) > 1:
        questions.append(
            ("Where they leave", Funnel(steps=tuple(Step(events=(name,)) for name in steps)), "people", "30d")
        )
    for name in _OTHERS:
        if name in MEASURES:
            kind = MEASURES[name].question
            texts = suggested(name, kind, names, conversion)
            questions.append((about(name).title, question_from(kind, texts), "people", about(name).period))
    return tuple(
        PanelSpec(title, msgspec.Raw(question.to_json()), side, number == 0, period)
        for number, (title, question, side, period) in enumerate(questions)
    )

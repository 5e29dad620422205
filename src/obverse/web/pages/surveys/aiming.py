"""Links to surveys aimed at the moments that an answer is about: where people linger, rage or leave."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from obverse.measure.act import ActAnswer
from obverse.measure.act.picturing import act_pick
from obverse.measure.cart import CartAnswer
from obverse.measure.linger import LingerAnswer
from obverse.measure.picture import Pick
from obverse.measure.question import Answer
from obverse.measure.time_between import TimeBetweenAnswer
from obverse.measure.trend import TrendAnswer
from obverse.web.pages.frame import Link
from obverse.web.pages.surveys.aimed import aimed

_MOST = 4


def moments_of(answer: Answer) -> Iterator[Link]:
    """Link to a few surveys aimed at what an answer is about, the most telling first; often there is none."""
    found = ((label, aimed(answer.question, pick)) for label, pick in _parts(answer))  # type: ignore[attr-defined] # each of these has its question
    return islice((Link("survey", label, href) for label, href in found if href), _MOST)


def _parts(answer: Answer) -> Iterator[tuple[str, Pick]]:
    if isinstance(answer, CartAnswer):
        yield "when a cart is left", {}
    elif isinstance(answer, TimeBetweenAnswer):
        yield f"when {answer.question.to_event} does not follow", {}
    elif isinstance(answer, LingerAnswer):
        for page in answer.pages:
            yield f"lingering at {page.name}", {"page": page.name}
    elif isinstance(answer, TrendAnswer):
        for group in answer.series[0].groups:
            yield f"in {group.name}", {"group": group.name} if answer.question.by else {}
    elif isinstance(answer, ActAnswer):
        for row in answer.elements:
            if row.kind in ("rage", "dead"):
                yield f"{row.kind} clicks on {row.element or row.page}", act_pick(answer, row)

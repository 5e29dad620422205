"""The panels of a dashboard, answered and drawn; each fails alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import msgspec

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.picture import Side
from obverse.measure.question import Answer, Question
from obverse.settings.dashboards import Dashboard, PanelSpec
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked
from obverse.web.pages.behind import links_behind, question_address
from obverse.web.pages.drawing import Drawn, Hand, draw
from obverse.web.pages.explore.sentence import set_apart
from obverse.web.pages.frame import PERIODS
from obverse.web.pages.page import Panel, panel
from obverse.web.pages.part import Sentence


@dataclass(frozen=True)
class Shown:
    """What a panel shows of its answer.

    Attributes:
        sentence: the answer.
        picture: the first one; None where the answer has none.
        href: address of the whole answer; empty where the reader may see no more.
    """

    sentence: Sentence
    picture: Drawn | None
    href: str


@dataclass(frozen=True)
class BoardPanel:
    """A panel of a dashboard.

    Attributes:
        number: its place, from 1.
        title: what it is called.
        side: which side of the coin it shows.
        wide: whether it takes the whole width.
        shown: the answer; or why there is none.
    """

    number: int
    title: str
    side: str
    wide: bool
    shown: Panel[Shown]


@dataclass(frozen=True)
class Instead:
    """What the reader has all panels show in place of what their questions say.

    Attributes:
        period: key of `PERIODS`; empty to leave each its own.
        segment: name of a segment; None to leave each its own.
    """

    period: str = ""
    segment: str | None = None

    @classmethod
    def of(cls, address: Address) -> Instead:
        """Read it from an address."""
        period = address.get("period")
        return cls(period if period in PERIODS else "", address.get("segment").strip() or None)

    def of_question(self, question: Question, now: datetime) -> Question:
        """Give the question as it is asked here; one that has no period keeps what it says."""
        changes: dict[str, object] = {} if self.segment is None else {"segment": self.segment}
        if self.period and {"start", "end"} <= set(question.__struct_fields__):
            changes |= {"start": self._start(now), "end": None}
        return msgspec.structs.replace(question, **changes) if changes else question

    def _start(self, now: datetime) -> str | None:
        if self.period == "all":
            return None
        return (now - timedelta(days=int(self.period[:-1]) - 1)).date().isoformat()


def panels_of(dashboard: Dashboard, asked: Asked, instead: Instead, *, linked: bool) -> list[BoardPanel]:
    """Answer all panels of a dashboard.

    Args:
        dashboard: whose.
        asked: the request.
        instead: what all panels show in place of their own period and segment.
        linked: whether numbers lead on, to people and whole answers.
    """
    return [
        BoardPanel(number, one.title, one.side, one.wide, panel(_filler(one, asked, instead, linked)))
        for number, one in enumerate(dashboard.panels, 1)
    ]


def _filler(spec: PanelSpec, asked: Asked, instead: Instead, linked: bool) -> Callable[[], Shown]:
    def fill() -> Shown:
        here = instead if instead.period else replace(instead, period=spec.period)
        asks = read_question(bytes(spec.question))
        question = here.of_question(asks, asked.now.astimezone(asked.view.zone))
        return _shown(asked.lake.ask(question), question, spec, asked, linked)

    return fill


def _shown(answer: Answer, question: Question, spec: PanelSpec, asked: Asked, linked: bool) -> Shown:
    side = cast("Side", spec.side)

    pictures = answer.pictures(side)
    currency = getattr(answer, "currency", None)
    hand = Hand(currency, links_behind(question, asked.address)) if linked else Hand(currency)
    shared = (("side", spec.side), ("zone", asked.view.zone_text))
    return Shown(
        sentence=set_apart(answer.sentence()),
        picture=draw(pictures[0], hand) if pictures else None,
        href=str(question_address(question, shared)) if linked else "",
    )


def checked_question(text: str) -> msgspec.Raw:
    """Read a panel's question from a form.

    Raises:
        QuestionError: it is not one.
    """
    if not text.strip():
        raise QuestionError("question: none was given")
    return msgspec.Raw(read_question(text).to_json())

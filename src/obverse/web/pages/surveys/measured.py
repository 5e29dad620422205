"""Each question of a survey with what was answered to it: a score, or how often each option was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import msgspec

from obverse.measure.picture import Bars, Picture, Side
from obverse.measure.responses import Responses, ResponsesAnswer
from obverse.measure.score import Score, ScoreAnswer
from obverse.surveys.question import (
    OTHER,
    Ces,
    Consent,
    Csat,
    LongText,
    Matrix,
    Multiple,
    Nps,
    Question,
    Ranking,
    Rating,
    Seq,
    ShortText,
    Single,
    Sus,
    UmuxLite,
)
from obverse.web.pages.asked import Asked
from obverse.web.pages.behind import links_behind, question_address
from obverse.web.pages.drawing import Drawn, Hand, draw
from obverse.web.pages.explore.result import grid_of
from obverse.web.pages.explore.sentence import set_apart
from obverse.web.pages.export import downloads
from obverse.web.pages.figures import count, percent, percent_range, plural
from obverse.web.pages.page import Panel, panel
from obverse.web.pages.part import Part as Piece
from obverse.web.pages.part import Sentence, ranged
from obverse.web.pages.surveys.kinds import QUESTIONS
from obverse.web.pages.surveys.narrowing import Narrowed
from obverse.web.pages.surveys.stacked import Stacked, stacked

if TYPE_CHECKING:
    from obverse.measure.question import Answer
    from obverse.measure.question import Question as Asks
    from obverse.web.pages.drawing.grid import Grid
    from obverse.web.pages.frame import Link

SCORED = (Nps, Csat, Ces, Rating, Seq, Sus, UmuxLite)
TEXTS = (ShortText, LongText)
_CHOSEN = (Single, Multiple, Matrix, Ranking, Consent)


@dataclass(frozen=True)
class Part:
    """Answers that can be saved as a segment of people: what they are called, and the pick, as JSON."""

    label: str
    pick: str


@dataclass(frozen=True)
class Measured:
    """What an answer shows on this page.

    Attributes:
        sentence: the answer.
        notes: what a reader should know beside it.
        pictures: drawn.
        table: the answer's own rows.
        stacked: of an NPS, what it is made of, in place of the picture of that.
    """

    sentence: Sentence
    notes: tuple[str, ...]
    pictures: tuple[Drawn, ...]
    table: Grid
    stacked: Stacked | None = None


@dataclass(frozen=True)
class QuestionShown:
    """A question of the survey.

    Attributes:
        id: of it.
        text: what is asked.
        kind: what kind of question it is.
        is_text: answered in words, which stand below.
        shown: what was answered.
        question: the measure's question, as JSON; empty where none is asked.
        href: address of the same question under Explore.
        parts: answers that can be saved as segments.
        downloads: the answer as a file.
        figures: the answer itself, in JSON.
    """

    id: str
    text: str
    kind: str
    is_text: bool
    shown: Panel[Measured]
    question: str = ""
    href: str = ""
    parts: tuple[Part, ...] = ()
    downloads: tuple[Link, ...] = ()
    figures: Answer | None = None


def measured(asked: Asked, one: Question, narrowed: Narrowed) -> QuestionShown:
    """Ask what was answered to a question."""
    kind = QUESTIONS[str(one.__struct_config__.tag)].title
    if isinstance(one, TEXTS):
        return QuestionShown(one.id, one.text, kind, True, Panel())
    asks = question_about(one, narrowed)
    found = panel(lambda: asked.lake.ask(asks))
    names = names_of(one)
    shown: Panel[Measured] = Panel(problem=found.problem)
    if found.value is not None and not asked.as_json:
        answer = found.value
        shown = panel(lambda: show(asked, asks, answer, names, only_first=isinstance(one, _CHOSEN)))
    side = asked.view.side
    return QuestionShown(
        id=one.id,
        text=one.text,
        kind=kind,
        is_text=False,
        shown=shown,
        question=asks.to_json().decode(),
        href=str(question_address(asks, (("side", side), ("zone", asked.view.zone_text)))),
        parts=parts_of(one),
        downloads=downloads(asks, side),
        figures=found.value if asked.as_json else None,
    )


def question_about(one: Question, narrowed: Narrowed) -> Asks:
    """Make the measure's question about a survey's question."""
    common = narrowed.fields()
    if isinstance(one, SCORED):
        kind = str(one.__struct_config__.tag)
        points = one.points if isinstance(one, Csat | Ces | Rating) else None
        return Score(kind=kind, question=one.id, points=points, **common)  # type: ignore[arg-type] # tags are kinds
    shape = "ranking" if isinstance(one, Ranking) else "choice"
    return Responses(question=one.id, shape=shape, **common)  # type: ignore[arg-type] # one of the two


def names_of(one: Question) -> dict[str, str]:
    """Give the words of a question's options and rows by their ids."""
    listed = (*getattr(one, "rows", ()), *getattr(one, "options", ()))
    other = {OTHER: getattr(one, "other", "")} if getattr(one, "other", "") else {}
    agreed = {"true": "agreed", "false": "did not agree"} if isinstance(one, Consent) else {}
    return {option.id: option.text for option in listed} | other | agreed


def parts_of(one: Question) -> tuple[Part, ...]:
    """List the answers to a question that can be saved as segments."""
    if isinstance(one, SCORED):
        levels = Score(kind=str(one.__struct_config__.tag), question=one.id).scale.levels  # type: ignore[arg-type] # tags are kinds
        return tuple(Part(level.name.capitalize(), _json({"level": level.name})) for level in levels[::-1])
    if isinstance(one, Matrix):
        return tuple(
            Part(f"{row.text}: {option.text}", _json({"of": row.id, "option": option.id}))
            for row in one.rows
            for option in one.options
        )
    names = names_of(one)
    return tuple(Part(f"Chose “{text}”", _json({"option": key})) for key, text in names.items())


def _json(pick: Mapping[str, str]) -> str:
    return msgspec.json.encode(pick).decode()


def show(
    asked: Asked, asks: Asks, answer: Answer, names: Mapping[str, str], *, only_first: bool = False
) -> Measured:
    """Turn an answer into what the page shows.

    Args:
        asked: the request.
        asks: what was asked.
        answer: the answer.
        names: words to say in place of ids.
        only_first: leave the pictures out that all questions of the survey have in common.
    """
    side = asked.view.side
    hand = Hand(getattr(answer, "currency", None), links_behind(asks, asked.address))
    pictures = answer.pictures(cast("Side", side))
    bars = None
    if isinstance(answer, ScoreAnswer) and answer.question.kind == "nps" and side == "people":
        bars, pictures = stacked(answer, hand), pictures[1:]
    return Measured(
        sentence=_chosen_most(answer, names)
        if only_first and isinstance(answer, ResponsesAnswer)
        else set_apart(answer.sentence()),
        notes=() if only_first else tuple(answer.notes),
        pictures=tuple(draw(_named(one, names), hand) for one in pictures[: 1 if only_first else None]),
        table=grid_of(answer.table()),
        stacked=bars,
    )


def _named(picture: Picture, names: Mapping[str, str]) -> Picture:
    """Say the words of options in place of their ids."""
    if not isinstance(picture, Bars) or not names:
        return picture
    rows = tuple(
        replace(bar, name=names.get(bar.name, bar.name), group=_said(bar.group, names))
        for bar in picture.rows
    )
    return replace(picture, rows=rows, title="What was answered")


def _said(group: str, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(part, part) for part in group.split(", "))


def _chosen_most(answer: ResponsesAnswer, names: Mapping[str, str]) -> Sentence:
    """Say which answer leads."""
    everyone = answer.everyone
    n = everyone.question_answers
    of = Piece(f" of {count(n)} {plural(n, 'answer')}.")
    if not everyone.options:
        return (Piece("Nobody has answered this yet."),)
    ranks = {one.name: one.mean_rank.value for one in everyone.options if one.mean_rank is not None}
    ranked = {name: rank for name, rank in ranks.items() if rank is not None}
    if ranked:
        best = min(ranked, key=ranked.__getitem__)
        place = Piece(f"{ranked[best]:.1f}", "figure")
        first = Piece(names.get(best, best), "name")
        return first, Piece(" stands first, at "), place, Piece(" on average,"), of
    most = max(everyone.options, key=lambda one: one.answers)
    share = most.share
    row = f"{names.get(most.row, most.row)}: " if most.row else ""
    return (
        Piece(percent(share.value), "people"),
        ranged(percent_range(share.low, share.high) if share.low is not None else ""),
        Piece(" chose "),
        Piece(row + names.get(most.name, most.name), "name"),
        Piece(","),
        of,
    )

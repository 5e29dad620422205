"""One survey with a question of every kind, an answer to each, and the strategy of all valid answers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from obverse.surveys.question import (
    Ces,
    Consent,
    Csat,
    LongText,
    Matrix,
    Multiple,
    Nps,
    Option,
    Question,
    Ranking,
    Rating,
    Seq,
    ShortText,
    Single,
    Sus,
    UmuxLite,
)
from obverse.surveys.survey import Survey

OPTIONS = (Option("price", "The price"), Option("speed", "How fast it came"), Option("taste", "Its taste"))
QUESTIONS: tuple[Question, ...] = (
    Nps(id="nps", text="How likely are you to recommend us?"),
    Csat(id="csat", text="How satisfied are you?"),
    Csat(id="stars", text="How many stars?", style="stars"),
    Rating(id="faces", text="How do you feel?", style="emoji", low="Bad", high="Good"),
    Ces(id="ces", text="It was easy to buy."),
    Seq(id="seq", text="How was the task?"),
    Sus(id="sus", text="What do you think?", product="the shop"),
    UmuxLite(id="umux", text="And in short?"),
    Single(id="single", text="What mattered most?", options=OPTIONS, other="Something else"),
    Multiple(id="multiple", text="What else mattered?", options=OPTIONS, other="More", at_most=3),
    Matrix(id="matrix", text="How were these?", rows=OPTIONS, options=OPTIONS),
    Ranking(id="ranking", text="What comes first?", options=OPTIONS),
    ShortText(id="short", text="In a word?", max_length=20),
    LongText(id="long", text="In more words?"),
    Consent(id="consent", text="May we write to you?"),
)
ANSWERS: dict[str, Any] = {
    "nps": 9,
    "csat": 4,
    "stars": 5,
    "faces": 2,
    "ces": 6,
    "seq": 7,
    "sus": [4, 2, 5, 1, 4, 2, 5, 1, 4, 2],
    "umux": [6, 7],
    "single": "price",
    "multiple": ["price", "other"],
    "matrix": {"price": "taste", "speed": "price", "taste": "speed"},
    "ranking": ["taste", "price", "speed"],
    "short": "fine",
    "long": "It came\non time.",
    "consent": True,
}


def all_kinds(**more: Any) -> Survey:
    """A survey of all `QUESTIONS`."""
    return Survey(name="All kinds", questions=QUESTIONS, **more)


def values(question: Question) -> st.SearchStrategy[Any]:
    """All valid answers to one of `QUESTIONS`, each in the spelling that is kept."""
    ids = [option.id for option in OPTIONS]
    text = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
    match question:
        case Nps():
            return st.integers(0, 10)
        case Csat() | Rating():
            return st.integers(1, 5)
        case Ces() | Seq():
            return st.integers(1, 7)
        case Sus():
            return _some(st.lists(st.none() | st.integers(1, 5), min_size=10, max_size=10))
        case UmuxLite():
            return _some(st.lists(st.none() | st.integers(1, 7), min_size=2, max_size=2))
        case Single():
            return st.sampled_from([*ids, "other"])
        case Multiple():
            order = [*ids, "other"]
            some = st.lists(st.sampled_from(order), min_size=1, max_size=3, unique=True)
            return some.map(lambda chosen: sorted(chosen, key=order.index))
        case Matrix():
            rows = st.dictionaries(st.sampled_from(ids), st.sampled_from(ids), min_size=1)
            return rows.map(lambda found: {row: found[row] for row in ids if row in found})
        case Ranking():
            return st.permutations(ids)
        case ShortText() | LongText():
            return text
        case Consent():
            return st.booleans()


def _some(items: st.SearchStrategy[list[int | None]]) -> st.SearchStrategy[list[int | None]]:
    return items.filter(lambda found: any(one is not None for one in found))

"""The people behind a part of any answer: how an address names them, and what they are called.

``/people/behind`` has the question as JSON in ``q`` and the pick in names that begin with ``pick.``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import quote

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.measure.asking import texts_of
from obverse.measure.funnel_question import Exclusion, Funnel
from obverse.measure.funnel_text import Step, spell_steps
from obverse.measure.picture import Pick
from obverse.measure.question import Question
from obverse.measure.trend import Trend
from obverse.web.pages.address import Address, Pairs
from obverse.web.pages.drawing.days import full_names
from obverse.web.pages.explore.catalogue import about, path_of
from obverse.web.pages.figures import cut, span
from obverse.web.pages.frame import SHARED

PATH = "/people/behind"
_PICK = "pick."


def links_behind(question: Question, address: Address) -> Callable[[Pick], str]:
    """Give what writes the address of the people behind a pick; a page has hundreds of these.

    Args:
        question: what was asked.
        address: of the page that links there; side, period and zone go along.
    """
    before = f"{PATH}?{_query((('q', question.to_json().decode()),))}"
    after = _query(address.keep(SHARED).pairs)

    def link(pick: Pick) -> str:
        picked = _query((f"{_PICK}{name}", text) for name, text in pick.items())
        return "&".join(part for part in (before, picked, after) if part)

    return link


def _query(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(text)}" for name, text in pairs)


def _quoted(text: str) -> str:
    return quote(text, safe="{}:,*@!()")


def read_behind(address: Address) -> tuple[Question, dict[str, str]]:
    """Read question and pick from an address.

    Raises:
        QuestionError: there is no question, or it is wrong.
    """
    if not address.get("q"):
        raise QuestionError("q: no question is given")
    pick = {name.removeprefix(_PICK): text for name, text in address.pairs if name.startswith(_PICK)}
    return read_question(address.get("q")), pick


def said(question: Question, pick: Pick) -> str:
    """Say which part of an answer is meant, as what follows "12 people".

    >>> from obverse.measure.overview import Overview
    >>> said(Overview(), {"row": "2026-03-02"})
    'in Overview, row Mon 2 Mar 2026'
    """
    if isinstance(question, Funnel) and "step" in pick:
        return _said_of_funnel(question, pick)
    parts = [_part(question, name, text) for name, text in pick.items()]
    return ", ".join((f"in {about(_tag(question)).title}", *parts))


def _part(question: Question, name: str, text: str) -> str:
    """Say one part of a pick: durations as people write them, a trend's series by what it counts."""
    seconds = _seconds(name, text)
    if seconds is not None:
        return f"{name.removesuffix('_s').replace('_', ' ')} {span(seconds)}"
    if isinstance(question, Trend) and name == "series":
        text = next((one.name for one in question.lines if one.letter == text), text)
    return f"{name.replace('_', ' ')} {cut(full_names((text,))[0], 60)}"


def _seconds(name: str, text: str) -> float | None:
    """Read a part that is a duration: ``from_s`` in seconds, ``least`` and ``below`` with ``ms`` behind."""
    try:
        if name in ("least", "below"):
            return float(text.removesuffix("ms")) / 1_000
        return float(text) if name.endswith("_s") else None
    except ValueError:
        return None


def _said_of_funnel(question: Funnel, pick: Pick) -> str:
    number = int(pick["step"]) if pick["step"].isdecimal() else 0
    if not 1 <= number <= len(question.steps):
        raise QuestionError(f"step: {pick['step']} is not one of the {len(question.steps)} steps")
    name = f"{number} of the steps" if question.order == "any" else cut(question.steps[number - 1].label)
    did = f"left after {name}" if pick.get("outcome") == "dropped" else f"reached {name}"
    return f"of {pick['group']} {did}" if pick.get("group") else did


def _tag(question: Question) -> str:
    return str(question.__struct_config__.tag)


def question_address(question: Question, shared: Pairs = ()) -> Address:
    """Give the address of a question's own page, its period as the days that it has.

    Args:
        question: any measure's.
        shared: side, period and zone, to keep.
    """
    own = _funnel_pairs(question) if isinstance(question, Funnel) else _pairs(question)
    names = {name for name, _ in own}
    return Address(path_of(_tag(question)), (*own, *(pair for pair in shared if pair[0] not in names)))


def _pairs(question: Question) -> Pairs:
    texts = texts_of(question)
    whole = () if texts.get("start") or texts.get("end") else (("period", "all"),)
    return (*((name, text) for name, some in texts.items() for text in (some or ("",))), *whole)


def _funnel_pairs(question: Funnel) -> Pairs:
    pairs = [("steps", question.text())]
    for i, one in enumerate(question.exclude, 1):
        pairs += [(f"x{i}", _spelled(one)), (f"xa{i}", str(one.after))]
        pairs += [(f"xb{i}", str(one.before))] if one.before else []
    pairs.append(("period", "dates" if question.start or question.end else "all"))
    plain = {name: some for name, some in texts_of(question).items() if name not in ("steps", "exclude")}
    return (*pairs, *((name, text) for name, some in plain.items() for text in some))


def _spelled(one: Exclusion) -> str:
    return spell_steps((Step(events=one.events, where=one.where),))

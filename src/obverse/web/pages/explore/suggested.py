"""A first question of each measure that shows something real: its events are those that there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obverse.errors import QuestionError
from obverse.measure.asking import FieldSpec, fields_of
from obverse.measure.fields import one_step
from obverse.measure.funnel_text import ANY_EVENT, Step, spell_steps
from obverse.measure.question import Question

Texts = dict[str, tuple[str, ...]]

_BUYS = (
    "order completed",
    "purchas",
    "subscri",
    "signed up",
    "sign up",
    "checkout completed",
    "paid",
    "order",
)
_LOOKS = ("product viewed", "page viewed", "screen viewed", "viewed", "opened", "started")
_WANTS = ("product added", "checkout started", "added", "checkout", "lead", "trial", "started")
_NOT_DONE = frozenset({"Identified", "Grouped", "Aliased"})
_ENDS = frozenset({"conversion", "order", "goal", "to", "to_event", "return_event", "until", "second"})
_MIDDLES = frozenset({"prospect", "add", "engaged"})
_BEGINNINGS = frozenset({"first", "start_event", "from_event"})


@dataclass(frozen=True)
class Usual:
    """The events that a first question names, as text of a question.

    Attributes:
        looks: an event early on.
        wants: one on the way.
        buys: the one that all is about.
    """

    looks: str
    wants: str
    buys: str


def usual(names: Sequence[str], conversion: str) -> Usual:
    """Choose them from the names that there are.

    Args:
        names: of events, the most frequent first; at least one.
        conversion: the event that the organisation names as its conversion.
    """
    done = [name for name in names if name not in _NOT_DONE] or list(names)
    buys = conversion if conversion in done else _like(done, _BUYS, done[-1])
    looks = _like([name for name in done if name != buys] or done, _LOOKS, done[0])
    wants = _like([name for name in done if name not in (buys, looks)] or done, _WANTS, looks)
    return Usual(_spelled(looks), _spelled(wants), _spelled(buys))


def _like(names: Sequence[str], kinds: Sequence[str], otherwise: str) -> str:
    """Find the first name that has one of some words in it, the words tried in order."""
    return next((name for word in kinds for name in names if word in name.lower()), otherwise)


def _spelled(name: str) -> str:
    return spell_steps((Step(events=(name,)),))


_SCORES, _ANSWERS = "properties.scores.", "properties.answers."
_ITEMS = 10

_BETTER: dict[str, Callable[[Usual], Texts]] = {
    "trend": lambda some: {"series": (f"people: {some.looks}", f"people: {some.buys}")},
    "paths": lambda some: {"goal": (some.buys,)},
    "behaved": lambda some: {"rules": (f"did {some.buys} at least 1 times",)},
}
"""Where the defaults show less than they could."""


def _answers(name: str, fields: Sequence[str]) -> Texts:
    """Name a survey's answers that there are, likeliest first, for a measure that needs to be told."""
    if name == "score":
        there = [one.removeprefix(_SCORES) for one in fields if one.startswith(_SCORES)]
        return {"question": (_like(there, ("nps", "recommend"), there[0] if there else "nps"),)}
    if name == "reliability":
        items = [one for one in fields if one.startswith(_ANSWERS)][:_ITEMS]
        return {"items": tuple(items) if len(items) > 1 else (f"{_ANSWERS}q1", f"{_ANSWERS}q2")}
    return {}


def suggested(
    name: str, question: type[Question], names: Sequence[str], conversion: str, numbers: Sequence[str] = ()
) -> Texts:
    """Suggest what a first question names.

    Args:
        name: of the measure.
        question: the type of its questions.
        names: of the events that there are, the most frequent first.
        conversion: the event that the organisation names as its conversion.
        numbers: the fields of events that hold numbers.

    Returns:
        the texts of the fields whose defaults would find nothing, or less; empty where there are no events.
    """
    if not names:
        return {}
    some = usual(names, conversion)
    specs = {spec.name: spec for spec in fields_of(question)}
    texts = {
        field: text for spec in specs.values() for field, text in _instead(spec, some, set(names)).items()
    }
    better = (_BETTER[name](some) if name in _BETTER else {}) | _answers(name, numbers)
    return texts | {field: text for field, text in better.items() if field in specs}


def _instead(spec: FieldSpec, some: Usual, known: set[str]) -> Texts:
    """Name an event that there is in place of a default that names none.

    Only where any early, middle or last event will do. A field that stands for one certain kind of event,
    such as a heartbeat, stays as it is: another in its place would give a wrong number, not a first answer.
    """
    roles = spec.required or spec.name in _ENDS | _MIDDLES | _BEGINNINGS
    if spec.widget != "events" or not roles or not (spec.required or spec.default):
        return {}
    if any(_found(text, known) for text in spec.default):
        return {}
    end = some.buys if spec.name in _ENDS else some.wants if spec.name in _MIDDLES else some.looks
    return {spec.name: (end,)}


def _found(text: str, known: set[str]) -> bool:
    """Tell whether a selection names an event that there is, or any event."""
    try:
        step = one_step(text.rpartition(": ")[2], "events")
    except QuestionError:
        return True  # a spelling of the measure's own: it knows better
    return not step.events or text == ANY_EVENT or any(event in known for event in step.events)

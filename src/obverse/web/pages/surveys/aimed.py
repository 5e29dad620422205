"""Ask these people: from any part of an answer to a new survey, aimed at the moment that the part is about.

The address says it in the names that the builder's form has, so whatever page knows a moment can lead there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from obverse.measure.act import Act
from obverse.measure.cart import Cart
from obverse.measure.funnel_question import Funnel
from obverse.measure.linger import Linger
from obverse.measure.picture import Pick
from obverse.measure.question import Question
from obverse.measure.scope import NO_VALUE, OTHER
from obverse.measure.time_between import TimeBetween
from obverse.measure.trend import Trend
from obverse.settings.segments import Segment
from obverse.surveys.variants import EXPERIMENT_VIEWED, EXPOSURES
from obverse.tape.catalogue import written
from obverse.web.pages.address import Address
from obverse.web.pages.figures import cut
from obverse.web.pages.frame import Link
from obverse.web.pages.surveys.conditions import Condition, read, write

PATH = "/surveys/new"
_LINGER_S = 60
_ANYWHERE = frozenset({OTHER, NO_VALUE, "(rarer ones)"})
Moment = Mapping[str, str]


def aimed(question: Question, pick: Pick, segments: Iterable[Segment] = ()) -> str:
    """Give the address of a new survey for the people behind a part of an answer.

    Args:
        question: what was asked.
        pick: which part of its answer.
        segments: the saved ones: where one is of just these people, they alone are asked.

    Returns:
        Empty where the part is of no moment, and no segment is of its people.

    >>> aimed(Funnel.parse("Cart Viewed > Order Completed"), {"step": "1", "outcome": "dropped"})[:52]
    '/surveys/new?name=Why+not+Order+Completed%3F&moments'
    """
    name, moment = _moment(question, pick)
    segment = next((one.name for one in segments if _of_these(one, question, pick)), "")
    if not moment and not segment:
        return ""
    return _new(name or f"Asked of {segment}", moment, segment)


def aimed_at_segment(name: str) -> str:
    """Give the address of a new survey for the people of a segment.

    >>> aimed_at_segment("Loyal")
    '/surveys/new?name=Asked+of+Loyal&moments.0.on=page&audience.segment=Loyal'
    """
    return _new(f"Asked of {name}", {"on": "page"}, name)


def _new(name: str, moment: Moment, segment: str = "") -> str:
    pairs = [("name", cut(name, 90))]
    pairs += [(f"moments.0.{key}", text) for key, text in moment.items() if text]
    pairs += [("audience.segment", segment)] if segment else []
    return str(Address(PATH, tuple(pairs)))


def aimed_at_exposure(event: str, told: Mapping[str, object]) -> tuple[Link, ...]:
    """Link to new surveys for the people in an experiment, and for those in a variant of it.

    Args:
        event: one of `EXPOSURES`; of another, and where it names no experiment, there is no link.
        told: its properties.

    >>> told = {"experiment_id": "Price", "variation_id": "b"}
    >>> [one.label for one in aimed_at_exposure("Experiment Viewed", told)]
    ['in Price', 'in Price, b']
    """
    sides = EXPOSURES.get(event, ())
    found = [next(((name, told[name]) for name in names if told.get(name)), None) for names in sides]
    conditions = [Condition(written(("properties", one[0])), "=", _plain(one[1])) for one in found if one]
    if not found or found[0] is None:
        return ()
    label, links = "in ", []
    for n, one in enumerate(conditions, 1):
        label += f", {one.value}" if n > 1 else one.value
        links.append(
            Link("survey", label, _new(f"Asked {label}", _of_exposure(event, write(conditions[:n]))))
        )
    return tuple(links)


def _of_exposure(event: str, where: str) -> Moment:
    """Say when somebody is asked: flags are told by PostHog's client, which our own does not hear."""
    on = "event" if event == EXPERIMENT_VIEWED else "elsewhere"
    return {"on": on, "event": event, "where": where}


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moment(question: Question, pick: Pick) -> tuple[str, Moment]:
    """Name a survey, and say which moment a part of an answer is about; nothing where it is about none."""
    if isinstance(question, Funnel):
        return _of_funnel(question, pick)
    if isinstance(question, TimeBetween):
        return _not_taken(question.from_event, question.to_event, question.within or "30m")
    if isinstance(question, Cart):
        return "Why did you leave your cart?", {"on": "abandoning", "what": "cart"}
    if isinstance(question, Linger):
        return _of_linger(question, pick)
    if isinstance(question, Trend):
        return _of_trend(question, pick)
    return _of_act(question, pick) if isinstance(question, Act) else ("", {})


def _of_these(segment: Segment, question: Question, pick: Pick) -> bool:
    """Say whether a segment is of the people behind a part of an answer, whatever the period was."""
    return segment.pick == dict(pick) and _whenever(segment.question) == _whenever(question.to_json())


def _whenever(question: bytes) -> dict[str, object]:
    fields = msgspec.json.decode(question, type=dict[str, object])
    return {name: value for name, value in fields.items() if name not in ("start", "end", "zone")}


def _of_funnel(question: Funnel, pick: Pick) -> tuple[str, Moment]:
    at = int(pick["step"]) if pick.get("step", "").isdecimal() else 0
    dropped = pick.get("outcome") == "dropped" and question.order != "any"
    if not dropped or not 1 <= at < len(question.steps):
        return "", {}
    after, step = question.steps[at - 1], question.steps[at]
    if not after.events or not step.events:  # any event: there is none to wait for
        return "", {}
    return _not_taken(after.events[0], step.events[0], question.within)


def _not_taken(after: str, step: str, within: str) -> tuple[str, Moment]:
    if "*" in (after, step):
        return "", {}
    return f"Why not {step}?", {"on": "not_taken", "after": after, "step": step, "within_s": within}


def _of_linger(question: Linger, pick: Pick) -> tuple[str, Moment]:
    place = pick.get("page", "")
    if not place or place in _ANYWHERE:
        return "", {}
    seconds = f"{float(pick['from_s']):.0f}s" if pick.get("from_s") else f"{_LINGER_S}s"
    where = {"element": place} if question.of == "element" else {"page": place}
    return f"Lingering at {place}", {"on": "lingering", "seconds": seconds, **where}


def _of_trend(question: Trend, pick: Pick) -> tuple[str, Moment]:
    """Ask those in an experiment, or in a variant of it, where the trend is of who was seen in one."""
    lines = {one.letter: one for one in question.lines}
    line = lines.get(pick.get("series", "A"))
    asked = line.selection(question.where) if line else None
    if asked is None or len(asked.events) != 1 or asked.events[0] not in EXPOSURES:
        return "", {}
    group, by = pick.get("group", ""), question.by or ""
    if group and (group in _ANYWHERE or by.startswith("segment:")):
        return "", {}
    where = asked.where or ""
    if group:
        kept = where if read(where) is not None else f"({where})"
        where = " and ".join(filter(None, (kept, write([Condition(by, "=", group)]))))
    return f"Asked in {group or 'an experiment'}", _of_exposure(asked.events[0], where)


def _of_act(question: Act, pick: Pick) -> tuple[str, Moment]:
    page = pick.get("page", "")
    if not page or page in _ANYWHERE:
        return "", {}
    if "form" in pick:
        return f"The form on {page}", {"on": "abandoning", "what": "form", "page": page}
    kind = "rage" if pick.get("kind") == "burst" else pick.get("kind", "")
    if kind not in ("rage", "dead", "error"):
        return f"On {page}", {"on": "page", "page": page}
    event = getattr(question, kind).partition(" or ")[0]
    element = pick.get("element", "").replace("'", "''")
    where = f"properties.element = '{element}'" if element and kind != "error" else ""
    return f"{event} on {page}", {"on": "event", "event": event, "page": page, "where": where}

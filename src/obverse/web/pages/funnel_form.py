"""The funnel's question as a form: what was typed, right or wrong, and the question it makes.

A funnel's address has two spellings. A finished question has ``steps`` as one line of text, the same text as
on the command line. A question under construction has one or more ``s1`` (alternatives), ``w1`` (filter)
and ``n1`` (name) a step, so that empty and wrong ones stay as they are. All else is spelled alike in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from obverse.errors import QuestionError
from obverse.measure.funnel_question import Exclusion, Funnel
from obverse.measure.funnel_text import Step, parse_steps, spell_steps
from obverse.web.pages.address import Address, Pairs
from obverse.web.pages.frame import DEFAULT_PERIOD, PERIODS, View

DATES = "dates"
"""The period that stands in the form's own two dates."""
MOST_STEPS = 20

ORDERS = (("ordered", "in this order"), ("strict", "nothing between"), ("any", "any order"))
COUNTS = (("person", "people"), ("entry", "every entry"), ("session", "sessions"), ("account", "accounts"))
BY_ATS = (("first", "first step"), ("last", "last step"))
ON_EXCLUSIONS = (("drop", "that try ends there"), ("remove", "the person is left out"))
_DEFAULTS = {
    "within": "7d",
    "order": "ordered",
    "count": "person",
    "by": "",
    "by_at": "first",
    "n_groups": "10",
    "where": "",
    "same": "",
    "segment": "",
    "on_exclusion": "drop",
    "grace": "0s",
}
_PLACE = re.compile(r"step (\d+)(, where)?|(\w+)(?=:|, where)")


@dataclass(frozen=True)
class StepField:
    """What was typed for one step.

    Attributes:
        number: from 1; 0 for the blank one that is copied to add a step.
        events: alternatives; at least one, perhaps empty.
        where: its filter; None where the filter's field is not open.
        name: its own name, if it has one.
    """

    number: int
    events: tuple[str, ...] = ("",)
    where: str | None = None
    name: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not any(event.strip() for event in self.events) and not (self.where or "").strip()


@dataclass(frozen=True)
class ExclusionField:
    """What was typed for one exclusion.

    Attributes:
        number: from 1.
        text: an event or several, as a step is written.
        after: number of the step after which it counts.
        before: number of the step before which it counts; empty for the last.
    """

    number: int
    text: str = ""
    after: str = "1"
    before: str = ""


@dataclass(frozen=True)
class FunnelForm:
    """The whole form as it was sent, with what is wrong in it.

    Attributes:
        steps: one or more.
        exclusions: those typed.
        values: the other fields by name, as text.
        period: a key of `PERIODS`, or ``dates``.
        start: first day, where the period is ``dates``.
        end: the day after the last, where the period is ``dates``.
        zone: name of the time zone.
        zone_default: that of the server.
        side: which side of the coin is shown.
        problems: (field, what is wrong) for fields that are wrong.
    """

    steps: tuple[StepField, ...]
    exclusions: tuple[ExclusionField, ...]
    values: dict[str, str]
    period: str
    start: str
    end: str
    zone: str
    zone_default: str
    side: str
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def asks(self) -> bool:
        """Whether any step was named."""
        return any(not step.is_empty for step in self.steps)

    def problem_of(self, field: str) -> str | None:
        """What is wrong with a field, if anything."""
        return next((text for name, text in self.problems if name == field), None)

    def with_problem(self, message: str) -> FunnelForm:
        """Put what is wrong at the field it is about; at none where it names none that is here."""
        return replace(self, problems=(*self.problems, (self._place(message), message)))

    def _place(self, message: str) -> str:
        fields = self._texts()
        found = _PLACE.match(message)
        if found and found[1]:
            place = f"w{found[1]}" if found[2] else f"s{found[1]}"
            return place if place in fields else f"s{found[1]}"
        if found and found[3] in {*self.values, "start", "end", "zone"}:
            return found[3]
        if found and found[3] == "exclude":
            return "x1"
        quoted = (name for name, text in fields.items() if text and repr(text) in message)
        return next(quoted, "")

    def _texts(self) -> dict[str, str]:
        """All that was typed freely, by field."""
        texts = {f"w{step.number}": step.where or "" for step in self.steps if step.where is not None}
        texts |= {f"x{one.number}": one.text for one in self.exclusions}
        return texts | {name: self.values[name] for name in ("where", "by", "same", "within", "grace")}


def read_form(address: Address, view: View) -> FunnelForm:
    """Read the form from an address of either spelling."""
    problem = None
    if text := address.get("steps"):
        try:
            steps = tuple(_step_field(i, step) for i, step in enumerate(parse_steps(text), 1))
        except QuestionError as error:
            steps, problem = (StepField(1, (text,)),), ("s1", str(error))
    else:
        steps = _typed_steps(address)
    dated = bool(address.get("start").strip() or address.get("end").strip())
    period = address.get("period", DATES if dated else "")
    return FunnelForm(
        steps=steps or (StepField(1), StepField(2)),
        exclusions=_typed_exclusions(address),
        values={name: address.get(name, default).strip() for name, default in _DEFAULTS.items()},
        period=period if period in PERIODS or period == DATES else DEFAULT_PERIOD,
        start=address.get("start").strip(),
        end=address.get("end").strip(),
        zone=view.zone_text,
        zone_default=view.zone_default,
        side=view.side,
        problems=(problem,) if problem else (),
    )


def _step_field(number: int, step: Step) -> StepField:
    return StepField(number, step.events or ("*",), step.where, step.name or "")


def _typed_steps(address: Address) -> tuple[StepField, ...]:
    made = []
    for number in range(1, MOST_STEPS + 1):
        events, where = address.all(f"s{number}"), address.all(f"w{number}")
        if events or where:
            name = address.get(f"n{number}").strip()
            made.append(StepField(number, events or ("",), where[0] if where else None, name))
    return _numbered(made)


def _typed_exclusions(address: Address) -> tuple[ExclusionField, ...]:
    made: list[ExclusionField] = []
    for number in range(1, 11):
        if text := address.get(f"x{number}").strip():
            after, before = address.get(f"xa{number}", "1"), address.get(f"xb{number}")
            made.append(ExclusionField(len(made) + 1, text, after, before))
    return tuple(made)


def _numbered(steps: list[StepField]) -> tuple[StepField, ...]:
    return tuple(replace(step, number=i) for i, step in enumerate(steps, 1))


def edit(form: FunnelForm, action: str) -> FunnelForm:
    """Do what one of the builder's buttons says.

    Args:
        form: as it was sent.
        action: ``add``, or ``remove-N``, ``up-N``, ``down-N``, ``or-N``, ``where-N`` for step N. Whatever
            else it is does nothing.
    """
    verb, _, text = action.partition("-")
    steps = list(form.steps)
    i = int(text) - 1 if text.isdecimal() and len(text) < 4 else 0
    if verb == "add" and len(steps) < MOST_STEPS:
        steps.append(StepField(0))
    elif not 0 <= i < len(steps):
        return form
    elif verb == "remove" and len(steps) > 1:
        del steps[i]
    elif verb == "up" and i > 0:
        steps[i - 1 : i + 1] = [steps[i], steps[i - 1]]
    elif verb == "down" and i + 1 < len(steps):
        steps[i : i + 2] = [steps[i + 1], steps[i]]
    elif verb == "or":
        steps[i] = replace(steps[i], events=(*steps[i].events, ""))
    elif verb == "where":
        steps[i] = replace(steps[i], where=steps[i].where or "")
    return replace(form, steps=_numbered(steps), problems=())


def question_of(form: FunnelForm, now: datetime) -> Funnel:
    """Make the question; empty steps and alternatives are passed over.

    Args:
        form: what was typed.
        now: the present, from which the period is counted back.

    Raises:
        QuestionError: it cannot be asked as it stands.
    """
    start, end = _period(form, now)
    v = form.values
    return Funnel(
        steps=tuple(_step(step) for step in form.steps if not step.is_empty),
        order=v["order"],  # type: ignore[arg-type]  # checked by Funnel
        within=v["within"] or "7d",
        grace=v["grace"] or "0s",
        count=v["count"],  # type: ignore[arg-type]  # checked by Funnel
        where=v["where"] or None,
        by=v["by"] or None,
        by_at=v["by_at"],  # type: ignore[arg-type]  # checked by Funnel
        n_groups=_number(v["n_groups"] or "10", "n_groups"),
        exclude=tuple(_exclusion(one) for one in form.exclusions),
        on_exclusion=v["on_exclusion"],  # type: ignore[arg-type]  # checked by Funnel
        same=v["same"] or None,
        segment=v["segment"] or None,
        start=start,
        end=end,
        zone=form.zone,
    )


def _step(field: StepField) -> Step:
    events = tuple(event.strip() for event in field.events if event.strip())
    return Step(
        events=() if events == ("*",) else events,
        where=(field.where or "").strip() or None,
        name=field.name or None,
    )


def _exclusion(field: ExclusionField) -> Exclusion:
    steps = parse_steps(field.text)
    if len(steps) != 1:
        raise QuestionError(f"exclude: {field.text!r} has several steps; name one event, or: A or B")
    before = _number(field.before, "exclude") if field.before else None
    step = steps[0]
    return Exclusion(
        events=step.events, where=step.where, after=_number(field.after, "exclude"), before=before
    )


def _number(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise QuestionError(f"{field}: {text!r} is not a whole number")
    return int(text)


def _period(form: FunnelForm, now: datetime) -> tuple[str | None, str | None]:
    if form.period == DATES:
        return form.start or None, form.end or None
    if form.period == "all":
        return None, None
    days = int(form.period.removesuffix("d"))
    first = now.date() - timedelta(days=days - 1)
    return first.isoformat(), None


def address_of(form: FunnelForm) -> Address:
    """Spell a finished question: steps as text, defaults left out.

    Raises:
        QuestionError: a step cannot be spelled.
    """
    text = spell_steps(tuple(_step(step) for step in form.steps if not step.is_empty))
    return Address("/funnel", (("steps", text), *_shared_pairs(form)))


def draft_of(form: FunnelForm) -> Address:
    """Spell a question under construction, with all that is empty in it."""
    pairs: list[tuple[str, str]] = []
    for step in form.steps:
        pairs += [(f"s{step.number}", event) for event in step.events]
        pairs += [(f"w{step.number}", step.where)] if step.where is not None else []
        pairs += [(f"n{step.number}", step.name)] if step.name else []
    return Address("/funnel", (*pairs, *_shared_pairs(form)))


def _shared_pairs(form: FunnelForm) -> Pairs:
    pairs = [(name, form.values[name]) for name, default in _DEFAULTS.items() if form.values[name] != default]
    for i, one in enumerate(form.exclusions, 1):
        pairs.append((f"x{i}", one.text))
        pairs += [(f"xa{i}", one.after)] if one.after != "1" else []
        pairs += [(f"xb{i}", one.before)] if one.before else []
    pairs += [("period", form.period)] if form.period != DEFAULT_PERIOD else []
    if form.period == DATES:
        pairs += [(name, text) for name, text in (("start", form.start), ("end", form.end)) if text]
    pairs += [("zone", form.zone)] if form.zone != form.zone_default else []
    pairs += [("side", form.side)] if form.side != "people" else []
    return tuple(pairs)

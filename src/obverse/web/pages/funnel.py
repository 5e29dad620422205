"""Funnel: where do people leave? A builder as a plain form, the answer as sentence, picture and table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get
from litestar.response import Redirect

from obverse.errors import QuestionError
from obverse.measure.funnel_answer import FunnelAnswer
from obverse.measure.funnel_question import Funnel
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.composing import AddForm, addable
from obverse.web.pages.explore.catalogue import FUNNEL, navigation
from obverse.web.pages.figures import cut
from obverse.web.pages.frame import PERIODS, between, during
from obverse.web.pages.funnel_form import (
    BY_ATS,
    COUNTS,
    DATES,
    ON_EXCLUSIONS,
    ORDERS,
    ExclusionField,
    FunnelForm,
    StepField,
    address_of,
    draft_of,
    edit,
    question_of,
    read_form,
)
from obverse.web.pages.funnel_result import Result, result_of
from obverse.web.pages.known import MOST_OFFERED, Known, known_fields
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.snippet import Snippet
from obverse.web.pages.spelling import spellings

_USUAL = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
_NOT_STEPS = frozenset({"Identified", "Grouped", "Aliased"})
_FOLDER = "obverse-data"


@dataclass(frozen=True)
class Suggestion:
    """A funnel that the events in the lake suggest."""

    label: str
    href: str


@dataclass(frozen=True)
class Builder:
    """The form as the page shows it.

    Attributes:
        form: what was typed and what is wrong in it.
        names: the most frequent events in the lake and how many of each.
        fields: what filters and splits may name.
        segments: names of the saved segments.
        hints: (field, remark) on what is not wrong but will find nothing.
        more_open: the rarely used fields are in use, so they are shown.
        reset: address of an empty form.
    """

    form: FunnelForm
    names: tuple[tuple[str, int], ...]
    fields: tuple[Known, ...]
    segments: tuple[str, ...]
    hints: tuple[tuple[str, str], ...]
    more_open: bool
    reset: str

    orders: ClassVar = ORDERS
    counts: ClassVar = COUNTS
    by_ats: ClassVar = BY_ATS
    on_exclusions: ClassVar = ON_EXCLUSIONS
    periods: ClassVar = (*((key, name) for key, name in PERIODS.items()), (DATES, "the dates below"))
    blank: ClassVar = StepField(0)

    def hint_of(self, field: str) -> str | None:
        """What to say at a field that is not wrong but will find nothing."""
        return next((text for name, text in self.hints if name == field), None)

    @property
    def segment_choices(self) -> tuple[tuple[str, str], ...]:
        """The saved segments, one that is asked for and is not there, and everyone."""
        asked = self.form.values["segment"]
        names = (*self.segments, *((asked,) if asked and asked not in self.segments else ()))
        return (("", "everyone"), *((name, name) for name in names))

    @property
    def exclusions(self) -> tuple[ExclusionField, ...]:
        """Those typed, and one to type."""
        typed = self.form.exclusions
        return (*typed, ExclusionField(len(typed) + 1)) if len(typed) < 10 else typed


@dataclass(frozen=True, kw_only=True)
class FunnelPage(Page):
    """Where people leave."""

    template: ClassVar[str] = "funnel.html"
    section: ClassVar[str] = "/explore"

    builder: Annotated[Builder, "The question as a form."]
    period_name: Annotated[str, "The period in which people began, in words."]
    result: Annotated[Panel[Result], "The answer as it is shown; empty where nothing was asked."]
    figures: Annotated[FunnelAnswer | None, "The answer itself, as the API gives it."] = None
    spellings: Annotated[
        tuple[Snippet, ...], "The same question in Python, on the command line, over HTTP."
    ] = ()
    keep: Annotated[AddForm | None, "What the form needs that puts it on a dashboard."] = None
    suggestions: Annotated[tuple[Suggestion, ...], "Funnels that the events in the lake suggest."] = ()
    empty: Annotated[bool, "No event has ever arrived."] = False
    snippets: Annotated[tuple[Snippet, ...], "How to send an event."] = ()


def build(asked: Asked) -> Response[bytes]:
    """Build the page, or send the reader on to the address of what a button made."""
    form = read_form(asked.address, asked.view)
    action = asked.address.get("do")
    if action and action != "ask":
        return _go(asked, draft_of(edit(form, action)), "#question")
    if action == "ask" and (address := _finished(form, asked)):
        return _go(asked, address)
    names = tuple(asked.lake.tape.names())
    if not form.asks and not action and not asked.address.all("s1") and len(_suggested(names)) > 1:
        steps = [StepField(i, (name,)) for i, name in enumerate(_suggested(names), 1)]
        return _go(asked, address_of(replace(form, steps=tuple(steps))))
    measures = navigation(asked.address, FUNNEL)
    return asked.show(_page(asked, form, names), measures=measures, scripts=("builder",))


def _finished(form: FunnelForm, asked: Asked) -> Address | None:
    """Give the address of a question that can be asked; None where something is wrong or missing."""
    try:
        question_of(form, _now(asked))
        return address_of(form)
    except QuestionError:
        return None


def _now(asked: Asked) -> datetime:
    return asked.now.astimezone(asked.view.zone)


def _go(asked: Asked, address: Address, place: str = "") -> Redirect:
    onward = address.put(format="json") if asked.as_json else address
    return Redirect(f"{onward}{place}", status_code=303)


def _page(asked: Asked, form: FunnelForm, names: tuple[tuple[str, int], ...]) -> FunnelPage:
    found: Panel[FunnelAnswer] = Panel()
    question = None
    if form.asks:
        try:
            question = question_of(form, _now(asked))
            found = _ask(asked, question)
        except QuestionError as error:
            form, found = form.with_problem(str(error)), Panel(problem=str(error))
    here = address_of(form) if question else asked.address
    result: Panel[Result] = Panel(problem=found.problem)
    if found.value is not None:
        shown = found.value
        result = panel(lambda: result_of(shown, asked.view.side, here))
    return FunnelPage(
        title="Funnel",
        builder=_builder(asked, form, names),
        period_name=_period_name(form),
        result=result,
        figures=found.value,
        spellings=spellings(question, asked.host, _FOLDER) if question else (),
        keep=addable(asked, question, "Funnel", "" if form.period == DATES else form.period)
        if question and found.value
        else None,
        suggestions=_suggestions(form, names),
        empty=not names,
        snippets=asked.snippets() if not names else (),
    )


def _ask(asked: Asked, question: Funnel) -> Panel[FunnelAnswer]:
    """Ask; a wrong question is the form's business, whatever else goes wrong the panel's."""
    wrong: list[QuestionError] = []

    def fill() -> FunnelAnswer:
        try:
            return asked.lake.ask(question)
        except QuestionError as error:
            wrong.append(error)
            raise

    filled = panel(fill)
    if wrong:
        raise wrong[0]
    return filled


def _builder(asked: Asked, form: FunnelForm, names: tuple[tuple[str, int], ...]) -> Builder:
    values = form.values
    rare = ("where", "segment", "same", "by_at", "n_groups", "grace", "on_exclusion")
    unusual = any(values[name] != ("10" if name == "n_groups" else _USUALLY.get(name, "")) for name in rare)
    return Builder(
        form=form,
        names=names[:MOST_OFFERED],
        fields=known_fields(asked.lake),
        segments=tuple(asked.settings.segments.names()),
        hints=_hints(form, [name for name, _ in names]),
        more_open=unusual
        or bool(form.exclusions)
        or form.period == DATES
        or any(name in {*rare, "x1", "start", "end", "zone"} for name, _ in form.problems),
        reset=str(asked.address.keep(("side", "zone", "period")).put(s1="")),
    )


_USUALLY = {"by_at": "first", "grace": "0s", "on_exclusion": "drop"}


def _hints(form: FunnelForm, known: list[str]) -> tuple[tuple[str, str], ...]:
    """Remark on names that no event has: they are no error, but they find nobody."""
    if not known:
        return ()
    strange = (
        (f"s{step.number}", event.strip())
        for step in form.steps
        for event in step.events
        if event.strip() not in {"", "*", *known}
    )
    return tuple((field, _remark(name, known)) for field, name in strange)


def _remark(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return "No event has this name yet" + (f"; did you mean “{cut(near[0])}”?" if near else ".")


def _period_name(form: FunnelForm) -> str:
    if form.period != DATES:
        return f"Began {during(form.period)}"
    return f"Began {between(form.start, form.end)}"


def _suggested(names: tuple[tuple[str, int], ...]) -> list[str]:
    """Choose the usual steps of a shop, as far as they are there."""
    known = {name for name, _ in names}
    return [name for name in _USUAL if name in known]


def _suggestions(form: FunnelForm, names: tuple[tuple[str, int], ...]) -> tuple[Suggestion, ...]:
    common = [name for name, _ in names if name not in _NOT_STEPS]
    made = [steps for steps in (_suggested(names), common[:2], common[1:4]) if len(steps) > 1]
    distinct = {" → ".join(cut(name, 40) for name in steps): steps for steps in made}
    return tuple(
        Suggestion(label, str(address_of(replace(form, steps=tuple(_fields(steps)), problems=()))))
        for label, steps in distinct.items()
    )


def _fields(names: list[str]) -> list[StepField]:
    return [StepField(i, (name,)) for i, name in enumerate(names, 1)]


@get("/funnel")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show a funnel, or build one."""
    return await answer(request, build)

"""Explore: any measure's question as a form, its answer as sentence, pictures and table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, cast

from litestar import Request, Response, get
from litestar.response import Redirect

from obverse.errors import NotFoundError, QuestionError, unknown
from obverse.measure import MEASURES
from obverse.measure.picture import Side
from obverse.measure.question import Answer, Question
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.behind import links_behind
from obverse.web.pages.composing import AddForm, addable
from obverse.web.pages.explore.catalogue import (
    FUNNEL,
    HOME,
    OVERLAY_PATH,
    About,
    Group,
    about,
    groups,
    navigation,
    path_of,
)
from obverse.web.pages.explore.form import (
    Entry,
    Form,
    address_of,
    draft_of,
    question_of,
    read_form,
    try_question,
    with_texts,
)
from obverse.web.pages.explore.result import Result, result_of
from obverse.web.pages.explore.suggested import suggested
from obverse.web.pages.export import downloads
from obverse.web.pages.frame import CARRIED, Link, between, during, held_by
from obverse.web.pages.known import MOST_OFFERED, Known, known_fields
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.snippet import Snippet
from obverse.web.pages.spelling import spellings
from obverse.web.pages.surveys.aiming import moments_of

_FOLDER = "obverse-data"
_MORE = "more-"
_ON_PAGE = ("linger", "act")
MOST_NAMES = 200
"""Names of events that a sentence is searched for."""


@dataclass(frozen=True)
class Asking:
    """The form as the page shows it.

    Attributes:
        action: where it is sent.
        first: the fields that are asked for at once.
        more: the others.
        more_open: one of those is in use, or wrong.
        hidden: what the form keeps beside its fields.
        names: the most frequent events in the lake and how many of each.
        fields: what filters and splits may name.
        segments: names of the saved segments.
        problem: what is wrong, where no field is to blame.
        reset: address of an empty form.
    """

    action: str
    first: tuple[Entry, ...]
    more: tuple[Entry, ...]
    more_open: bool
    hidden: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, int], ...]
    fields: tuple[Known, ...]
    segments: tuple[str, ...]
    problem: str
    reset: str


@dataclass(frozen=True, kw_only=True)
class ExplorePage(Page):
    """One measure: its question and its answer."""

    template: ClassVar[str] = "explore.html"
    section: ClassVar[str] = "/explore"

    about: Annotated[About, "The measure."]
    asking: Annotated[Asking, "The question as a form."]
    period_name: Annotated[str, "The period, in words."]
    result: Annotated[Panel[Result], "The answer as it is drawn; empty in JSON, where figures has it."]
    figures: Annotated[Answer | None, "The answer itself, as the API gives it."] = None
    spellings: Annotated[
        tuple[Snippet, ...], "The same question in Python, on the command line, over HTTP."
    ] = ()
    downloads: Annotated[tuple[Link, ...], "The answer as a file."] = ()
    keep: Annotated[AddForm | None, "What the form needs that puts it on a dashboard."] = None
    held: Annotated[tuple[Link, ...], "The same without its filter, without its segment."] = ()
    ask: Annotated[tuple[Link, ...], "New surveys, aimed at the moments that the answer is about."] = ()
    overlay: Annotated[str, "Address of the same over the page itself; empty where there is none."] = ""
    empty: Annotated[bool, "No event has ever arrived."] = False
    snippets: Annotated[tuple[Snippet, ...], "How to send an event."] = ()


@dataclass(frozen=True, kw_only=True)
class IndexPage(Page):
    """All measures, by what one asks."""

    template: ClassVar[str] = "measures.html"
    section: ClassVar[str] = "/explore"

    groups: Annotated[tuple[Group, ...], "The measures, those together that answer the like."]
    links: Annotated[dict[str, str], "Address of each measure's page, by its name."]
    segment: Annotated[str, "Name of the segment that goes along; empty for none."] = ""
    where: Annotated[str, "The filter that goes along; empty for none."] = ""
    without: Annotated[str, "Address of this page without segment and filter."] = ""


def build(asked: Asked, name: str) -> Response[bytes]:
    """Build the page of a measure, or send the reader on to the address of what a button made."""
    if name in (HOME, FUNNEL):
        return Redirect(str(asked.address.to(path_of(name))), status_code=303)
    if name not in MEASURES:
        raise NotFoundError(unknown("measure", name, MEASURES))
    form = read_form(about(name), MEASURES[name].question, asked.address, asked.view)
    action = asked.address.get("do")
    if action.startswith(_MORE):
        return _go(asked, draft_of(form, action.removeprefix(_MORE)), "#question")
    if action == "ask" and (address := _finished(form, asked)):
        return _go(asked, address)
    names = tuple(asked.lake.names())
    if not action and not form.own and (better := _first(asked, form, names)):
        return _go(asked, better)
    page = _page(asked, form, names)
    return asked.show(page, periods=True, measures=navigation(asked.address, name), scripts=("explore",))


def _first(asked: Asked, form: Form, names: tuple[tuple[str, int], ...]) -> Address | None:
    """Give the address of a first question that shows something real; None where this one does."""
    if not names:
        return None
    events = [name for name, _ in names]
    numbers = [one.name for one in known_fields(asked.lake) if one.type == "number"]
    texts = suggested(form.about.name, form.question, events, asked.values.conversion_event, numbers)
    period = form.about.period if not asked.address.get("period") and not form.dated else form.view.period
    better = replace(with_texts(form, texts), view=replace(form.view, period=period))
    question, _ = try_question(better, _now(asked))
    return address_of(better) if question is not None and better != form else None


def _finished(form: Form, asked: Asked) -> Address | None:
    """Give the address of a question that can be asked; None where something is wrong or missing."""
    try:
        question_of(form, _now(asked))
        return address_of(form)
    except QuestionError:
        return None


def _now(asked: Asked) -> Any:
    return asked.now.astimezone(asked.view.zone)


def _go(asked: Asked, address: Address, place: str = "") -> Redirect:
    onward = address.put(format="json") if asked.as_json else address
    return Redirect(f"{onward}{place}", status_code=303)


def _page(asked: Asked, form: Form, names: tuple[tuple[str, int], ...]) -> ExplorePage:
    question, form = try_question(form, _now(asked))
    found: Panel[Answer] = Panel(problem=form.problem or None)
    if question is not None and names:
        found, form = _ask(asked, question, form)
    result: Panel[Result] = Panel(problem=form.problem or found.problem)
    if found.value is not None and question is not None and not asked.as_json:
        shown, put = found.value, question
        side = cast("Side", asked.view.side)
        known = (*named_by(put), *(name for name, _ in names[:MOST_NAMES]))
        result = panel(lambda: result_of(shown, side, known, links_behind(put, asked.address)))
    return ExplorePage(
        title=form.about.title,
        about=form.about,
        asking=_asking(asked, form, names),
        period_name=_period_name(form),
        result=result,
        figures=found.value,
        spellings=spellings(question, asked.host, _FOLDER) if question is not None else (),
        downloads=downloads(question, asked.view.side) if question is not None and found.value else (),
        keep=_keep(asked, question, form) if question is not None and found.value else None,
        held=held_by(asked.address),
        ask=tuple(moments_of(found.value)) if found.value is not None else (),
        overlay=str(asked.address.keep(CARRIED).to(OVERLAY_PATH)) if form.about.name in _ON_PAGE else "",
        empty=not names,
        snippets=asked.snippets() if not names else (),
    )


def _keep(asked: Asked, question: Question, form: Form) -> AddForm:
    moves = "" if form.dated or "start" not in question.__struct_fields__ else form.view.period
    return addable(asked, question, form.about.title, moves)


def _ask(asked: Asked, question: Question, form: Form) -> tuple[Panel[Answer], Form]:
    """Ask; a wrong question is the form's business, whatever else goes wrong the panel's."""
    wrong: list[QuestionError] = []

    def fill() -> Answer:
        try:
            return asked.lake.ask(question)
        except QuestionError as error:
            wrong.append(error)
            raise

    filled = panel(fill)
    return filled, form.with_problem(str(wrong[0])) if wrong else form


def named_by(question: Question) -> tuple[str, ...]:
    """List the names of events that a question names."""
    plan = MEASURES[str(question.__struct_config__.tag)].plan(question)
    return tuple(dict.fromkeys(name for one in plan.selections for name in one.events))


def _asking(asked: Asked, form: Form, names: tuple[tuple[str, int], ...]) -> Asking:
    first, more = form.entries()
    in_use = any(entry.spec.name in form.texts or entry.problem for entry in more)
    view = form.view
    kept = (("side", view.side), ("period", view.period), ("zone", view.zone_text))
    defaults = ("people", "30d", view.zone_default)
    return Asking(
        action=path_of(form.about.name),
        first=first,
        more=more,
        more_open=in_use,
        hidden=tuple(pair for pair, default in zip(kept, defaults, strict=True) if pair[1] != default),
        names=names[:MOST_OFFERED],
        fields=known_fields(asked.lake),
        segments=tuple(asked.settings.segments.names()),
        problem=form.problem if not form.problem_at else "",
        reset=str(asked.address.keep(("side", "zone", "period"))),
    )


def _period_name(form: Form) -> str:
    if not form.dated:
        return during(form.view.period)
    start, end = (next((text for text in form.texts.get(name, ()) if text), "") for name in ("start", "end"))
    return between(start, end)


def build_index(asked: Asked) -> Response[bytes]:
    """Build the list of all measures."""
    carried = asked.address.keep(CARRIED)
    page = IndexPage(
        title="Explore",
        groups=groups(),
        links={name: str(carried.to(path_of(name))) for name in MEASURES},
        segment=carried.get("segment"),
        where=carried.get("where"),
        without=str(carried.put(segment=None, where=None)),
    )
    return asked.show(page)


@get("/explore")
async def show_index(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show what can be asked."""
    return await answer(request, build_index)


@get("/explore/{name:str}")
async def show(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """Ask one measure."""
    return await answer(request, lambda asked: build(asked, name))

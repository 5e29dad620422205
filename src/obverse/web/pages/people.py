"""People: who are they? Find one, see who came last, or who is behind a bar of a funnel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get

from obverse.errors import QuestionError
from obverse.measure.funnel_question import Funnel
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.behind import question_address, read_behind, said
from obverse.web.pages.explore.catalogue import about
from obverse.web.pages.figures import count, exact_money, instant, money, plural, span
from obverse.web.pages.frame import SHARED
from obverse.web.pages.funnel_form import address_of, question_of, read_form
from obverse.web.pages.glance import Glance, Who, glances, owners
from obverse.web.pages.latest import latest
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.person import display_name, person_href
from obverse.web.pages.snippet import Snippet
from obverse.web.pages.surveys.aimed import aimed, aimed_at_segment

if TYPE_CHECKING:
    from obverse.engine.people import PeoplePage as Found
    from obverse.measure.question import Question
    from obverse.tape.people import Person

A_PAGE = 25
_RECENT_EVENTS = 1_000


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """A person in a list.

    Attributes:
        name: what to call them.
        href: address of their page.
        known: they have identified themselves.
        last: how long ago they were last seen.
        touchpoints: where, of late, most recent first.
        n_events: how many events they have, as text.
        value: what they bought, short; empty for nothing.
        value_exact: the same to the cent.
    """

    name: str
    href: str
    known: bool
    last: str
    touchpoints: tuple[str, ...]
    n_events: str
    value: str
    value_exact: str


@dataclass(frozen=True, kw_only=True)
class PeoplePage(Page):
    """A list of people."""

    template: ClassVar[str] = "people.html"
    section: ClassVar[str] = "/people"

    search: Annotated[str, "What was searched for."] = ""
    behind: Annotated[str, "Which part of an answer the people are behind, in words."] = ""
    back: Annotated[str, "Address of that question."] = ""
    back_to: Annotated[str, "What that question is called."] = ""
    question: Annotated[str, "That question as JSON, to save its people; empty where there are none."] = ""
    pick: Annotated[str, "Which part of its answer, as JSON."] = ""
    ask: Annotated[str, "Address of a new survey for them; empty where it is not known when to ask."] = ""
    heading: Annotated[str, "What the list is."]
    shown_text: Annotated[str, "Which part of the list is shown."] = ""
    n: Annotated[int | None, "How many people there are behind it."] = None
    people: Annotated[Panel[tuple[PersonRow, ...]], "The people."]
    more: Annotated[bool, "More people match than are listed."] = False
    previous_href: Annotated[str, "Address of the part of the list before."] = ""
    next_href: Annotated[str, "Address of the part of the list after."] = ""
    never: Annotated[bool, "No event has ever arrived."] = False
    snippets: Annotated[tuple[Snippet, ...], "How to send an event."] = ()


def build(asked: Asked) -> Response[bytes]:
    """Build the list of those found, or of those seen last."""
    search = asked.address.get("q").strip()
    never = not asked.lake.table.refresh().last_seq
    found = panel(lambda: _found(asked, search) if search else _recent(asked))
    people = found.value or []
    page = PeoplePage(
        title="People",
        search=search,
        heading="Found" if search else "Seen last",
        people=_rows(found, people[:A_PAGE], asked),
        more=len(people) > A_PAGE,
        never=never,
        snippets=asked.snippets() if never else (),
    )
    return asked.show(page)


def build_behind(asked: Asked) -> Response[bytes]:
    """Build the list of the people behind a part of an answer."""
    question, pick = read_behind(asked.address)
    return _behind(asked, question, pick)


def build_in_segment(asked: Asked) -> Response[bytes]:
    """Build the list of the people of a saved segment."""
    name, offset = asked.address.get("segment"), _whole(asked, "offset", 0)
    found = panel(lambda: asked.lake.people_in(name, limit=A_PAGE, offset=offset))
    return _listed(asked, found, f"in {name}", Address("/segments"), "segments", ask=aimed_at_segment(name))


def build_behind_funnel(asked: Asked) -> Response[bytes]:
    """Build the list of the people behind a bar or a drop of a funnel, as the funnel's page names it."""
    form = read_form(asked.address, asked.view)
    question = question_of(form, asked.now.astimezone(asked.view.zone))
    outcome = "dropped" if asked.address.get("outcome") == "dropped" else "converted"
    pick = {"step": str(_whole(asked, "step", 1)), "outcome": outcome}
    if group := asked.address.get("group"):
        pick["group"] = group
    return _behind(asked, question, pick, address_of(form))


def _behind(
    asked: Asked, question: Question, pick: dict[str, str], back: Address | None = None
) -> Response[bytes]:
    did, offset = said(question, pick), _whole(asked, "offset", 0)
    found = panel(lambda: asked.lake.people(question, pick, limit=A_PAGE, offset=offset))
    back = back or question_address(question, asked.address.keep(SHARED).pairs)
    back_to = about(str(question.__struct_config__.tag)).title.lower()
    ask = aimed(question, pick, asked.settings.segments.all())
    return _listed(asked, found, did, back, back_to, question, pick, ask=ask)


def _listed(
    asked: Asked,
    found: Panel[Found],
    did: str,
    back: Address,
    back_to: str,
    question: Question | None = None,
    pick: dict[str, str] | None = None,
    *,
    ask: str = "",
) -> Response[bytes]:
    """Build a page of a list that the engine gave; with a question its people can be saved."""
    offset = _whole(asked, "offset", 0)
    people = [_who(person) for person in found.value.people] if found.value else []
    n = found.value.n if found.value else 0
    page = PeoplePage(
        title=f"People who {did}"[:80] if isinstance(question, Funnel) else f"People {did}"[:80],
        behind=f"{count(n)} {plural(n, 'person', 'people')} {did}." if found.value else f"People {did}.",
        back=str(back),
        back_to=back_to,
        heading="Who they are",
        shown_text=f"{count(offset + 1)} to {count(offset + len(people))} of {count(n)}" if people else "",
        n=n if found.value else None,
        people=_rows(found, people, asked),
        previous_href=str(asked.address.put(offset=max(0, offset - A_PAGE) or None)) if offset else "",
        next_href=str(asked.address.put(offset=offset + A_PAGE)) if offset + len(people) < n else "",
        question=question.to_json().decode() if question is not None and n else "",
        pick=msgspec.json.encode(pick or {}).decode(),
        ask=ask,
    )
    return asked.show(page)


def _whole(asked: Asked, name: str, default: int) -> int:
    text = asked.address.get(name) or str(default)
    if not text.isdecimal() or len(text) > 12:
        raise QuestionError(f"{name}: {text!r} is not a whole number")
    return int(text)


def _found(asked: Asked, search: str) -> list[Who]:
    return [_who(person) for person in asked.lake.tape.find(search, A_PAGE + 1)]


def _recent(asked: Asked) -> list[Who]:
    """Find out whose the last events are."""
    table = asked.lake.table
    return owners(table, latest(table, _RECENT_EVENTS))[:A_PAGE]


def _who(person: Person) -> Who:
    return Who(person.user_id, None if person.user_id is not None else next(iter(person.anonymous_ids), None))


def _rows(found: Panel[Any], people: list[Who], asked: Asked) -> Panel[tuple[PersonRow, ...]]:
    if found.problem is not None:
        return Panel(problem=found.problem)

    def fill() -> tuple[PersonRow, ...]:
        seen = glances(asked.lake.table, people, asked.values.conversion_event)
        return tuple(_row(person, glance, asked) for person, glance in zip(people, seen, strict=True))

    return panel(fill)


def _row(person: Who, seen: Glance, asked: Asked) -> PersonRow:
    ago = "" if seen.last is None else span(max(0.0, (asked.now - instant(seen.last)).total_seconds()))
    return PersonRow(
        name=display_name(person.user_id, person.anonymous_id),
        href=str(asked.address.keep(SHARED).to(person_href(person.key))),
        known=person.user_id is not None,
        last=f"{ago} ago" if ago else "",
        touchpoints=seen.touchpoints[:4],
        n_events=f"{count(seen.n_events)} {plural(seen.n_events, 'event')}",
        value=money(seen.value, seen.currency) if seen.n_orders else "",
        value_exact=f"{exact_money(seen.value, seen.currency)} in {count(seen.n_orders)} orders",
    )


@get("/people")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show people: those found, or those seen last."""
    return await answer(request, build)


@get("/people/behind")
async def show_behind(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the people behind a part of an answer."""
    return await answer(request, build_behind)


@get("/people/in")
async def show_in_segment(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the people of a saved segment."""
    return await answer(request, build_in_segment)


@get("/funnel/people")
async def show_behind_funnel(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the people behind a bar of a funnel."""
    return await answer(request, build_behind_funnel)

"""Segments: which groups of people have we named? What each is, who uses it, a new name for it, its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from obverse.engine import naming
from obverse.engine.naming import Uses
from obverse.errors import ObverseError, QuestionError
from obverse.measure import read_question
from obverse.measure.funnel_question import Funnel
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.behind import question_address, said
from obverse.web.pages.explore.catalogue import about
from obverse.web.pages.explore.form import label_of
from obverse.web.pages.figures import cut, instant, short_day
from obverse.web.pages.frame import Link
from obverse.web.pages.page import Page, Panel, panel

if TYPE_CHECKING:
    from obverse.measure.question import Question
    from obverse.settings.segments import Segment

Form = Mapping[str, str]


@dataclass(frozen=True)
class What:
    """What the people of a segment are.

    Attributes:
        text: which part of an answer they are behind.
        fields: (label, text) of all that the question says.
        href: address of the question.
        asked: what it is called.
    """

    text: str
    fields: tuple[tuple[str, str], ...]
    href: str
    asked: str


@dataclass(frozen=True)
class Entry:
    """A segment in the list.

    Attributes:
        name: what questions call it by.
        n: how many people are in it now, or why that cannot be said.
        what: what they are; a problem where the question cannot be read any more.
        is_snapshot: its people stay the same.
        saved: the day when it was saved.
        people_href: address of the list of its people.
        ask_href: address of what can be asked of them.
        users: links to the segments and dashboards that use it.
    """

    name: str
    n: Panel[int]
    what: Panel[What]
    is_snapshot: bool
    saved: str
    people_href: str
    ask_href: str
    users: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class SegmentsPage(Page):
    """All saved segments."""

    template: ClassVar[str] = "segments.html"
    section: ClassVar[str] = "/segments"

    segments: Annotated[tuple[Entry, ...], "All of them, by name."]
    problem: Annotated[str, "Why a change could not be made."] = ""


def build(asked: Asked, problem: str = "", status: int = 200) -> Response[bytes]:
    """Build the list of all segments."""
    used, all_ = naming.uses(asked.settings), asked.settings.segments.all()
    numbers = {one.name: number for number, one in enumerate(all_, 1)}
    page = SegmentsPage(
        title="Segments",
        segments=tuple(_entry(asked, one, used.get(one.name, Uses()), numbers) for one in all_),
        problem=problem,
    )
    return asked.show(page, flips=False, status=status)


def _entry(asked: Asked, found: Segment, used: Uses, numbers: Mapping[str, int]) -> Entry:
    saved = instant(found.created_at, asked.view.zone)
    boards = (Link("dashboard", one.name, f"/dashboards/{one.id}") for one in used.dashboards)
    others = (Link("segment", name, f"#segment-{numbers[name]}") for name in used.segments)
    return Entry(
        name=found.name,
        n=panel(lambda: asked.lake.people_in(found.name, limit=0).n),
        what=panel(lambda: _what(read_question(found.question), found.pick)),
        is_snapshot=found.is_snapshot,
        saved=f"{short_day(saved)} {saved.year}",
        people_href=str(Address("/people/in", (("segment", found.name),))),
        ask_href=str(Address("/explore", (("segment", found.name),))),
        users=(*boards, *others),
    )


def _what(question: Question, pick: Mapping[str, str]) -> What:
    where, title = question_address(question), about(str(question.__struct_config__.tag)).title
    who = " who" if isinstance(question, Funnel) and "group" not in pick else ""
    text = f"People{who} {said(question, pick)}." if pick else f"Everyone counted in {title}."
    fields = tuple((label_of(name), cut(text, 200)) for name, text in where.pairs if name != "period")
    return What(text, fields, str(where), title)


@get("/segments")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show all saved segments."""
    return await answer(request, build)


@post("/segments", status_code=303)
async def change(request: Request[Any, Any, Any]) -> Response[Any]:
    """Save the people behind a part of an answer as a segment; rename one; delete one."""
    form = {name: str(value).strip() for name, value in (await request.form()).items()}
    return await answer(request, partial(_changed, form=form))


def _changed(asked: Asked, form: Form) -> Response[Any]:
    """Make a change and go on to where it shows; what is wrong is said on the page of all segments."""
    try:
        return Redirect(_done(asked, form), status_code=303)
    except ObverseError as error:
        return build(replace(asked, address=Address(asked.address.path)), str(error), error.status)


def _done(asked: Asked, form: Form) -> str:
    action, name = form.get("do", "save"), form.get("name", "")
    if action == "save":
        question, pick = read_question(form.get("question", "")), _pick_of(form.get("pick", ""))
        asked.lake.save_segment(name, question, pick, snapshot=form.get("snapshot") == "on")
        return str(Address("/explore", (("segment", name),)))
    if action == "rename":
        naming.rename(asked.settings, form.get("segment", ""), name)
    elif action == "delete":
        naming.delete(asked.settings, form.get("segment", ""))
    else:
        raise QuestionError(f"do: {action!r} is nothing that can be done here")
    return "/segments"


def _pick_of(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, str])
    except msgspec.DecodeError as error:
        raise QuestionError(f"pick: {error}") from error

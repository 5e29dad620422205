"""The list of surveys: what are we asking, and do people answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from weakref import WeakKeyDictionary

from litestar import Request, Response, get, post
from litestar.response import Redirect

from obverse.errors import ObverseError, QuestionError
from obverse.measure.estimate import share
from obverse.settings.surveys import SavedSurvey
from obverse.surveys import keeping
from obverse.surveys.survey import Survey
from obverse.surveys.tally import Tally, Week, tallies
from obverse.web.pages.address import Address
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import cut, instant, percent, percent_range, plural, span
from obverse.web.pages.frame import Link
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.survey_moments import said
from obverse.web.pages.surveys.glances import Score, score_of
from obverse.web.pages.surveys.starters import STARTERS

if TYPE_CHECKING:
    from obverse.lake.table import EventTable

Form = Mapping[str, str]
WEEKS = 12
"""Weeks of the small trend."""
_VERBS = {"live": "Publish", "paused": "Pause", "closed": "Close"}


@dataclass(frozen=True)
class Trend:
    """Response rates by week, as the small picture needs them."""

    rates: tuple[float | None, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Counted:
    """What became of a survey.

    Attributes:
        shown: how often it was shown.
        answered: how often it was answered to the end.
        rate: of the times it was shown, how many were answered, wholly or in part; empty where it was not.
        between: its 95 % interval.
        trend: the rate by week; None with fewer than two weeks.
        score: its first score; None where there is none.
        last: how long ago the last answer was; empty without one.
    """

    shown: int
    answered: int
    rate: str
    between: str
    trend: Trend | None
    score: Score | None
    last: str


@dataclass(frozen=True)
class Entry:
    """A survey in the list."""

    id: str
    name: str
    state: str
    asks: str
    where: str
    href: str
    edit_href: str
    ways: tuple[tuple[str, str], ...]
    counted: Counted


@dataclass(frozen=True, kw_only=True)
class SurveysPage(Page):
    """All surveys."""

    template: ClassVar[str] = "surveys.html"
    section: ClassVar[str] = "/surveys"

    surveys: Annotated[Panel[tuple[Entry, ...]], "The newest first."]
    n: Annotated[int, "How many there are."]
    n_live: Annotated[int, "How many of them are being asked."]
    starters: Annotated[tuple[Link, ...], "What one can begin with."]
    problem: Annotated[str, "Why a change could not be made."] = ""


def build(asked: Asked, problem: str = "", status: int = 200) -> Response[bytes]:
    """Build the list of all surveys."""
    kept = asked.settings.surveys.all()
    page = SurveysPage(
        title="Surveys",
        surveys=panel(lambda: _entries(asked, kept)),
        n=len(kept),
        n_live=sum(one.state == "live" for one in kept),
        starters=tuple(
            Link(key, one.title, f"/surveys/new?starter={key}", title=one.says)
            for key, one in STARTERS.items()
        ),
        problem=problem,
    )
    return asked.show(page, flips=False, status=status)


_tallied: WeakKeyDictionary[EventTable, tuple[int, dict[str, Tally]]] = WeakKeyDictionary()
"""For each lake the version that all surveys were last counted at, and what became of them."""


def _tallies(asked: Asked) -> dict[str, Tally]:
    """Count all surveys; anew only where the lake has changed since."""
    table = asked.lake.table
    version, known = table.refresh().version, _tallied.get(table)
    if known is None or known[0] != version:
        known = _tallied[table] = version, tallies(asked.lake.sql)
    return known[1]


def _entries(asked: Asked, kept: list[SavedSurvey]) -> tuple[Entry, ...]:
    counted = _tallies(asked) if kept else {}
    return tuple(_entry(asked, one, counted.get(one.id, Tally())) for one in kept)


def _entry(asked: Asked, found: SavedSurvey, tally: Tally) -> Entry:
    survey = keeping.read(found)
    more = len(survey.questions) - 1
    return Entry(
        id=found.id,
        name=found.name,
        state=found.state,
        asks=cut(survey.questions[0].text, 90) + (f" and {more} more" if more else ""),
        where=where_of(survey),
        href=f"/surveys/{found.id}",
        edit_href=f"/surveys/{found.id}/edit",
        ways=tuple((state, _VERBS[state]) for state in keeping.ways_of(found.state)),
        counted=_counted(asked, survey, tally),
    )


def where_of(survey: Survey) -> str:
    """Say in a few words where and when a survey is asked.

    >>> from obverse.surveys.question import Nps
    >>> where_of(Survey(name="A", questions=(Nps(id="q", text="?"),), places=("link", "kiosk")))
    'by link or kiosk'
    """
    if "page" in survey.places and survey.moments:
        more = len(survey.moments) - 1
        return said(survey.moments[0]) + (f", and {more} more {plural(more, 'moment')}" if more else "")
    return f"by {' or '.join(place for place in survey.places if place != 'page')}"


def _counted(asked: Asked, survey: Survey, tally: Tally) -> Counted:
    rate = share(tally.replied, tally.shown)
    ago = "" if tally.last is None else span(max(0.0, (asked.now - instant(tally.last)).total_seconds()))
    return Counted(
        shown=tally.shown,
        answered=tally.answered,
        rate=percent(rate.value) if tally.shown else "",
        between=percent_range(rate.low, rate.high) if tally.shown else "",
        trend=_trend(tally.weeks),
        score=score_of(survey, tally.scores),
        last=f"{ago} ago" if ago else "",
    )


def _trend(weeks: list[Week]) -> Trend | None:
    if len(weeks) < 2:
        return None
    known = {one.week: one for one in weeks}
    numbers = range(max(weeks[0].week, weeks[-1].week - WEEKS + 1), weeks[-1].week + 1)
    found = [known.get(number) for number in numbers]
    return Trend(
        rates=tuple(one.replied / one.shown if one else None for one in found),
        titles=tuple(f"{one.replied} of {one.shown}" if one else "nobody asked" for one in found),
    )


@get("/surveys")
async def show(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show all surveys."""
    return await answer(request, build)


@post("/surveys", status_code=303)
async def change(request: Request[Any, Any, Any]) -> Response[Any]:
    """Publish, pause, close, duplicate or delete a survey."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    return await answer(request, lambda asked: _changed(asked, form))


def _changed(asked: Asked, form: Form) -> Response[Any]:
    """Make a change and go on to where it shows; what is wrong is said on the list."""
    action, key = form.get("do", ""), form.get("survey", "")
    try:
        if action in _VERBS:
            keeping.set_state(asked.settings, key, action, asked.now)  # type: ignore[arg-type] # one of those keys
        elif action == "duplicate":
            return Redirect(f"/surveys/{keeping.duplicate(asked.settings, key).id}/edit", status_code=303)
        elif action == "delete":
            asked.settings.surveys.delete(key)
        else:
            raise QuestionError(f"do: {action!r} is nothing that can be done here")
    except ObverseError as error:
        return build(replace(asked, address=Address("/surveys")), str(error), error.status)
    return Redirect("/surveys", status_code=303)

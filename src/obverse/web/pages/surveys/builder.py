"""The builder: what is asked, in which moments, of whom? A form that is whole without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, get, post
from litestar.response import Redirect

from obverse.errors import InUseError, ObverseError, QuestionError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys import keeping
from obverse.surveys.survey import Survey
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.figures import instant, short_day
from obverse.web.pages.frame import Link
from obverse.web.pages.known import offered
from obverse.web.pages.page import Page
from obverse.web.pages.surveys.changes import changes
from obverse.web.pages.surveys.changing import change, name_all
from obverse.web.pages.surveys.conditions import settle
from obverse.web.pages.surveys.draft import Draft, Problems, draft_of, nest, survey_of
from obverse.web.pages.surveys.form import Form, form_of
from obverse.web.pages.surveys.kinds import MOMENT_TYPES, blank
from obverse.web.pages.surveys.starters import STARTERS

Pairs = Iterable[tuple[str, str]]
MOST_NAMES = 200
"""Names of events that the form proposes."""
_OWN = ("do", "csrf", "base")
"""Fields of the form that are not the survey's."""


@dataclass(frozen=True)
class Problem:
    """Something to look at: what, and the place in the form."""

    text: str
    href: str
    level: str


@dataclass(frozen=True)
class VersionRow:
    """A version: its number, the day it was made, and what changed in it."""

    version: int
    day: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """The survey as it is kept: its id, its state, its version, and where its results are."""

    id: str
    name: str
    state: str
    version: int
    results: str


@dataclass(frozen=True, kw_only=True)
class BuilderPage(Page):
    """A survey in the making."""

    template: ClassVar[str] = "survey_builder.html"
    section: ClassVar[str] = "/surveys"

    action: Annotated[str, "Where the form is sent."]
    kept: Annotated[Kept | None, "The survey as it is kept; empty for a new one."]
    form: Annotated[Form, "What the form holds."]
    problems: Annotated[tuple[Problem, ...], "What is wrong, or should be looked at, errors first."]
    refused: Annotated[str, "Why it could not be saved."]
    saved: Annotated[bool, "It was saved just now."]
    changed: Annotated[bool, "The form holds what is not saved yet."]
    focus: Annotated[str, "The part of the form that was worked on last."]
    events: Annotated[tuple[str, ...], "Names of events, the most frequent first."]
    segments: Annotated[tuple[str, ...], "Names of the saved segments."]
    starters: Annotated[tuple[Link, ...], "What one can begin with."]
    survey: Annotated[str, "The survey as JSON, for the preview; empty while something is wrong."]
    shown_in: Annotated[tuple[str, ...], "Languages that the preview can be seen in."]
    versions: Annotated[tuple[VersionRow, ...], "Earlier ones and this, the newest first."]


@dataclass(frozen=True)
class _Work:
    """What a request brings to the builder; of a form that was not sent yet nothing is wrong."""

    draft: Draft
    found: SavedSurvey | None = None
    refused: str = ""
    focus: str = ""
    changed: bool = False
    tried: bool = False


def _show(asked: Asked, work: _Work, status: int = 200) -> Response[bytes]:
    name_all(work.draft)
    survey, wrong = survey_of(work.draft)
    seen, _ = survey_of(work.draft | {"name": work.draft.get("name") or "unnamed"})  # no name, no less to see
    found = work.found
    fresh = found is None and not work.tried
    at = f"/surveys/{found.id}" if found else ""
    page = BuilderPage(
        title=f"{found.name}: edit" if found else "A new survey",
        action=f"{at}/edit" if found else "/surveys/new",
        kept=Kept(found.id, found.name, found.state, found.version, at) if found else None,
        form=form_of(
            work.draft, {} if fresh else wrong | _by_field(asked, survey), partial(offered, asked.lake)
        ),
        problems=() if fresh else tuple(_problems(asked, survey, wrong)),
        refused=work.refused,
        saved=asked.address.get("saved") == "1" and not work.changed and not work.refused,
        changed=work.changed,
        focus=f"#{place_of(work.focus)}" if work.focus else "",
        events=tuple(name for name, _ in asked.lake.names()[:MOST_NAMES]),
        segments=tuple(asked.settings.segments.names()),
        starters=_starters(asked) if found is None and not work.changed else (),
        survey=seen.to_json().decode() if seen else "",
        shown_in=(seen.language, *seen.translations) if seen else (),
        versions=_versions(asked, found) if found else (),
    )
    return asked.show(page, status=status, flips=False, scripts=("survey",))


def place_of(path: str) -> str:
    """Give the id that a part of the form has in the page.

    >>> place_of("questions.0.text")
    'f-questions-0-text'
    """
    return f"f-{path.replace('.', '-').replace(':', '-')}"


def _starters(asked: Asked) -> tuple[Link, ...]:
    chosen = asked.address.get("starter")
    return tuple(
        Link(key, one.title, f"/surveys/new?starter={key}", key == chosen, one.says)
        for key, one in STARTERS.items()
    )


def _by_field(asked: Asked, survey: Survey | None) -> Problems:
    if survey is None:
        return {}
    found = keeping.looked_over(asked.settings, survey, asked.now)
    return {one.field: one.text for one in found if one.level == "error"}


def _problems(asked: Asked, survey: Survey | None, wrong: Problems) -> Iterable[Problem]:
    """List what is wrong."""
    for path, text in wrong.items():
        yield Problem(_said(path, text), f"#{place_of(path)}" if path else "", "error")
    if survey is not None:
        for one in keeping.looked_over(asked.settings, survey, asked.now):
            yield Problem(_said(one.field, one.text), f"#{place_of(one.field)}", one.level)


def _said(path: str, text: str) -> str:
    """Say what is wrong where, counting as people do.

    >>> _said("questions.0.options.1.text", "this is needed")
    'Question 1, option 2, text: this is needed'
    """
    words: list[str] = []
    for part in path.split("."):
        if part.isdecimal() and words:
            words[-1] = f"{words[-1].removesuffix('es' if words[-1] == 'branches' else 's')} {int(part) + 1}"
        elif part:
            words.append(part.replace("_", " "))
    place = ", ".join(words)
    return f"{place[:1].upper()}{place[1:]}: {text}" if place else text


def _versions(asked: Asked, found: SavedSurvey) -> tuple[VersionRow, ...]:
    kept = asked.settings.surveys.versions(found.id)
    read = [Survey.from_json(one.body) for one in kept]
    rows = []
    for at, one in enumerate(kept):
        day = instant(one.created_at, asked.view.zone)
        changed = changes(read[at + 1], read[at]) if at + 1 < len(kept) else ()
        rows.append(VersionRow(one.version, f"{short_day(day)} {day.year}", changed))
    return tuple(rows)


def _begun(asked: Asked) -> Draft:
    """Begin a survey with what the address says: a starter, and any field of the form by its name."""
    starter = STARTERS.get(asked.address.get("starter"))
    begins: Draft = starter.draft() if starter else STARTERS["nps"].draft() | {"name": "", "moments": []}
    if not starter:
        begins["questions"] = begins["questions"][:1]
    given = nest(pair for pair in asked.address.pairs if pair[0] not in ("starter", "saved"))
    for name, value in given.items():
        if name == "moments" and isinstance(value, list):
            begins[name] = [_moment(one) for one in value]
        elif isinstance(value, dict) and isinstance(begins.get(name), dict):
            begins[name] |= value
        elif isinstance(value, str) and isinstance(begins.get(name), str):
            begins[name] = value
    return begins


def _moment(given: Draft) -> Draft:
    kind = given.get("on")
    return blank(kind if kind in MOMENT_TYPES else "page") | given


def build_new(asked: Asked) -> Response[bytes]:
    """Build the form of a survey that is not there yet."""
    return _show(asked, _Work(_begun(asked)))


def build_edit(asked: Asked, key: str) -> Response[bytes]:
    """Build the form of a survey."""
    found = asked.settings.surveys.get(key)
    return _show(asked, _Work(draft_of(keeping.read(found)), found))


def _sent(asked: Asked, pairs: tuple[tuple[str, str], ...], key: str | None) -> Response[Any]:
    """Do what the form was sent for: a change to the form itself, or to keep what it holds."""
    given = dict(pairs)
    action = given.get("do", "save")
    draft = nest(pair for pair in pairs if pair[0] not in _OWN)
    draft.setdefault("repeat", {}).setdefault("rests", "")
    found = asked.settings.surveys.get(key) if key else None
    done = partial(_Work, draft, found, changed=True)
    focus, refused = "", None
    try:
        focus = change(draft, action) if action not in ("save", "publish", "look") else ""
    except QuestionError as error:
        refused = error
    for moment in draft.get("moments", ()):
        settle(moment)
    if refused:
        return _show(asked, done(refused=str(refused)), refused.status)
    if action in ("save", "publish"):
        return _keep(asked, draft, found, action, given.get("base", ""))
    verb, _, part = action.partition(":")
    if verb == "write":  # go on at what is missing to its rows, if anything is
        _, wrong = survey_of(draft)
        focus = next((path for path in wrong if path.startswith(f"{part}.conditions.")), focus)
    return _show(asked, done(focus=focus, tried=verb in ("look", "write")))


def _keep(asked: Asked, draft: Draft, found: SavedSurvey | None, action: str, base: str) -> Response[Any]:
    name_all(draft)
    survey, _ = survey_of(draft)
    work = partial(_Work, draft, found, changed=True, tried=True)
    if survey is None:
        return _show(asked, work(refused="Not saved: something is missing or wrong."), 400)
    try:
        if found is not None and base != str(found.version):
            raise InUseError("somebody else has saved this survey meanwhile; open it again to see theirs")
        if found is None:
            found = keeping.create(asked.settings, survey)
        else:
            found = keeping.edit(asked.settings, found.id, survey, asked.now)
    except ObverseError as error:
        return _show(asked, work(refused=f"Not saved: {error}"), error.status)
    if action == "publish":
        try:
            keeping.set_state(asked.settings, found.id, "live", asked.now)
        except ObverseError as error:
            kept = _Work(draft, found, f"Saved, but not published: {error}", tried=True)
            return _show(asked, kept, error.status)
        return Redirect(f"/surveys/{found.id}?published=1", status_code=303)
    return Redirect(f"/surveys/{found.id}/edit?saved=1", status_code=303)


async def _pairs(request: Request[Any, Any, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in (await request.form()).multi_items())


@get("/surveys/new")
async def show_new(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the form of a new survey."""
    return await answer(request, build_new)


@post("/surveys/new", status_code=200)
async def send_new(request: Request[Any, Any, Any]) -> Response[Any]:
    """Change the form of a new survey, or keep it."""
    pairs = await _pairs(request)
    return await answer(request, lambda asked: _sent(asked, pairs, None))


@get("/surveys/{key:str}/edit")
async def show_edit(request: Request[Any, Any, Any], key: str) -> Response[bytes]:
    """Show the form of a survey."""
    return await answer(request, lambda asked: build_edit(asked, key))


@post("/surveys/{key:str}/edit", status_code=200)
async def send_edit(request: Request[Any, Any, Any], key: str) -> Response[Any]:
    """Change the form of a survey, or keep another version."""
    pairs = await _pairs(request)
    return await answer(request, lambda asked: _sent(asked, pairs, key))

"""Phone: the page of somebody who reads a survey out: first who is on the line, then question by question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qs

from litestar import Request, Response, get, post
from markupsafe import Markup

from obverse.errors import InUseError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys.languages import languages, negotiate
from obverse.surveys.sheet import first
from obverse.surveys.survey import Survey
from obverse.surveys.words import native
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.page import Page, Panel, panel
from obverse.web.pages.person import display_name
from obverse.web.surveys import replies
from obverse.web.surveys.hosted import why_not
from obverse.web.surveys.taking import Step, Taking

Ask = Request[Any, Any, Any]
_MOST = 20
_WHY_NOT = {
    "unknown": "it is a draft, or not asked by phone",
    "closed": "it is closed",
    "paused": "it is paused",
    "early": "it has not begun yet",
}


@dataclass(frozen=True)
class Caller:
    """Somebody who may be on the line; one of the ids is there.

    Attributes:
        name: to tell them by.
        user_id: of who is known.
        anonymous_id: of a browser or device.
    """

    name: str
    user_id: str = ""
    anonymous_id: str = ""


@dataclass(frozen=True, kw_only=True)
class PhonePage(Page):
    """A survey to read out."""

    template: ClassVar[str] = "survey_phone.html"
    section: ClassVar[str] = "/surveys"

    survey: Annotated[str, "Name of the survey."]
    href: Annotated[str, "Address of this page."]
    anonymous: Annotated[bool, "Who answers is not kept."]
    languages: Annotated[tuple[tuple[str, str], ...], "Languages that it can be read in, and their names."]
    search: Annotated[str, "Who was looked for."] = ""
    found: Annotated[Panel[tuple[Caller, ...]], "Who that may be."]
    caller: Annotated[str, "Who is on the line, once that is settled."] = ""
    form: Annotated[Markup, "The form at this step, as HTML; empty before the first."]
    done: Annotated[bool, "All is answered."] = False
    style: Annotated[str, "Address of the form's style sheet."]


def _build(asked: Asked, saved: SavedSurvey, survey: Survey, step: Step | None = None) -> Response[bytes]:
    search = asked.address.get("q").strip()[:200]
    known = step.ticket.user_id or step.ticket.anonymous_id if step else None
    page = PhonePage(
        title=f"{saved.name}, by phone",
        survey=saved.name,
        href=asked.address.path,
        anonymous=survey.anonymous,
        languages=tuple((one, native(one)) for one in languages(survey)),
        search=search,
        found=panel(lambda: _callers(asked, search) if search and not survey.anonymous else ()),
        caller=(known or "somebody who is not known") if step else "",
        form=Markup(step.html if step else ""),  # noqa: S704 - Jinja has escaped every word in it
        done=step.done if step else False,
        style=replies.style_address(asked.values.sdk_path, survey.theme.accent),
    )
    status = 422 if step is not None and step.sheet.error else 200
    return replace(asked, as_json=False).show(page, status, flips=False)


def _callers(asked: Asked, search: str) -> tuple[Caller, ...]:
    return tuple(
        Caller(
            display_name(one.user_id, next(iter(one.anonymous_ids), None)),
            one.user_id or "",
            "" if one.user_id else next(iter(one.anonymous_ids), ""),
        )
        for one in asked.lake.tape.find(search, _MOST)
    )


async def _open(request: Ask, key: str) -> tuple[SavedSurvey, Survey]:
    saved = await asyncio.to_thread(request.app.state.settings.surveys.get, key)
    survey = Survey.from_json(saved.body)
    why = why_not(saved, survey, "phone", request.app.state.taking.clock())
    if why is not None:
        raise InUseError(f"the survey {saved.name!r} cannot be read out: {_WHY_NOT[why]}")
    return saved, survey


@get("/surveys/{key:str}/phone")
async def show(request: Ask, key: str) -> Response[bytes]:
    """Ask who is on the line."""
    saved, survey = await _open(request, key)
    return await answer(request, partial(_build, saved=saved, survey=survey))


@post("/surveys/{key:str}/phone", status_code=200)
async def take(request: Ask, key: str) -> Response[bytes]:
    """Begin with whoever is on the line, or take the next answer."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    taking: Taking = request.app.state.taking
    path, csrf = request.url.path, str(request.state.csrf or "")
    if "ticket" in fields:
        step = await taking.answer(fields, path, key, csrf=csrf)
        saved, survey = await taking.shelf.saved(key), step.survey
    else:
        saved, survey = await _open(request, key)
        known = {name: first(fields, name)[:512] or None for name in ("user_id", "anonymous_id")}
        language = negotiate(languages(survey), [first(fields, "lang")])
        variants = await taking.variants_of(**known)
        ticket = taking.ticket(
            key,
            saved.version,
            survey,
            "phone",
            language=language,
            touchpoint="phone",
            variants=variants,
            **known,
        )
        step = taking.first(ticket, survey, path, csrf=csrf)
        await taking.note(ticket, survey, "shown")
    return await answer(request, partial(_build, saved=saved, survey=survey, step=step))

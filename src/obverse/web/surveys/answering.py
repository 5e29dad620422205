"""Answering by a program: all answers of one person at once, checked as a form's are."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.openapi.datastructures import ResponseSpec

from obverse.errors import InUseError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys.languages import languages, negotiate
from obverse.surveys.sheet import check_all
from obverse.surveys.survey import Survey
from obverse.surveys.variants import capped
from obverse.web.problem import Problem
from obverse.web.surveys.hosted import why_not
from obverse.web.surveys.taking import Taking

Ask = Request[Any, Any, Any]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_WHY_NOT = {
    "unknown": "it is a draft, or not asked by programs: see its places",
    "closed": "it is closed",
    "paused": "it is paused",
    "early": "it has not begun yet",
}


class NewAnswers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one person answered at one time.

    Attributes:
        answers: by question id.
        others: what was filled in, by question id.
        user_id: of who answered, if that is known; of an anonymous survey no id is kept.
        anonymous_id: of the browser or device.
        language: in which it was asked; the survey's own unless given.
        touchpoint: at which.
        variants: variant by experiment, beside those that this server has heard of.
        submission_id: of this time of asking: sent again, it counts once. A new one unless given.
    """

    answers: dict[str, Any]
    others: dict[str, Any] = {}
    user_id: Id | None = None
    anonymous_id: Id | None = None
    language: str = ""
    touchpoint: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "server"
    variants: dict[str, str] = {}
    submission_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None


class Submitted(msgspec.Struct, frozen=True):
    """Under which id the answers are kept."""

    submission_id: str


@post(
    "/surveys/{key:str}/answers",
    responses={
        404: ResponseSpec(Problem, description="There is no such survey"),
        409: ResponseSpec(Problem, description="The survey is not asked by programs, or not now"),
        422: ResponseSpec(Problem, description="An answer breaks its question's rule"),
    },
)
async def submit(request: Ask, key: str, data: NewAnswers) -> Submitted:
    """Keep what one person answered; durable before it is answered."""
    taking: Taking = request.app.state.taking
    saved: SavedSurvey = await asyncio.to_thread(request.app.state.settings.surveys.get, key)
    survey = Survey.from_json(saved.body)
    why = why_not(saved, survey, "api", taking.clock())
    if why is not None:
        raise InUseError(f"the survey {saved.name!r} takes no answers from programs: {_WHY_NOT[why]}")
    answers = check_all(survey, data.answers, data.others)
    known = {
        "user_id": data.user_id,
        "anonymous_id": data.anonymous_id,
        "submission_id": data.submission_id,
    }
    ticket = taking.ticket(
        saved.id,
        saved.version,
        survey,
        "api",
        language=negotiate(languages(survey), [data.language]),
        touchpoint=data.touchpoint,
        variants=await taking.variants_of(data.user_id, data.anonymous_id) | capped(data.variants.items()),
        **{name: value for name, value in known.items() if value is not None},
    )
    await taking.take(ticket, survey, answers)
    return Submitted(ticket.submission_id)

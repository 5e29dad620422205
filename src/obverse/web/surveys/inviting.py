"""Inviting: a survey's address as a QR code, and links for people who are known."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec

from obverse.errors import QuestionError
from obverse.settings.surveys import SavedSurvey
from obverse.surveys.invitation import sign
from obverse.surveys.recording import DAY_US
from obverse.surveys.survey import Survey
from obverse.web.problem import Problem
from obverse.web.surveys.hosted import PATH
from obverse.web.surveys.taking import Taking

Ask = Request[Any, Any, Any]
UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class ToInvite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, by the user ids that events have."""

    user_ids: Annotated[list[UserId], msgspec.Meta(min_length=1, max_length=10_000)]


class Invited(msgspec.Struct, frozen=True):
    """A link for one person; whoever has it answers as that person."""

    user_id: str
    link: str


class Invitations(msgspec.Struct, frozen=True):
    """The links, in the order of the people."""

    invitations: list[Invited]


def address(request: Ask, key: str) -> str:
    """Give the address of a survey's page, as the reader reached this server."""
    public = request.app.state["values"].public_url
    return f"{public or f'{request.url.scheme}://{request.url.netloc}'}{PATH}{key}"


@get("/surveys/{key:str}/qr.svg")
async def show_code(request: Ask, key: str) -> Response[bytes]:
    """Draw the address of a survey's page, with the query that is given, as a QR code."""
    saved: SavedSurvey = await asyncio.to_thread(request.app.state.settings.surveys.get, key)
    pairs = parse_qsl(request.url.query)
    text = address(request, saved.id) + (f"?{urlencode(pairs)}" if pairs else "")
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError:
        raise QuestionError("query: too long for a QR code") from None
    drawn = BytesIO()
    code.save(drawn, kind="svg", scale=8, border=4, light="#fff", title=text, omitsize=False)
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@post(
    "/surveys/{key:str}/invitations",
    status_code=200,
    responses={
        400: ResponseSpec(Problem, description="Nobody to invite, or the survey is anonymous"),
        404: ResponseSpec(Problem, description="There is no such survey"),
    },
)
async def invite(request: Ask, key: str, data: ToInvite) -> Invitations:
    """Make a link to a survey for each of some people, who then answer as themselves."""
    taking: Taking = request.app.state.taking
    saved: SavedSurvey = await asyncio.to_thread(request.app.state.settings.surveys.get, key)
    survey = Survey.from_json(saved.body)
    if survey.anonymous:
        raise QuestionError("anonymous: answers to this survey keep no link to people; send its one address")
    if "link" not in survey.places:
        raise QuestionError("places: this survey is not asked by link")
    day = taking.clock() // DAY_US
    at = address(request, saved.id)
    return Invitations(
        [Invited(one, f"{at}?as={sign(saved.id, one, day, taking.secret)}") for one in data.user_ids]
    )

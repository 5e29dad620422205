"""Preview: a survey's form as people will see it, for those who make it; nothing is written down.

A saved one is walked through by GET; one that is not saved yet travels along in its own form.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlencode

from litestar import MediaType, Request, Response, get, post

from obverse.errors import QuestionError
from obverse.settings.surveys import Surveys
from obverse.surveys.branching import n_left, walk
from obverse.surveys.checking import Fields
from obverse.surveys.languages import languages, negotiate
from obverse.surveys.rendering import Form, render, render_page
from obverse.surveys.sheet import Answers, Sheet, first, turn
from obverse.surveys.survey import Survey
from obverse.web.surveys import replies

Ask = Request[Any, Any, Any]
_HEADERS = {"content-security-policy": replies.policy("'self'"), "cache-control": "no-store"}


def show(survey: Survey, fields: Fields, form: Form, sdk_path: str) -> Response[bytes]:
    """Answer with the page of a form.

    Args:
        survey: to show.
        fields: of the form before; or ``step`` alone, for a question by its place.
        form: where it is sent.
        sdk_path: below which the style sheet is.
    """
    sheet = turn(survey, fields) if "go" in fields else _jump(survey, first(fields, "step"))
    html = render_page(
        survey,
        form.language,
        render(survey, sheet, form),
        style=replies.style_address(sdk_path, survey.theme.accent),
    )
    return Response(html.encode(), media_type=MediaType.HTML, headers=_HEADERS)


def _jump(survey: Survey, text: str) -> Sheet:
    """Show a question by its place on the way of somebody who answers nothing; the thanks after the last."""
    way = walk(survey, {})
    step = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    if step > len(way):
        return Sheet(Answers(), None, len(way), len(way))
    return Sheet(Answers(), way[step - 1], step, step - 1 + n_left(survey, way[step - 1]))


def _language(survey: Survey, fields: Fields) -> str:
    return negotiate(languages(survey), [first(fields, "lang")])


def _version(surveys: Surveys, key: str, text: str) -> Survey:
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise QuestionError(f"version: {text[:20]!r} is no number")
    return Survey.from_json(surveys.version(key, int(text)) if text else surveys.get(key).body)


@get("/surveys/{key:str}/form")
async def show_saved(request: Ask, key: str) -> Response[bytes]:
    """Show the form of a survey that is kept."""
    state = request.app.state
    fields = parse_qs(request.url.query, keep_blank_values=True)
    version = first(fields, "version")
    survey = await asyncio.to_thread(_version, state.settings.surveys, key, version)
    kept = {"lang": _language(survey, fields)} | ({"version": version} if version else {})
    form = Form(
        action=request.url.path,
        method="get",
        language=kept["lang"],
        hidden=kept,
        again=f"{request.url.path}?{urlencode(kept)}",
    )
    return show(survey, fields, form, state["values"].sdk_path)


@post("/surveys/form/preview", status_code=200)
async def show_unsaved(request: Ask) -> Response[bytes]:
    """Show the form of a survey as it stands in the builder: ``survey`` is its JSON."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    survey = Survey.from_json(first(fields, "survey"))
    hidden = {name: first(fields, name) for name in ("csrf", "survey")} | {"lang": _language(survey, fields)}
    form = Form(action=request.url.path, language=hidden["lang"], hidden=hidden)
    return show(survey, fields, form, request.app.state["values"].sdk_path)

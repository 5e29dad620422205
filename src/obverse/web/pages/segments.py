"""Saving the people behind an answer as a segment."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from litestar.response import Redirect

from obverse.errors import QuestionError
from obverse.measure import read_question
from obverse.web.pages.address import Address


def _pick_of(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, str])
    except msgspec.DecodeError as error:
        raise QuestionError(f"pick: {error}") from error


@post("/segments", status_code=303)
async def save(request: Request[Any, Any, Any]) -> Redirect:
    """Save the people behind a part of an answer, and go on to what can be asked of them."""
    form = await request.form()
    name, text, pick = (str(form.get(field) or "").strip() for field in ("name", "question", "pick"))
    state = request.app.state
    question = read_question(text)
    await state.desk.run(state.lake.save_segment, name, question, _pick_of(pick))
    return Redirect(str(Address("/explore", (("segment", name),))), status_code=303)

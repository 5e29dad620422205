"""Export: any question's answer as a file to keep, at an address of its own."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from litestar import Request, Response, get

from obverse.errors import NotFoundError, unknown
from obverse.measure import read_question
from obverse.measure.picture import Side
from obverse.measure.question import Question
from obverse.web.exporting import FORMATS, export
from obverse.web.pages.asked import Asked, answer
from obverse.web.pages.frame import Link

_LABELS = {"csv": "CSV", "parquet": "Parquet", "png": "PNG", "svg": "SVG", "json": "JSON"}
_TITLES = {
    "csv": "The table, for spreadsheets",
    "parquet": "The table, typed, for data tools",
    "png": "The pictures, for slides",
    "svg": "The pictures, for print and the web",
    "json": "The whole answer, for programs",
}


def downloads(question: Question, side: str) -> tuple[Link, ...]:
    """Link to an answer in each format.

    Args:
        question: any measure's.
        side: which side of the coin pictures show.
    """
    name = str(question.__struct_config__.tag)
    body = quote(question.to_json().decode(), safe="{}:,*@!()")
    shown = "" if side == "people" else f"&side={side}"
    return tuple(
        Link(format_, _LABELS[format_], f"/export/{name}.{format_}?q={body}{shown}", title=_TITLES[format_])
        for format_ in FORMATS
    )


def build(asked: Asked, file: str) -> Response[bytes]:
    """Answer a question with a file.

    Raises:
        NotFoundError: there is no such format.
        QuestionError: the question is wrong.
    """
    _, _, format_ = file.rpartition(".")
    if format_ not in FORMATS:
        raise NotFoundError(unknown("format", format_, FORMATS))
    question = read_question(asked.address.get("q"))
    name = str(question.__struct_config__.tag)
    body = export(asked.lake.ask(question), format_, cast("Side", asked.view.side))
    headers = {"content-disposition": f'attachment; filename="{name}.{format_}"'}
    return Response(body, media_type=FORMATS[format_], headers=headers)


@get("/export/{file:str}")
async def show(request: Request[Any, Any, Any], file: str) -> Response[bytes]:
    """Give an answer as a file."""
    return await answer(request, lambda asked: build(asked, file))

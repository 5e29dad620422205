"""Surveys in the JSON API: `obverse.web.api` mounts these routes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from obverse.errors import QuestionError, unknown
from obverse.settings.surveys import SavedSurvey, State
from obverse.surveys import keeping
from obverse.surveys.answers import EVER, as_table, submissions
from obverse.surveys.review import Finding
from obverse.surveys.survey import Survey
from obverse.web.exporting import FORMATS, as_csv, as_parquet
from obverse.web.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

    from obverse.engine.local import Lake
    from obverse.settings.store import Settings

Ask = Request[Any, Any, Any]
_WRONG = ResponseSpec(Problem, description="The survey is wrong, or cannot be published as it stands")
_GONE = ResponseSpec(Problem, description="There is no such survey")
_NOT_SO = ResponseSpec(Problem, description="Its state does not allow that")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A survey in the list; instants are in µs since 1970 UTC."""

    id: str
    name: str
    state: State
    version: int
    created_at: int
    changed_at: int


class ListedSurveys(msgspec.Struct, frozen=True):
    """All surveys, the newest first."""

    surveys: list[Listed]


class Version(msgspec.Struct, frozen=True):
    """One version of a survey, and when it was made."""

    version: int
    created_at: int
    survey: Survey


class Kept(Listed, frozen=True, kw_only=True):
    """A survey: what it says now, what its maker should look at, and its versions, the newest first."""

    survey: Survey
    findings: list[Finding]
    versions: list[Version]


class NewState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``live`` publishes a survey; ``paused`` and ``closed`` end asking, the latter answering as well."""

    state: Literal["live", "paused", "closed"]


def _listed(found: SavedSurvey) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Listed.__struct_fields__}


def _one(settings: Settings, key: str) -> Kept:
    found = settings.surveys.get(key)
    survey = keeping.read(found)
    versions = [
        Version(one.version, one.created_at, Survey.from_json(one.body))
        for one in settings.surveys.versions(key)
    ]
    findings = [*keeping.looked_over(settings, survey)]
    return Kept(**_listed(found), survey=survey, findings=findings, versions=versions)


def _create(settings: Settings, body: bytes) -> Kept:
    return _one(settings, keeping.create(settings, Survey.from_json(body)).id)


def _edit(settings: Settings, key: str, body: bytes) -> Kept:
    return _one(settings, keeping.edit(settings, key, Survey.from_json(body), datetime.now(UTC)).id)


def _set_state(settings: Settings, key: str, state: State) -> Kept:
    return _one(settings, keeping.set_state(settings, key, state, datetime.now(UTC)).id)


def answers_of(
    settings: Settings, lake: Lake, key: str, start: int = EVER[0], end: int = EVER[1]
) -> pa.Table:
    """Lay out who answered a survey in a period, as `obverse.surveys.answers` does.

    Raises:
        NotFoundError: there is no such survey.
    """
    survey = keeping.read(settings.surveys.get(key))
    lake.table.refresh()
    return as_table(survey, submissions(lake.table, key, start, end))


def written(table: pa.Table, format_: str) -> Response[bytes]:
    """Answer with a table as a file.

    Raises:
        QuestionError: there is no such format.
    """
    writers = {"csv": as_csv, "parquet": as_parquet, "json": _as_json}
    if format_ not in writers:
        raise QuestionError(f"format: {unknown('format', format_, writers)}")
    return Response(writers[format_](table), media_type=FORMATS[format_])


def _as_json(table: pa.Table) -> bytes:
    return msgspec.json.encode({"answers": table.to_pylist()})


@get("/surveys")
async def surveys(request: Ask) -> ListedSurveys:
    """List the surveys."""
    state = request.app.state
    found = await state.desk.run(state.settings.surveys.all)
    return ListedSurveys([Listed(**_listed(one)) for one in found])


@post("/surveys", responses={400: _WRONG})
async def create_survey(request: Ask, data: Survey) -> Kept:
    """Make a survey, as a draft: nobody is asked before its state is ``live``."""
    state = request.app.state
    made: Kept = await state.desk.run(_create, state.settings, data.to_json())
    return made


@get("/surveys/{key:str}", responses={404: _GONE})
async def survey(request: Ask, key: str) -> Kept:
    """Give a survey, what should be looked at, and its versions."""
    state = request.app.state
    found: Kept = await state.desk.run(_one, state.settings, key)
    return found


@put("/surveys/{key:str}", responses={400: _WRONG, 404: _GONE, 409: _NOT_SO})
async def edit_survey(request: Ask, key: str, data: Survey) -> Kept:
    """Keep another version of a survey; answers keep the version that they were given to."""
    state = request.app.state
    made: Kept = await state.desk.run(_edit, state.settings, key, data.to_json())
    return made


@patch("/surveys/{key:str}", responses={400: _WRONG, 404: _GONE, 409: _NOT_SO})
async def set_survey_state(request: Ask, key: str, data: NewState) -> Kept:
    """Publish, pause or close a survey."""
    state = request.app.state
    made: Kept = await state.desk.run(_set_state, state.settings, key, data.state)
    return made


@delete("/surveys/{key:str}", responses={404: _GONE, 409: _NOT_SO})
async def delete_survey(request: Ask, key: str) -> None:
    """Forget a draft; what was asked is closed instead, as its answers need its words."""
    state = request.app.state
    await state.desk.run(state.settings.surveys.delete, key)


@get("/surveys/{key:str}/answers", responses={400: _WRONG, 404: _GONE})
async def survey_answers(
    request: Ask,
    key: str,
    format_: Annotated[str, QueryParameter(name="format", description="csv, parquet or json.")] = "json",
) -> Response[bytes]:
    """Give all answers to a survey, a row a submission."""
    state = request.app.state
    table = await state.desk.run(answers_of, state.settings, state.lake, key)
    return written(table, format_)


handlers = [
    surveys,
    create_survey,
    survey,
    edit_survey,
    set_survey_state,
    delete_survey,
    survey_answers,
]
"""The handlers of surveys."""

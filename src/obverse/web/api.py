"""The JSON API: ask a question, learn what can be asked about, look at a person, at the server's health.

Every answer is the JSON of a struct; every error is a problem document. The description of all this for
programs is at ``/api/schema``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pyarrow as pa
from litestar import Request, Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter, QueryParameter
from litestar.response import Stream

from obverse.web import api_dashboards, api_segments, api_surveys
from obverse.web.exporting import FORMATS, check, export
from obverse.web.health import Health, look
from obverse.web.problem import Problem
from obverse.web.surveys import answering, inviting

if TYPE_CHECKING:
    from obverse.tape.tape import Tape

Ask = Request[Any, Any, Any]
Format = Annotated[str, QueryParameter(name="format", description="csv, parquet, png, svg or json.")]
Shown = Annotated[Any, Parameter(description="Which side of the coin pictures show: people or value.")]
Limit = Annotated[int, Parameter(ge=1, le=1000, description="At most so many rows.")]


class Name(msgspec.Struct, frozen=True):
    """An event's name and how many events have it."""

    name: str
    count: int


class Names(msgspec.Struct, frozen=True):
    """Names of events, the most frequent first."""

    names: list[Name]


class NamedField(msgspec.Struct, frozen=True):
    """A field that filters and splits may name."""

    name: str
    type: str
    examples: list[Any]


class Fields(msgspec.Struct, frozen=True):
    """The fields that filters and splits may name."""

    fields: list[NamedField]


class FoundPerson(msgspec.Struct, frozen=True):
    """A person: the key that `timeline` takes (63 bits, so as text), and the ids the person is known by."""

    key: str
    user_id: str | None
    anonymous_ids: list[str]


class People(msgspec.Struct, frozen=True):
    """People who match."""

    people: list[FoundPerson]


class Timeline(msgspec.Struct, frozen=True):
    """A person's events, newest first, with all columns of the lake.

    Attributes:
        events: one object an event.
        before: for the next page: the instant before which it begins, µs since 1970 UTC; None on the last.
    """

    events: list[dict[str, Any]]
    before: int | None


@post("/ask", status_code=200, responses={400: ResponseSpec(Problem, description="A wrong question")})
async def ask(request: Ask, format_: Format = "json", side: Shown = "people") -> Response[bytes]:
    """Ask a question.

    The body is the question as JSON; its `type` names the measure, the other fields are the measure's own:
    ``{"type": "funnel", "steps": [{"events": ["Product Viewed"]}, {"events": ["Order Completed"]}]}``.
    """
    from obverse.measure import read_question

    state = request.app.state
    question = read_question(await request.body())
    check(format_, side)
    body = await state.desk.run(lambda: export(state.lake.ask(question), format_, side))
    return Response(body, media_type=FORMATS[format_])


@get("/names")
async def names(request: Ask) -> Names:
    """List the names of events."""
    state = request.app.state
    found = await state.desk.run(state.lake.tape.names)
    return Names([Name(name, count) for name, count in found])


@get("/fields")
async def fields(request: Ask) -> Fields:
    """List the fields that a filter or a split may name."""
    state = request.app.state
    found = await state.desk.run(state.lake.tape.fields)
    return Fields([NamedField(one.name, one.type, list(one.examples)) for one in found])


@get("/people")
async def people(request: Ask, find: str, limit: Limit = 20) -> People:
    """Find people by the beginning of an id, or by an e-mail address."""
    state = request.app.state
    found = await state.desk.run(state.lake.tape.find, find, limit)
    return People([FoundPerson(str(one.key), one.user_id, list(one.anonymous_ids)) for one in found])


@get("/people/{key:int}/timeline")
async def timeline(request: Ask, key: int, limit: Limit = 100, before: int | None = None) -> Timeline:
    """List a person's events, newest first."""
    state = request.app.state
    found: Timeline = await state.desk.run(_timeline, state.lake.tape, key, limit, before)
    return found


def _timeline(tape: Tape, key: int, limit: int, before: int | None) -> Timeline:
    events = tape.timeline(key, limit=limit, before=before)
    rows = events.drop_columns(["stream"]).to_pylist()
    for row in rows:
        for field in ("properties", "context"):
            row[field] = msgspec.json.decode(row[field])
    more = len(rows) >= limit
    return Timeline(rows, events["time"].cast(pa.int64())[-1].as_py() if more else None)


@get("/health")
async def health(request: Ask) -> Health:
    """Tell what was accepted and refused and why, how far the lake is behind, and how large things are."""
    found: Health = await request.app.state.desk.run(look, request.app.state)
    return found


@get("/live", media_type="text/event-stream", include_in_schema=False)
async def live(request: Ask) -> Stream:
    """Watch events arrive, as server-sent events."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(request.app.state.live.watch(), media_type="text/event-stream", headers=headers)


routes = Router(
    path="/api",
    route_handlers=[
        *(ask, names, fields, people, timeline, health, live),
        *api_segments.handlers,
        *api_dashboards.handlers,
        inviting.invite,
        answering.submit,
        *api_surveys.handlers,
    ],
)
"""The handlers of the API."""
